//! Ends holds whose time is up.
//!
//! ```text
//! SessionHeld        -> timer at hold_expires_at
//! timer              -> ExpireSessionHold
//! paid, given up or run out -> done
//! ```
//!
//! A hold that was paid while the timer fired is left as it is by the aggregate.

use contracts::scheduling::v1::ExpireSessionHoldRequest;
use eventsourcing::{Delivered, Effect, Input, Process};
use serde::{Deserialize, Serialize};
use values::SessionId;

use crate::domain::SchedulingLogEvent;
use crate::domain::session::SessionEvent;

const TIMER: &str = "hold";

/// One instance for each session that is held.
pub struct SessionHold;

/// The session whose hold runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holding {
    session_id: SessionId,
}

impl Process for SessionHold {
    const NAME: &'static str = "session_hold";
    type Event = SchedulingLogEvent;
    type State = Holding;

    fn key(&self, event: &Delivered<SchedulingLogEvent>) -> Option<String> {
        match &event.event {
            SchedulingLogEvent::Session(session) => match **session {
                SessionEvent::SessionHeld { .. }
                | SessionEvent::SessionPaid { .. }
                | SessionEvent::SessionCanceled { .. }
                | SessionEvent::SessionHoldExpired { .. } => Some(event.aggregate_id.clone()),
                SessionEvent::SessionReinstated { .. }
                | SessionEvent::SessionCompleted { .. }
                | SessionEvent::SessionPaymentRejected { .. } => None,
            },
            SchedulingLogEvent::Location(_)
            | SchedulingLogEvent::TrainerCalendar(_)
            | SchedulingLogEvent::Schedule(_) => None,
        }
    }

    fn react(&self, state: &mut Holding, input: Input<'_, SchedulingLogEvent>) -> Vec<Effect> {
        let event = match input {
            Input::Timer { .. } => return vec![expire(state.session_id)],
            Input::Event(delivered) => &delivered.event,
        };
        let SchedulingLogEvent::Session(event) = event else {
            return vec![];
        };
        match **event {
            SessionEvent::SessionHeld {
                session_id,
                hold_expires_at,
                ..
            } => {
                state.session_id = session_id;
                vec![Effect::SetTimer {
                    name: TIMER,
                    due: hold_expires_at,
                }]
            }
            SessionEvent::SessionPaid { .. }
            | SessionEvent::SessionCanceled { .. }
            | SessionEvent::SessionHoldExpired { .. } => vec![Effect::Done],
            SessionEvent::SessionReinstated { .. }
            | SessionEvent::SessionCompleted { .. }
            | SessionEvent::SessionPaymentRejected { .. } => vec![],
        }
    }
}

fn expire(session_id: SessionId) -> Effect {
    Effect::send(move |request_id| ExpireSessionHoldRequest {
        request_id,
        session_id: session_id.to_string(),
    })
}

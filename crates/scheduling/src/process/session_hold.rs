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

use crate::domain::SchedulingLogEvent;
use crate::domain::session::SessionEvent;

const SERVICE: &str = "scheduling";
const EXPIRE: &str = "/divinetime.scheduling.v1.SessionService/ExpireSessionHold";
const TIMER: &str = "hold";

/// One instance per session that is held.
pub struct SessionHold;

/// What is remembered of a hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holding {
    session_id: String,
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
        match input {
            Input::Timer { .. } => vec![expire(state.session_id.clone())],
            Input::Event(delivered) => match &delivered.event {
                SchedulingLogEvent::Session(event) => match &**event {
                    SessionEvent::SessionHeld {
                        hold_expires_at, ..
                    } => {
                        state.session_id.clone_from(&delivered.aggregate_id);
                        vec![Effect::SetTimer {
                            name: TIMER,
                            due: *hold_expires_at,
                        }]
                    }
                    _ => vec![Effect::Done],
                },
                _ => vec![],
            },
        }
    }
}

fn expire(session_id: String) -> Effect {
    Effect::send(SERVICE, EXPIRE, |request_id| ExpireSessionHoldRequest {
        request_id,
        session_id,
    })
}

//! Ends holds whose time is up.
//!
//! ```text
//! SessionHeld        -> timer at hold_expires_at
//! timer              -> ExpireSessionHold
//! paid, given up or run out -> done
//! ```
//!
//! A hold that was paid while the timer fired is left as it is by the aggregate.

use chrono::{DateTime, Utc};
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
        turn(&event.event).map(|_| event.aggregate_id.clone())
    }

    fn react(&self, state: &mut Holding, input: Input<'_, SchedulingLogEvent>) -> Vec<Effect> {
        let event = match input {
            Input::Timer { .. } => return vec![expire(state.session_id)],
            Input::Event(delivered) => &delivered.event,
        };
        match turn(event) {
            Some(Turn::Held { session_id, until }) => {
                state.session_id = session_id;
                vec![Effect::SetTimer {
                    name: TIMER,
                    due: until,
                }]
            }
            Some(Turn::Over) => vec![Effect::Done],
            None => vec![],
        }
    }
}

/// What an event does to a hold.
enum Turn {
    Held {
        session_id: SessionId,
        until: DateTime<Utc>,
    },
    Over,
}

/// `None` when the event is not about a hold.
fn turn(event: &SchedulingLogEvent) -> Option<Turn> {
    match event {
        SchedulingLogEvent::Session(session) => match **session {
            SessionEvent::SessionHeld {
                session_id,
                hold_expires_at: until,
                ..
            } => Some(Turn::Held { session_id, until }),
            SessionEvent::SessionPaid { .. }
            | SessionEvent::SessionCanceled { .. }
            | SessionEvent::SessionHoldExpired { .. } => Some(Turn::Over),
            SessionEvent::SessionReinstated { .. }
            | SessionEvent::SessionCompleted { .. }
            | SessionEvent::SessionPaymentRejected { .. } => None,
        },
        SchedulingLogEvent::Location(_)
        | SchedulingLogEvent::TrainerCalendar(_)
        | SchedulingLogEvent::Schedule(_) => None,
    }
}

fn expire(session_id: SessionId) -> Effect {
    Effect::send(move |request_id| ExpireSessionHoldRequest {
        request_id,
        session_id: session_id.to_string(),
    })
}

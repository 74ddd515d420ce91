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

#[cfg(test)]
mod tests {
    use chrono::{NaiveDate, NaiveTime};
    use testing::{Run, delivered};
    use uuid::Uuid;
    use values::{Interval, LocalTimes, Money};

    use super::*;
    use crate::domain::session::{CanceledBy, CancellationPolicy, Place};

    const SESSION: Uuid = Uuid::from_u128(1);
    const EXPIRE: &str = "send /divinetime.scheduling.v1.SessionService/ExpireSessionHold";

    fn session_id() -> SessionId {
        SESSION.into()
    }

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(minute * 60, 0).unwrap()
    }

    fn place() -> Place {
        Place {
            schedule_id: Uuid::from_u128(2).into(),
            slot_id: Uuid::from_u128(3).into(),
            trainer_id: Uuid::from_u128(4).into(),
            location_id: Uuid::from_u128(5).into(),
            child_ids: vec![Uuid::from_u128(6).into()],
            time: Interval::new(at(5_000), at(5_060)).unwrap(),
        }
    }

    fn held() -> SessionEvent {
        SessionEvent::SessionHeld {
            session_id: session_id(),
            place: place(),
            local: LocalTimes {
                time_zone: "UTC".to_owned(),
                date: NaiveDate::default(),
                start: NaiveTime::MIN,
                end: NaiveTime::MIN,
            },
            parent_id: Uuid::from_u128(7).into(),
            price: Money::new("EUR", 1).unwrap(),
            policy: CancellationPolicy { notice_hours: 24 },
            hold_expires_at: at(15),
            held_at: at(0),
        }
    }

    fn expired() -> SessionEvent {
        SessionEvent::SessionHoldExpired {
            session_id: session_id(),
            slot: place().slot(),
            expired_at: at(15),
        }
    }

    fn paid() -> SessionEvent {
        SessionEvent::SessionPaid {
            session_id: session_id(),
            slot: place().slot(),
            payment_id: None,
            paid_at: at(1),
        }
    }

    fn canceled() -> SessionEvent {
        SessionEvent::SessionCanceled {
            session_id: session_id(),
            slot: place().slot(),
            freed: true,
            canceled_by: CanceledBy::Admin,
            late: false,
            refund_payment_id: None,
            canceled_at: at(1),
        }
    }

    /// An event of the session.
    fn session(event: SessionEvent) -> Delivered<SchedulingLogEvent> {
        Delivered {
            aggregate_id: SESSION.to_string(),
            ..delivered(SchedulingLogEvent::Session(Box::new(event)))
        }
    }

    /// What the process wants done after these events, the last of which counts.
    fn after(events: Vec<SessionEvent>) -> Vec<String> {
        let mut run = Run::of(SessionHold);
        let mut effects = vec![];
        for event in events {
            let event = session(event);
            assert_eq!(SessionHold.key(&event), Some(SESSION.to_string()));
            effects = run.delivered(&event);
        }
        effects
    }

    #[test]
    fn a_hold_sets_a_timer_for_the_moment_at_which_it_runs_out() {
        assert_eq!(after(vec![held()]), ["timer hold at 900"]);
    }

    #[test]
    fn a_hold_that_was_delivered_twice_has_one_timer() {
        assert_eq!(after(vec![held()]), after(vec![held(), held()]));
    }

    #[test]
    fn paid_canceled_and_expired_sessions_need_no_timer_in_any_order() {
        for end in [paid(), canceled(), expired()] {
            for events in [
                vec![held(), end.clone()],
                vec![end.clone()],
                vec![end.clone(), end],
            ] {
                assert_eq!(after(events), ["done"]);
            }
        }
    }

    #[test]
    fn the_timer_asks_the_session_to_expire_however_often_it_fires() {
        let mut run = Run::of(SessionHold);
        run.delivered(&session(held()));
        for _ in 0..2 {
            assert_eq!(run.timer("hold", at(15))[..1], [EXPIRE]);
            let request: ExpireSessionHoldRequest = run.sent();
            assert_eq!(request.session_id, SESSION.to_string());
            assert_eq!(request.request_id, "request");
        }
    }

    #[test]
    fn what_is_not_about_a_hold_is_not_for_the_process() {
        let rejected = SessionEvent::SessionPaymentRejected {
            session_id: session_id(),
            payment_id: Uuid::from_u128(10).into(),
            rejected_at: at(1),
        };
        assert_eq!(SessionHold.key(&session(rejected)), None);
    }
}

//! A hold that is not paid for in time is let go.
//!
//! ```text
//! TicketsHeld (something to pay) --> waiting --timer--> ExpireTicketHold
//!                                       |
//!        TicketsConfirmed, TicketHoldExpired --> done
//! ```

use contracts::ticketing::v1::ExpireTicketHoldRequest;
use eventsourcing::{Delivered, Effect, Input, Process};
use serde::{Deserialize, Serialize};

use crate::domain::{EventId, HoldId, TicketingLogEvent, event::EventEvent};

const EXPIRY: &str = "expiry";

/// Lets go of holds whose time is over.
pub struct TicketHold;

/// The hold that is waited for.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Waiting {
    hold: Option<(EventId, HoldId)>,
}

impl Process for TicketHold {
    const NAME: &'static str = "ticket_hold";
    type Event = TicketingLogEvent;
    type State = Waiting;

    fn key(&self, delivered: &Delivered<TicketingLogEvent>) -> Option<String> {
        let TicketingLogEvent::Event(event) = &delivered.event;
        match event {
            EventEvent::TicketsHeld { total, .. } if total.is_zero() => None,
            EventEvent::TicketsConfirmed {
                payment_id: None, ..
            }
            | EventEvent::EventCreated(_)
            | EventEvent::EventPublished { .. }
            | EventEvent::TicketPaymentRejected { .. } => None,
            EventEvent::TicketsHeld { hold_id, .. }
            | EventEvent::TicketsConfirmed { hold_id, .. }
            | EventEvent::TicketHoldExpired { hold_id, .. } => Some(hold_id.to_string()),
        }
    }

    fn react(&self, state: &mut Waiting, input: Input<'_, TicketingLogEvent>) -> Vec<Effect> {
        match input {
            Input::Event(delivered) => {
                let TicketingLogEvent::Event(event) = &delivered.event;
                match event {
                    EventEvent::TicketsHeld {
                        event_id,
                        hold_id,
                        hold_expires_at,
                        ..
                    } => {
                        state.hold = Some((*event_id, *hold_id));
                        vec![Effect::SetTimer {
                            name: EXPIRY,
                            due: *hold_expires_at,
                        }]
                    }
                    _ => vec![Effect::Done],
                }
            }
            Input::Timer { .. } => state.hold.map_or_else(Vec::new, |(event_id, hold_id)| {
                vec![Effect::send(
                    "ticketing",
                    "/divinetime.ticketing.v1.TicketService/ExpireTicketHold",
                    move |request_id| ExpireTicketHoldRequest {
                        request_id,
                        hold_id: hold_id.to_string(),
                        event_id: event_id.to_string(),
                    },
                )]
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};
    use prost::Message;
    use uuid::Uuid;

    use super::*;
    use crate::domain::{Money, PaymentId};

    fn hold_id() -> HoldId {
        Uuid::from_u128(1).into()
    }

    fn due() -> DateTime<Utc> {
        "2027-06-01T12:15:00Z".parse().unwrap()
    }

    fn delivered(event: EventEvent) -> Delivered<TicketingLogEvent> {
        Delivered {
            source: "ticketing",
            position: 3,
            event_id: Uuid::from_u128(9),
            recorded_at: due() - TimeDelta::minutes(15),
            actor: "system".to_owned(),
            aggregate_id: Uuid::from_u128(100).to_string(),
            sequence: 3,
            correlation_id: Uuid::from_u128(8),
            trace_context: None,
            event: TicketingLogEvent::Event(event),
        }
    }

    fn held(minor_units: i64) -> Delivered<TicketingLogEvent> {
        delivered(EventEvent::TicketsHeld {
            hold_id: hold_id(),
            event_id: Uuid::from_u128(100).into(),
            parent_id: Uuid::from_u128(4).into(),
            tickets: vec![],
            total: Money {
                minor_units,
                currency_code: "USD".to_owned(),
            },
            hold_expires_at: due(),
            held_at: due() - TimeDelta::minutes(15),
        })
    }

    fn confirmed(payment_id: Option<PaymentId>) -> Delivered<TicketingLogEvent> {
        delivered(EventEvent::TicketsConfirmed {
            hold_id: hold_id(),
            event_id: Uuid::from_u128(100).into(),
            tickets: vec![],
            payment_id,
            reinstated: false,
            confirmed_at: due(),
        })
    }

    fn timer() -> Input<'static, TicketingLogEvent> {
        Input::Timer {
            name: EXPIRY,
            due: due(),
        }
    }

    #[test]
    fn a_hold_waits_for_its_time_and_is_then_let_go() {
        let mut state = Waiting::default();
        let effects = TicketHold.react(&mut state, Input::Event(&held(4_999)));
        assert!(
            matches!(effects.as_slice(), [Effect::SetTimer { name: EXPIRY, due: at }] if *at == due())
        );

        let mut effects = TicketHold.react(&mut state, timer());
        let Some(Effect::Send {
            service,
            method,
            build,
        }) = effects.pop()
        else {
            panic!("a command is sent");
        };
        assert_eq!(service, "ticketing");
        assert_eq!(
            method,
            "/divinetime.ticketing.v1.TicketService/ExpireTicketHold"
        );
        let request = ExpireTicketHoldRequest::decode(build("r".to_owned()).as_slice()).unwrap();
        assert_eq!(request.request_id, "r");
        assert_eq!(request.hold_id, hold_id().to_string());
        assert_eq!(request.event_id, Uuid::from_u128(100).to_string());
    }

    #[test]
    fn a_hold_delivered_twice_has_one_timer() {
        let mut state = Waiting::default();
        for _ in 0..2 {
            let effects = TicketHold.react(&mut state, Input::Event(&held(4_999)));
            assert!(matches!(
                effects.as_slice(),
                [Effect::SetTimer { name: EXPIRY, .. }]
            ));
        }
    }

    #[test]
    fn a_paid_hold_is_done_with() {
        let paid = confirmed(Some(Uuid::from_u128(7).into()));
        assert_eq!(TicketHold.key(&paid), Some(hold_id().to_string()));
        let mut state = Waiting::default();
        TicketHold.react(&mut state, Input::Event(&held(4_999)));
        let effects = TicketHold.react(&mut state, Input::Event(&paid));
        assert!(matches!(effects.as_slice(), [Effect::Done]));
    }

    #[test]
    fn free_tickets_never_start_it() {
        assert_eq!(TicketHold.key(&held(0)), None);
        assert_eq!(TicketHold.key(&confirmed(None)), None);
    }

    #[test]
    fn a_timer_without_a_hold_sends_nothing() {
        assert!(
            TicketHold
                .react(&mut Waiting::default(), timer())
                .is_empty()
        );
    }
}

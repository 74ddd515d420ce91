//! Lets go of holds that are not paid for in time.
//!
//! ```text
//! TicketsHeld (something to pay) --> waiting --timer--> ExpireTicketHold
//!                                       |
//!        TicketsConfirmed, TicketHoldExpired --> done
//! ```

use contracts::ticketing::v1::ExpireTicketHoldRequest;
use eventsourcing::{Delivered, Effect, Input, Process};
use serde::{Deserialize, Serialize};
use values::{EventId, HoldId};

use crate::domain::TicketingLogEvent;
use crate::domain::camp::CampEvent;

const EXPIRY: &str = "expiry";

/// One instance per hold with something to pay.
pub struct TicketHold;

/// What is remembered of a hold.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Waiting {
    hold: Option<(EventId, HoldId)>,
}

impl Process for TicketHold {
    const NAME: &'static str = "ticket_hold";
    type Event = TicketingLogEvent;
    type State = Waiting;

    fn key(&self, event: &Delivered<TicketingLogEvent>) -> Option<String> {
        let TicketingLogEvent::Camp(event) = &event.event;
        match event {
            CampEvent::TicketsHeld { total, .. } if total.is_zero() => None,
            CampEvent::TicketsConfirmed {
                payment_id: None, ..
            }
            | CampEvent::EventCreated(_)
            | CampEvent::EventPublished { .. }
            | CampEvent::TicketPaymentRejected { .. } => None,
            CampEvent::TicketsHeld { hold_id, .. }
            | CampEvent::TicketsConfirmed { hold_id, .. }
            | CampEvent::TicketHoldExpired { hold_id, .. } => Some(hold_id.to_string()),
        }
    }

    fn react(&self, state: &mut Waiting, input: Input<'_, TicketingLogEvent>) -> Vec<Effect> {
        match input {
            Input::Event(delivered) => {
                let TicketingLogEvent::Camp(event) = &delivered.event;
                match event {
                    CampEvent::TicketsHeld {
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
                    CampEvent::TicketsConfirmed { .. } | CampEvent::TicketHoldExpired { .. } => {
                        vec![Effect::Done]
                    }
                    CampEvent::EventCreated(_)
                    | CampEvent::EventPublished { .. }
                    | CampEvent::TicketPaymentRejected { .. } => vec![],
                }
            }
            Input::Timer { .. } => state.hold.map_or_else(Vec::new, |(event_id, hold_id)| {
                vec![Effect::send(move |request_id| ExpireTicketHoldRequest {
                    request_id,
                    hold_id: hold_id.to_string(),
                    event_id: event_id.to_string(),
                })]
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};
    use testing::{NOTHING, Run, delivered};
    use uuid::Uuid;
    use values::{Money, PaymentId};

    use super::*;

    const EXPIRE: &str = "send /divinetime.ticketing.v1.TicketService/ExpireTicketHold";
    const WAIT: &str = "timer expiry at 1811852100";

    fn hold_id() -> HoldId {
        Uuid::from_u128(1).into()
    }

    fn due() -> DateTime<Utc> {
        "2027-06-01T12:15:00Z".parse().unwrap()
    }

    fn held(minor_units: i64) -> TicketingLogEvent {
        TicketingLogEvent::Camp(CampEvent::TicketsHeld {
            hold_id: hold_id(),
            event_id: Uuid::from_u128(100).into(),
            parent_id: Uuid::from_u128(4).into(),
            tickets: vec![],
            total: Money::new("USD", minor_units).unwrap(),
            hold_expires_at: due(),
            held_at: due() - TimeDelta::minutes(15),
        })
    }

    fn confirmed(payment_id: Option<PaymentId>) -> TicketingLogEvent {
        TicketingLogEvent::Camp(CampEvent::TicketsConfirmed {
            hold_id: hold_id(),
            event_id: Uuid::from_u128(100).into(),
            tickets: vec![],
            payment_id,
            reinstated: false,
            confirmed_at: due(),
        })
    }

    fn key(event: TicketingLogEvent) -> Option<String> {
        TicketHold.key(&delivered(event))
    }

    #[test]
    fn a_hold_waits_for_its_time_and_is_then_let_go() {
        let mut run = Run::of(TicketHold);
        assert_eq!(run.event(held(4_999)), [WAIT]);

        assert_eq!(run.timer(EXPIRY, due()), [EXPIRE]);
        let request: ExpireTicketHoldRequest = run.sent();
        assert_eq!(request.request_id, "request");
        assert_eq!(request.hold_id, hold_id().to_string());
        assert_eq!(request.event_id, Uuid::from_u128(100).to_string());
    }

    #[test]
    fn a_hold_delivered_twice_has_one_timer() {
        let mut run = Run::of(TicketHold);
        for _ in 0..2 {
            assert_eq!(run.event(held(4_999)), [WAIT]);
        }
    }

    #[test]
    fn a_paid_hold_is_done_with() {
        let paid = confirmed(Some(Uuid::from_u128(7).into()));
        assert_eq!(key(paid.clone()), Some(hold_id().to_string()));
        let mut run = Run::of(TicketHold);
        run.event(held(4_999));
        assert_eq!(run.event(paid), ["done"]);
    }

    #[test]
    fn free_tickets_never_start_it() {
        assert_eq!(key(held(0)), None);
        assert_eq!(key(confirmed(None)), None);
    }

    #[test]
    fn a_timer_without_a_hold_sends_nothing() {
        assert_eq!(Run::of(TicketHold).timer(EXPIRY, due()), NOTHING);
    }
}

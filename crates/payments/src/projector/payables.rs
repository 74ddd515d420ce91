//! What can be paid, by whom, how much and until when: reference data folded from the public
//! events of scheduling and ticketing.

use chrono::{DateTime, Utc};
use contracts::scheduling::events::v1::scheduling_event::Event as Scheduling;
use contracts::ticketing::events::v1::HeldTicket;
use contracts::ticketing::events::v1::ticketing_event::Event as Ticketing;
use eventsourcing::{DecodeError, Delivered, FoldError, Keys, Projection, Received};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use values::{EventId, Money, TicketId, TierId, TrainerId, UserId};

use crate::domain::{Payable, PayableKind, PayableState, Purchase};

/// A session or a hold of tickets, as the service that owns it publishes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayableRow {
    pub kind: PayableKind,
    pub payable_id: Uuid,
    pub user_id: UserId,
    pub trainer_id: Option<TrainerId>,
    pub event_id: Option<EventId>,
    pub event_ticket_id: Option<TierId>,
    pub ticket_id: Option<TicketId>,
    pub amount: i64,
    pub currency: String,
    pub expires_at: DateTime<Utc>,
    pub state: PayableState,
}

impl PayableRow {
    /// What is bought: a session of a trainer, or tickets of an event.
    pub fn purchase(&self) -> Option<Purchase> {
        match self.kind {
            PayableKind::Session => Some(Purchase::Session {
                trainer_id: self.trainer_id?,
            }),
            PayableKind::TicketHold => Some(Purchase::Tickets {
                event_id: self.event_id?,
                tier_id: self.event_ticket_id,
                ticket_id: self.ticket_id,
            }),
        }
    }
}

eventsourcing::rows! {
    PayableRow in "payables" by (kind: PayableKind, payable_id: Uuid),
}

eventsourcing::tables! {
    pub struct PayablesTables {
        payables: PayableRow,
    }
}

/// What scheduling and ticketing publish of payables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PayableEvent {
    /// A payable is held and waits for its payment.
    Held(Held),
    /// A payable has come to this state.
    Moved {
        payable: Payable,
        state: PayableState,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    pub payable: Payable,
    pub user_id: UserId,
    pub purchase: Purchase,
    pub amount: Money,
    pub expires_at: DateTime<Utc>,
}

impl PayableEvent {
    /// Reads an event of scheduling; `None` when it changes no payable.
    pub fn of_scheduling(
        received: Received<'_>,
        event: Scheduling,
    ) -> Result<Option<Self>, DecodeError> {
        let payable = |id: &str| {
            let session_id = received.id("session_id", id)?;
            Ok(Payable::Session(session_id))
        };
        let moved = |id: &str, state| {
            let payable = payable(id)?;
            Ok(Some(Self::Moved { payable, state }))
        };
        match event {
            Scheduling::SessionHeld(held) => Ok(Some(Self::Held(Held {
                payable: payable(&held.session_id)?,
                user_id: received.id("parent_id", &held.parent_id)?,
                purchase: Purchase::Session {
                    trainer_id: received.id("trainer_id", &held.trainer_id)?,
                },
                amount: received.money("price", held.price.as_ref())?,
                expires_at: received.instant("hold_expires_at", held.hold_expires_at.as_ref())?,
            }))),
            Scheduling::SessionPaid(paid) => moved(&paid.session_id, PayableState::Paid),
            Scheduling::SessionHoldExpired(expired) => {
                moved(&expired.session_id, PayableState::Expired)
            }
            Scheduling::SessionCanceled(canceled) => {
                moved(&canceled.session_id, PayableState::Canceled)
            }
            Scheduling::LocationCreated(_)
            | Scheduling::TrainerLocationAssigned(_)
            | Scheduling::ScheduleOpened(_)
            | Scheduling::SessionCompleted(_)
            | Scheduling::SessionPaymentRejected(_) => Ok(None),
        }
    }

    /// Reads an event of ticketing; `None` when it changes no payable.
    pub fn of_ticketing(
        received: Received<'_>,
        event: Ticketing,
    ) -> Result<Option<Self>, DecodeError> {
        let payable = |id: &str| {
            let hold_id = received.id("hold_id", id)?;
            Ok(Payable::TicketHold(hold_id))
        };
        let moved = |id: &str, state| {
            let payable = payable(id)?;
            Ok(Some(Self::Moved { payable, state }))
        };
        match event {
            Ticketing::TicketsHeld(held) => Ok(Some(Self::Held(Held {
                payable: payable(&held.hold_id)?,
                user_id: received.id("parent_id", &held.parent_id)?,
                purchase: Purchase::Tickets {
                    event_id: received.id("event_id", &held.event_id)?,
                    tier_id: the_only_tier(received, &held.tickets)?,
                    ticket_id: the_only_ticket(received, &held.tickets)?,
                },
                amount: received.money("total", held.total.as_ref())?,
                expires_at: received.instant("hold_expires_at", held.hold_expires_at.as_ref())?,
            }))),
            Ticketing::TicketsConfirmed(confirmed) => moved(&confirmed.hold_id, PayableState::Paid),
            Ticketing::TicketHoldExpired(expired) => moved(&expired.hold_id, PayableState::Expired),
            Ticketing::EventCreated(_)
            | Ticketing::EventPublished(_)
            | Ticketing::TicketPaymentRejected(_) => Ok(None),
        }
    }

    fn payable(&self) -> Payable {
        match self {
            Self::Held(held) => held.payable,
            Self::Moved { payable, .. } => *payable,
        }
    }
}

fn the_only_tier(
    received: Received<'_>,
    tickets: &[HeldTicket],
) -> Result<Option<TierId>, DecodeError> {
    let Some((first, rest)) = tickets.split_first() else {
        return Ok(None);
    };
    let same = rest.iter().all(|ticket| ticket.tier_id == first.tier_id);
    same.then(|| received.id("tier_id", &first.tier_id))
        .transpose()
}

fn the_only_ticket(
    received: Received<'_>,
    tickets: &[HeldTicket],
) -> Result<Option<TicketId>, DecodeError> {
    let [ticket] = tickets else {
        return Ok(None);
    };
    received.id("ticket_id", &ticket.ticket_id).map(Some)
}

/// Folds what can be paid.
pub struct Payables;

impl Projection for Payables {
    const NAME: &'static str = "payables";
    const FOLD_VERSION: i32 = 1;
    type Event = PayableEvent;
    type Tables = PayablesTables;

    fn keys(&self, event: &Delivered<PayableEvent>) -> Keys {
        Keys::one(&event.event.payable())
    }

    fn fold(
        &self,
        event: &Delivered<PayableEvent>,
        tables: &mut PayablesTables,
    ) -> Result<(), FoldError> {
        match &event.event {
            PayableEvent::Held(held) => tables.payables.insert(row(held)),
            PayableEvent::Moved { payable, state } => {
                let row = tables.payables.get_mut(&(payable.kind(), payable.id()));
                row.ok_or_else(|| FoldError::missing("payable", payable))?
                    .state = *state;
            }
        }
        Ok(())
    }
}

fn row(held: &Held) -> PayableRow {
    let (trainer_id, event_id, tier_id, ticket_id) = match held.purchase {
        Purchase::Session { trainer_id } => (Some(trainer_id), None, None, None),
        Purchase::Tickets {
            event_id,
            tier_id,
            ticket_id,
        } => (None, Some(event_id), tier_id, ticket_id),
    };
    PayableRow {
        kind: held.payable.kind(),
        payable_id: held.payable.id(),
        user_id: held.user_id,
        trainer_id,
        event_id,
        event_ticket_id: tier_id,
        ticket_id,
        amount: held.amount.minor_units(),
        currency: held.amount.currency_code().to_owned(),
        expires_at: held.expires_at,
        state: PayableState::Held,
    }
}

#[cfg(test)]
mod tests {
    use contracts::common::v1::Money as MoneyMessage;
    use contracts::log::v1::Envelope;
    use contracts::ticketing::events::v1::{TicketingEvent, TicketsHeld};
    use prost::Message as _;
    use prost_types::Timestamp;

    use super::*;

    fn envelope(tickets: Vec<HeldTicket>, total: Option<MoneyMessage>) -> Envelope {
        let held = TicketsHeld {
            hold_id: Uuid::from_u128(1).to_string(),
            event_id: Uuid::from_u128(2).to_string(),
            parent_id: Uuid::from_u128(3).to_string(),
            tickets,
            total,
            hold_expires_at: Some(Timestamp {
                seconds: 900,
                nanos: 0,
            }),
            held_at: Some(Timestamp {
                seconds: 0,
                nanos: 0,
            }),
        };
        let event = TicketingEvent {
            event: Some(Ticketing::TicketsHeld(held)),
        };
        Envelope {
            position: 7,
            payload: event.encode_to_vec(),
            ..Envelope::default()
        }
    }

    fn ticket(ticket: u128, tier: u128) -> HeldTicket {
        HeldTicket {
            ticket_id: Uuid::from_u128(ticket).to_string(),
            tier_id: Uuid::from_u128(tier).to_string(),
            ..HeldTicket::default()
        }
    }

    fn usd(minor_units: i64) -> MoneyMessage {
        MoneyMessage {
            currency_code: "USD".to_owned(),
            minor_units,
        }
    }

    fn read(envelope: &Envelope) -> Result<Option<PayableEvent>, DecodeError> {
        Received::read(envelope, PayableEvent::of_ticketing)
    }

    fn purchase(tickets: Vec<HeldTicket>) -> Purchase {
        match read(&envelope(tickets, Some(usd(100)))).unwrap().unwrap() {
            PayableEvent::Held(held) => held.purchase,
            PayableEvent::Moved { .. } => panic!("tickets are held"),
        }
    }

    #[test]
    fn tier_and_ticket_are_named_where_there_is_one() {
        let event_id = Uuid::from_u128(2).into();
        let (tier, first) = (
            Some(Uuid::from_u128(20).into()),
            Some(Uuid::from_u128(10).into()),
        );
        assert_eq!(
            purchase(vec![ticket(10, 20)]),
            Purchase::Tickets {
                event_id,
                tier_id: tier,
                ticket_id: first
            }
        );
        assert_eq!(
            purchase(vec![ticket(10, 20), ticket(11, 20)]),
            Purchase::Tickets {
                event_id,
                tier_id: tier,
                ticket_id: None
            }
        );
        assert_eq!(
            purchase(vec![ticket(10, 20), ticket(11, 21)]),
            Purchase::Tickets {
                event_id,
                tier_id: None,
                ticket_id: None
            }
        );
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let missing = read(&envelope(vec![ticket(10, 20)], None)).unwrap_err();
        assert_eq!(
            (missing.position, missing.reason.as_str()),
            (7, "total: is missing")
        );
        let negative = read(&envelope(vec![ticket(10, 20)], Some(usd(-1)))).unwrap_err();
        assert!(
            negative.reason.starts_with("total: "),
            "{}",
            negative.reason
        );
    }
}

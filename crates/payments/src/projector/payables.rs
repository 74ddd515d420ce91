//! What can be paid, by whom, how much and until when: reference data folded from the public
//! events of scheduling and ticketing.

use chrono::{DateTime, Utc};
use contracts::{
    log::v1::Envelope,
    scheduling::events::v1::{SchedulingEvent, scheduling_event::Event as Scheduling},
    ticketing::events::v1::{HeldTicket, TicketingEvent, ticketing_event::Event as Ticketing},
};
use eventsourcing::{AnyTable, DecodeError, Delivered, FoldError, Projection, Table, TableSet};
use uuid::Uuid;

use super::PayableRow;
use crate::{
    domain::{Money, Payable, PayableKind, PayableState, Purchase},
    feeds::{Remote, decode},
};

/// Folds the table `payables`.
pub struct Payables;

/// What another service said about a payable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PayableEvent {
    /// It is held and waits for its payment.
    Held(Held),
    /// It has come to this state.
    Moved {
        payable: Payable,
        state: PayableState,
    },
}

/// A payable that waits for its payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    pub payable: Payable,
    pub user_id: Uuid,
    pub purchase: Purchase,
    pub amount: Money,
    pub expires_at: DateTime<Utc>,
}

/// The table that [`Payables`] folds.
#[derive(Default)]
pub struct Tables {
    payables: Table<PayableRow>,
}

impl TableSet for Tables {
    fn tables(&mut self) -> Vec<&mut dyn AnyTable> {
        vec![&mut self.payables]
    }
}

impl Projection for Payables {
    const NAME: &'static str = "payables";
    const FOLD_VERSION: i32 = 1;
    type Event = PayableEvent;
    type Tables = Tables;

    fn key(&self, delivered: &Delivered<PayableEvent>) -> String {
        delivered.event.payable().to_string()
    }

    fn touch(&self, delivered: &Delivered<PayableEvent>, tables: &mut Tables) {
        tables.payables.touch(row_key(delivered.event.payable()));
    }

    fn fold(
        &self,
        delivered: &Delivered<PayableEvent>,
        tables: &mut Tables,
    ) -> Result<(), FoldError> {
        match &delivered.event {
            PayableEvent::Held(held) => tables.payables.insert(row(held)),
            PayableEvent::Moved { payable, state } => {
                let row = tables.payables.get_mut(&row_key(*payable));
                let row = row.ok_or_else(|| FoldError::missing("payable", payable))?;
                row.state = state.to_string();
            }
        }
        Ok(())
    }
}

impl PayableEvent {
    fn payable(&self) -> Payable {
        match self {
            Self::Held(held) => held.payable,
            Self::Moved { payable, .. } => *payable,
        }
    }
}

fn row_key(payable: Payable) -> (String, Uuid) {
    (payable.kind.to_string(), payable.id)
}

fn row(held: &Held) -> PayableRow {
    let mut row = PayableRow {
        kind: held.payable.kind.to_string(),
        payable_id: held.payable.id,
        user_id: held.user_id,
        trainer_id: None,
        event_id: None,
        event_ticket_id: None,
        ticket_id: None,
        amount: held.amount.minor_units(),
        currency: held.amount.currency().to_owned(),
        expires_at: held.expires_at,
        state: PayableState::Held.to_string(),
    };
    match held.purchase {
        Purchase::Session { trainer_id } => row.trainer_id = Some(trainer_id),
        Purchase::Tickets {
            event_id,
            tier_id,
            ticket_id,
        } => {
            row.event_id = Some(event_id);
            row.event_ticket_id = tier_id;
            row.ticket_id = ticket_id;
        }
    }
    row
}

/// What scheduling says about payables.
pub fn of_scheduling(envelope: &Envelope) -> Result<Option<PayableEvent>, DecodeError> {
    let remote = Remote(envelope);
    let session = |id: &str| {
        Ok(Payable {
            kind: PayableKind::Session,
            id: remote.uuid("session_id", id)?,
        })
    };
    let moved = |id: &str, state| {
        Ok(PayableEvent::Moved {
            payable: session(id)?,
            state,
        })
    };
    match decode::<SchedulingEvent>(envelope)?.event {
        Some(Scheduling::SessionHeld(held)) => Ok(Some(PayableEvent::Held(Held {
            payable: session(&held.session_id)?,
            user_id: remote.uuid("parent_id", &held.parent_id)?,
            purchase: Purchase::Session {
                trainer_id: remote.uuid("trainer_id", &held.trainer_id)?,
            },
            amount: remote.money("price", held.price.as_ref())?,
            expires_at: remote.instant("hold_expires_at", held.hold_expires_at.as_ref())?,
        }))),
        Some(Scheduling::SessionPaid(paid)) => {
            moved(&paid.session_id, PayableState::Paid).map(Some)
        }
        Some(Scheduling::SessionHoldExpired(expired)) => {
            moved(&expired.session_id, PayableState::Expired).map(Some)
        }
        Some(Scheduling::SessionCanceled(canceled)) => {
            moved(&canceled.session_id, PayableState::Canceled).map(Some)
        }
        _ => Ok(None),
    }
}

/// What ticketing says about payables.
pub fn of_ticketing(envelope: &Envelope) -> Result<Option<PayableEvent>, DecodeError> {
    let remote = Remote(envelope);
    let hold = |id: &str| {
        Ok(Payable {
            kind: PayableKind::TicketHold,
            id: remote.uuid("hold_id", id)?,
        })
    };
    let moved = |id: &str, state| {
        Ok(PayableEvent::Moved {
            payable: hold(id)?,
            state,
        })
    };
    match decode::<TicketingEvent>(envelope)?.event {
        Some(Ticketing::TicketsHeld(tickets)) => Ok(Some(PayableEvent::Held(Held {
            payable: hold(&tickets.hold_id)?,
            user_id: remote.uuid("parent_id", &tickets.parent_id)?,
            purchase: Purchase::Tickets {
                event_id: remote.uuid("event_id", &tickets.event_id)?,
                tier_id: the_only_tier(remote, &tickets.tickets)?,
                ticket_id: the_only_ticket(remote, &tickets.tickets)?,
            },
            amount: remote.money("total", tickets.total.as_ref())?,
            expires_at: remote.instant("hold_expires_at", tickets.hold_expires_at.as_ref())?,
        }))),
        Some(Ticketing::TicketsConfirmed(confirmed)) => {
            moved(&confirmed.hold_id, PayableState::Paid).map(Some)
        }
        Some(Ticketing::TicketHoldExpired(expired)) => {
            moved(&expired.hold_id, PayableState::Expired).map(Some)
        }
        _ => Ok(None),
    }
}

fn the_only_tier(remote: Remote<'_>, tickets: &[HeldTicket]) -> Result<Option<Uuid>, DecodeError> {
    let Some((first, rest)) = tickets.split_first() else {
        return Ok(None);
    };
    let same = rest.iter().all(|ticket| ticket.tier_id == first.tier_id);
    same.then(|| remote.uuid("tier_id", &first.tier_id))
        .transpose()
}

fn the_only_ticket(
    remote: Remote<'_>,
    tickets: &[HeldTicket],
) -> Result<Option<Uuid>, DecodeError> {
    match tickets {
        [ticket] => remote.uuid("ticket_id", &ticket.ticket_id).map(Some),
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use contracts::{common::v1::Money as MoneyMessage, ticketing::events::v1::TicketsHeld};
    use prost::Message;
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

    fn purchase(tickets: Vec<HeldTicket>) -> Purchase {
        match of_ticketing(&envelope(tickets, Some(usd(100))))
            .unwrap()
            .unwrap()
        {
            PayableEvent::Held(held) => held.purchase,
            PayableEvent::Moved { .. } => panic!("tickets are held"),
        }
    }

    #[test]
    fn tier_and_ticket_are_named_where_there_is_one() {
        let event_id = Uuid::from_u128(2);
        let (tier, first) = (Some(Uuid::from_u128(20)), Some(Uuid::from_u128(10)));
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
        let missing = of_ticketing(&envelope(vec![ticket(10, 20)], None)).unwrap_err();
        assert_eq!(
            (missing.position, missing.reason.as_str()),
            (7, "total: is missing")
        );
        let negative = of_ticketing(&envelope(vec![ticket(10, 20)], Some(usd(-1)))).unwrap_err();
        assert!(
            negative.reason.starts_with("total: "),
            "{}",
            negative.reason
        );
    }
}

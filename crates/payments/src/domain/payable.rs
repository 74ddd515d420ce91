use std::fmt;

use serde::{Deserialize, Serialize};
use strum::{Display, EnumIter};
use uuid::Uuid;
use values::{EventId, HoldId, SessionId, TicketId, TierId, TrainerId};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Display, EnumIter)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PayableKind {
    /// A session of scheduling.
    Session,
    /// A hold of tickets of ticketing.
    TicketHold,
}

/// What is paid for. Shown as `session:<id>` or `ticket_hold:<id>`, which is also the key of
/// the claim that lets one payment at a time be under way for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Payable {
    Session(SessionId),
    TicketHold(HoldId),
}

impl Payable {
    /// A payable of this kind with this id.
    pub fn new(kind: PayableKind, id: Uuid) -> Self {
        match kind {
            PayableKind::Session => Self::Session(id.into()),
            PayableKind::TicketHold => Self::TicketHold(id.into()),
        }
    }

    pub fn kind(self) -> PayableKind {
        match self {
            Self::Session(_) => PayableKind::Session,
            Self::TicketHold(_) => PayableKind::TicketHold,
        }
    }

    /// The id among the payables of its kind.
    pub fn id(self) -> Uuid {
        match self {
            Self::Session(id) => id.uuid(),
            Self::TicketHold(id) => id.uuid(),
        }
    }
}

impl fmt::Display for Payable {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Session(id) => write!(out, "session:{id}"),
            Self::TicketHold(id) => write!(out, "ticket_hold:{id}"),
        }
    }
}

/// What has become of a payable, by the events of the service that owns it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PayableState {
    /// It is held until its deadline, and may be paid.
    Held,
    /// It is paid, or free of charge and confirmed.
    Paid,
    /// Its hold has run out.
    Expired,
    Canceled,
}

/// What was bought, for the records that name trainers, events and tickets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Purchase {
    /// A session with a trainer.
    Session { trainer_id: TrainerId },
    /// Tickets of an event. The tier is given when all are of one tier, the ticket when there
    /// is one.
    Tickets {
        event_id: EventId,
        tier_id: Option<TierId>,
        ticket_id: Option<TicketId>,
    },
}

use std::fmt;

use serde::{Deserialize, Serialize};
use strum::{Display, EnumString};
use uuid::Uuid;

/// What kind of thing is paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Display, EnumString)]
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
pub struct Payable {
    pub kind: PayableKind,
    pub id: Uuid,
}

impl fmt::Display for Payable {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            PayableKind::Session => "session",
            PayableKind::TicketHold => "ticket_hold",
        };
        write!(out, "{kind}:{}", self.id)
    }
}

/// What the owning service says about a payable, as far as payments has heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Display, EnumString)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PayableState {
    /// Held until its deadline; may be paid.
    Held,
    /// Paid, or free of charge and confirmed.
    Paid,
    /// The hold ran out.
    Expired,
    /// Cancelled.
    Canceled,
}

/// What was bought, for the records that name trainers, events and tickets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Purchase {
    /// A session with a trainer.
    Session { trainer_id: Uuid },
    /// Tickets of an event. The tier is given when all are of one tier, the ticket when there
    /// is one.
    Tickets {
        event_id: Uuid,
        tier_id: Option<Uuid>,
        ticket_id: Option<Uuid>,
    },
}

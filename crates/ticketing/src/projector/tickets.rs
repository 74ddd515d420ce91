//! The rows of holds, tickets and registrations.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use values::{ChildId, EventId, HoldId, PaymentId, RefundId, TicketId, TierId, UserId};

use crate::domain::camp::{HeldTicket, HoldState, TicketStatus};

/// The event that a hold belongs to, and how the hold stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldRow {
    pub id: HoldId,
    pub event_id: EventId,
    /// The parent who holds.
    pub user_id: UserId,
    /// What has to be paid.
    pub total_minor_units: i64,
    /// ISO 4217.
    pub currency_code: String,
    pub state: HoldState,
    /// The payment that paid for it.
    pub payment_id: Option<PaymentId>,
    pub expires_at: DateTime<Utc>,
    pub held_at: DateTime<Utc>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketRow {
    pub id: TicketId,
    /// The hold that it came from.
    pub hold_id: HoldId,
    /// The parent who took it.
    pub user_id: UserId,
    pub event_id: EventId,
    pub event_ticket_id: TierId,
    pub child_id: ChildId,
    pub price_minor_units: i64,
    /// ISO 4217.
    pub currency_code: String,
    /// The tier's name.
    pub r#type: String,
    /// How many places it stands for.
    pub capacity: i32,
    pub status: TicketStatus,
    /// The payment that paid for it.
    pub payment_id: Option<PaymentId>,
    pub hold_expires_at: DateTime<Utc>,
    pub held_at: DateTime<Utc>,
}

/// Which child uses a ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserTicketRow {
    /// The id of the ticket.
    pub id: TicketId,
    pub user_id: UserId,
    pub ticket_id: TicketId,
    pub event_ticket_id: TierId,
    pub child_id: ChildId,
    /// That of the ticket.
    pub status: TicketStatus,
    /// The refund that took it back.
    pub refund_id: Option<RefundId>,
}

/// A child's part in an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistrationRow {
    /// The id of the ticket that it came with.
    pub id: TicketId,
    pub event_id: EventId,
    pub child_id: ChildId,
    pub status: RegistrationStatus,
}

/// How a registration stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RegistrationStatus {
    /// Its ticket is held, not paid.
    Pending,
    /// Its ticket is paid for, or free.
    Paid,
    /// The hold of its ticket ran out.
    Canceled,
}

eventsourcing::rows! {
    HoldRow in "ticket_holds" by (id: HoldId),
    TicketRow in "tickets" by (id: TicketId),
    UserTicketRow in "user_tickets" by (id: TicketId),
    RegistrationRow in "event_registrations" by (id: TicketId),
}

impl TicketRow {
    pub fn pending(ticket: &HeldTicket, hold: &HoldRow, tier_name: &str) -> Self {
        Self {
            id: ticket.ticket_id,
            hold_id: hold.id,
            user_id: hold.user_id,
            event_id: hold.event_id,
            event_ticket_id: ticket.tier_id,
            child_id: ticket.child_id,
            price_minor_units: ticket.price.minor_units(),
            currency_code: ticket.price.currency_code().to_owned(),
            r#type: tier_name.to_owned(),
            capacity: 1,
            status: TicketStatus::Pending,
            payment_id: None,
            hold_expires_at: hold.expires_at,
            held_at: hold.held_at,
        }
    }
}

impl UserTicketRow {
    pub fn of(ticket: &TicketRow) -> Self {
        Self {
            id: ticket.id,
            user_id: ticket.user_id,
            ticket_id: ticket.id,
            event_ticket_id: ticket.event_ticket_id,
            child_id: ticket.child_id,
            status: ticket.status,
            refund_id: None,
        }
    }
}

impl RegistrationRow {
    pub fn pending(ticket: &TicketRow) -> Self {
        Self {
            id: ticket.id,
            event_id: ticket.event_id,
            child_id: ticket.child_id,
            status: RegistrationStatus::Pending,
        }
    }
}

use chrono::{DateTime, Utc};
use eventsourcing::{ClaimingEvent, DomainEvent};
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantNames};
use values::{ChildId, EventId, HoldId, Money, PaymentId, TicketId, TierId, UserId};

use super::Draft;

/// What happened to a camp. Those of a hold carry all of its tickets, so that whoever folds or
/// publishes them needs nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, VariantNames)]
pub enum CampEvent {
    /// It was drafted.
    EventCreated(Box<EventCreated>),
    /// It went on sale.
    EventPublished {
        event_id: EventId,
        published_at: DateTime<Utc>,
    },
    TicketsHeld {
        hold_id: HoldId,
        event_id: EventId,
        /// The parent who took them.
        parent_id: UserId,
        tickets: Vec<HeldTicket>,
        /// What has to be paid.
        total: Money,
        hold_expires_at: DateTime<Utc>,
        held_at: DateTime<Utc>,
    },
    /// The tickets of a hold stand.
    TicketsConfirmed {
        hold_id: HoldId,
        event_id: EventId,
        tickets: Vec<HeldTicket>,
        /// The payment that paid for them; none when they were free.
        payment_id: Option<PaymentId>,
        /// Whether the hold had run out, and its places were taken again.
        reinstated: bool,
        confirmed_at: DateTime<Utc>,
    },
    /// A hold ran out and its places are free again.
    TicketHoldExpired {
        hold_id: HoldId,
        event_id: EventId,
        /// The tickets that are void.
        tickets: Vec<HeldTicket>,
        expired_at: DateTime<Utc>,
    },
    /// A payment came for a hold that it cannot settle; it has to go back.
    TicketPaymentRejected {
        hold_id: HoldId,
        event_id: EventId,
        payment_id: PaymentId,
        rejected_at: DateTime<Utc>,
    },
}

/// The facts of a new event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventCreated {
    pub event_id: EventId,
    #[serde(flatten)]
    pub draft: Draft,
    /// Start of the first day.
    pub starts_at: DateTime<Utc>,
    /// End of the last day.
    pub ends_at: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
}

/// One ticket of a hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldTicket {
    pub ticket_id: TicketId,
    pub tier_id: TierId,
    pub child_id: ChildId,
    /// Its price, in the currency of the hold's total.
    pub price: Money,
}

impl DomainEvent for CampEvent {
    fn event_type(&self) -> String {
        <&str>::from(self).to_owned()
    }

    fn event_version(&self) -> String {
        "1.0".to_owned()
    }
}

/// Nothing of an event spans aggregates: it holds its whole sale.
impl ClaimingEvent for CampEvent {
    const FOLD_VERSION: i32 = 2;
}

//! What happens to an event. The names and fields are stored for ever.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use cqrs_es::DomainEvent;
use eventsourcing::ClaimingEvent;
use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr};

use crate::domain::{
    ChildId, EventId, HoldId, LocationId, Money, PaymentId, TicketId, TierId, TrainerId, UserId,
};

/// What happens to an event.
///
/// Each carries its event's id, and those of a hold all of its tickets: whoever folds or
/// publishes them needs nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr)]
pub enum EventEvent {
    /// It was drafted.
    EventCreated(Box<EventCreated>),
    /// It went on sale.
    EventPublished {
        /// The event.
        event_id: EventId,
        /// When.
        published_at: DateTime<Utc>,
    },
    /// Places were taken.
    TicketsHeld {
        /// The hold.
        hold_id: HoldId,
        /// The event.
        event_id: EventId,
        /// Who took them.
        parent_id: UserId,
        /// What was taken.
        tickets: Vec<HeldTicket>,
        /// What has to be paid.
        total: Money,
        /// When the hold runs out.
        hold_expires_at: DateTime<Utc>,
        /// When.
        held_at: DateTime<Utc>,
    },
    /// The tickets of a hold stand.
    TicketsConfirmed {
        /// The hold.
        hold_id: HoldId,
        /// The event.
        event_id: EventId,
        /// The tickets.
        tickets: Vec<HeldTicket>,
        /// What paid for them; nothing when they were free.
        payment_id: Option<PaymentId>,
        /// The hold had run out, and its places were taken again.
        reinstated: bool,
        /// When.
        confirmed_at: DateTime<Utc>,
    },
    /// A hold ran out and its places are free again.
    TicketHoldExpired {
        /// The hold.
        hold_id: HoldId,
        /// The event.
        event_id: EventId,
        /// The tickets that are none.
        tickets: Vec<HeldTicket>,
        /// When.
        expired_at: DateTime<Utc>,
    },
    /// A payment came for a hold that it cannot settle; it has to go back.
    TicketPaymentRejected {
        /// The hold.
        hold_id: HoldId,
        /// The event.
        event_id: EventId,
        /// The payment.
        payment_id: PaymentId,
        /// When.
        rejected_at: DateTime<Utc>,
    },
}

/// The facts of a new event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventCreated {
    /// The event.
    pub event_id: EventId,
    /// Its title.
    pub title: String,
    /// What it is about.
    pub description: String,
    /// What kind it is.
    pub event_type: EventType,
    /// Where it takes place.
    pub location_id: LocationId,
    /// IANA zone of the location.
    pub time_zone: String,
    /// The first day in that zone.
    pub start_date: NaiveDate,
    /// The last day in that zone.
    pub end_date: NaiveDate,
    /// When each day begins, local.
    pub start_time: NaiveTime,
    /// When each day ends, local.
    pub end_time: NaiveTime,
    /// Every day resolved to instants, in order.
    pub days: Vec<Day>,
    /// Start of the first day.
    pub starts_at: DateTime<Utc>,
    /// End of the last day.
    pub ends_at: DateTime<Utc>,
    /// How many children can take part, over all tiers.
    pub max_participants: u32,
    /// Youngest age allowed.
    pub min_age: Option<u32>,
    /// Oldest age allowed.
    pub max_age: Option<u32>,
    /// Skill levels it is for; empty means all.
    pub skill_levels: Vec<SkillLevel>,
    /// The trainers who coach it.
    pub trainer_ids: Vec<TrainerId>,
    /// Its tiers in order.
    pub tiers: Vec<Tier>,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// One day of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day {
    /// Start, included.
    pub starts_at: DateTime<Utc>,
    /// End, excluded.
    pub ends_at: DateTime<Utc>,
}

/// A tier of a new event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tier {
    /// The tier.
    pub tier_id: TierId,
    /// Its name.
    pub name: String,
    /// Price of one ticket.
    pub price: Money,
    /// How many tickets of it can be sold.
    pub capacity: u32,
}

/// One ticket of a hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldTicket {
    /// The ticket.
    pub ticket_id: TicketId,
    /// The tier.
    pub tier_id: TierId,
    /// The child.
    pub child_id: ChildId,
    /// Its price, in the currency of the hold's total.
    pub price: Money,
}

/// What kind of event it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, Display, EnumString)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum EventType {
    /// One or a few lessons on a subject.
    Clinic,
    /// Several days of training.
    Camp,
    /// People meet.
    Networking,
}

/// How well somebody plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, Display, EnumString)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum SkillLevel {
    /// New to it.
    Beginner,
    /// Plays regularly.
    Intermediate,
    /// Competes.
    Advanced,
}

impl DomainEvent for EventEvent {
    fn event_type(&self) -> String {
        <&str>::from(self).to_owned()
    }

    fn event_version(&self) -> String {
        "1.0".to_owned()
    }
}

/// Nothing of an event spans aggregates: it holds its whole sale.
impl ClaimingEvent for EventEvent {}

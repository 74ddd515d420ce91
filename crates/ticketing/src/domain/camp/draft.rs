//! What an event is, as its draft says it.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use serde::{Deserialize, Serialize};
use strum::{EnumIter, IntoStaticStr};
use values::{LocationId, Money, TierId, TrainerId};

/// Everything that an event is drafted with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    pub title: String,
    pub description: String,
    pub event_type: EventType,
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
    /// Every day resolved to instants, in order, at least one.
    pub days: Vec<Day>,
    /// How many children can take part, over all tiers.
    pub max_participants: u32,
    /// The youngest age that it is meant for.
    pub min_age: Option<u32>,
    /// The oldest age that it is meant for.
    pub max_age: Option<u32>,
    /// The skill levels that it is meant for; empty means all.
    pub skill_levels: Vec<SkillLevel>,
    /// The trainers who coach it.
    pub trainer_ids: Vec<TrainerId>,
    /// Its tiers in order, at least one, of one currency.
    pub tiers: Vec<TicketTier>,
}

/// One day of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day {
    /// Start, included.
    pub starts_at: DateTime<Utc>,
    /// End, excluded.
    pub ends_at: DateTime<Utc>,
}

/// Tickets of one name and price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketTier {
    pub tier_id: TierId,
    /// Unique among the event's tiers, whatever its case.
    pub name: String,
    /// Price of one ticket.
    pub price: Money,
    /// How many tickets of it can be sold.
    pub capacity: u32,
}

/// What kind of event it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, EnumIter, IntoStaticStr)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, EnumIter)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SkillLevel {
    /// New to it.
    Beginner,
    /// Plays regularly.
    Intermediate,
    /// Competes.
    Advanced,
}

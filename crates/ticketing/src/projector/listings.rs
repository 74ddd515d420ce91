//! The rows of events, their trainers and their tiers.

use chrono::{DateTime, NaiveDate, Utc};
use eventsourcing::FoldError;
use serde::{Deserialize, Serialize};
use values::{EventId, LocationId, TierId, TrainerId};

use crate::domain::camp::{Day, EventCreated, EventState, EventType, SkillLevel, TicketTier};

/// An event as browsers see it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ListingRow {
    pub id: EventId,
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
    /// When each day begins, local, "HH:MM".
    pub start_time: String,
    /// When each day ends, local, "HH:MM".
    pub end_time: String,
    /// Start of the first day.
    pub starts_at: DateTime<Utc>,
    /// End of the last day.
    pub ends_at: DateTime<Utc>,
    pub days: Vec<Day>,
    /// Price of the cheapest tier.
    pub price_minor_units: i64,
    /// ISO 4217.
    pub currency_code: String,
    pub max_participants: i32,
    pub min_age: Option<i32>,
    pub max_age: Option<i32>,
    /// All levels when it is empty.
    pub skill_levels: Vec<SkillLevel>,
    pub state: EventState,
    pub canceled: bool,
    pub created_at: DateTime<Utc>,
    pub published_at: Option<DateTime<Utc>>,
}

/// Who coaches an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventTrainerRow {
    pub event_id: EventId,
    pub trainer_id: TrainerId,
}

/// A tier and its sale.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TierRow {
    pub id: TierId,
    pub event_id: EventId,
    /// Its place among the event's tiers, from 0.
    pub ordinal: i32,
    /// Its name.
    pub r#type: String,
    /// Price of one ticket.
    pub price_minor_units: i64,
    /// ISO 4217.
    pub currency_code: String,
    /// How many tickets of it can be sold.
    pub capacity: i32,
    /// Tickets sold.
    pub total_amount: i32,
    /// Tickets that wait for their payment.
    pub held: i32,
    pub deleted: bool,
}

eventsourcing::rows! {
    ListingRow in "event_listings" by (id: EventId),
    EventTrainerRow in "event_trainers" by (event_id: EventId, trainer_id: TrainerId),
    TierRow in "event_tickets" by (id: TierId),
}

impl ListingRow {
    pub fn drafted(created: &EventCreated) -> Result<Self, FoldError> {
        let EventCreated {
            event_id,
            draft,
            starts_at,
            ends_at,
            created_at,
        } = created;
        let cheapest = draft.tiers.iter().map(|tier| &tier.price);
        let cheapest = cheapest.min_by_key(|price| price.minor_units());
        let cheapest = cheapest.ok_or_else(|| FoldError::missing("tier of event", event_id))?;
        Ok(Self {
            id: *event_id,
            title: draft.title.clone(),
            description: draft.description.clone(),
            event_type: draft.event_type,
            location_id: draft.location_id,
            time_zone: draft.time_zone.clone(),
            start_date: draft.start_date,
            end_date: draft.end_date,
            start_time: draft.start_time.format("%H:%M").to_string(),
            end_time: draft.end_time.format("%H:%M").to_string(),
            starts_at: *starts_at,
            ends_at: *ends_at,
            days: draft.days.clone(),
            price_minor_units: cheapest.minor_units(),
            currency_code: cheapest.currency_code().to_owned(),
            max_participants: count(draft.max_participants)?,
            min_age: draft.min_age.map(count).transpose()?,
            max_age: draft.max_age.map(count).transpose()?,
            skill_levels: draft.skill_levels.clone(),
            state: EventState::Draft,
            canceled: false,
            created_at: *created_at,
            published_at: None,
        })
    }
}

impl TierRow {
    pub fn unsold(event_id: EventId, ordinal: i32, tier: &TicketTier) -> Result<Self, FoldError> {
        Ok(Self {
            id: tier.tier_id,
            event_id,
            ordinal,
            r#type: tier.name.clone(),
            price_minor_units: tier.price.minor_units(),
            currency_code: tier.price.currency_code().to_owned(),
            capacity: count(tier.capacity)?,
            total_amount: 0,
            held: 0,
            deleted: false,
        })
    }
}

fn count(number: u32) -> Result<i32, FoldError> {
    i32::try_from(number).map_err(|error| FoldError::new(error.to_string()))
}

//! Events, their trainers and their tiers.

use chrono::{DateTime, Utc};
use eventsourcing::FoldError;
use uuid::Uuid;

use super::{
    rows::{EventListing, EventTicket, EventTrainer},
    sales::{SalesTables, expected},
};
use crate::domain::event::EventCreated;

pub(super) fn created(created: &EventCreated, tables: &mut SalesTables) -> Result<(), FoldError> {
    let event_id = created.event_id.uuid();
    tables.listings.insert(listing(created)?);
    for trainer in &created.trainer_ids {
        tables.trainers.insert(EventTrainer {
            event_id,
            trainer_id: trainer.uuid(),
        });
    }
    for (ordinal, tier) in (0..).zip(&created.tiers) {
        tables.tiers.insert(EventTicket {
            id: tier.tier_id.uuid(),
            event_id,
            ordinal,
            r#type: tier.name.clone(),
            price_minor_units: tier.price.minor_units,
            currency_code: tier.price.currency_code.clone(),
            capacity: count(tier.capacity)?,
            total_amount: 0,
            held: 0,
            deleted: false,
        });
    }
    Ok(())
}

pub(super) fn published(
    event_id: Uuid,
    at: DateTime<Utc>,
    tables: &mut SalesTables,
) -> Result<(), FoldError> {
    let listing = expected(tables.listings.get_mut(&event_id), "event", event_id)?;
    "PUBLISHED".clone_into(&mut listing.state);
    listing.published_at = Some(at);
    Ok(())
}

fn listing(created: &EventCreated) -> Result<EventListing, FoldError> {
    let cheapest = created
        .tiers
        .iter()
        .min_by_key(|tier| tier.price.minor_units);
    Ok(EventListing {
        id: created.event_id.uuid(),
        title: created.title.clone(),
        description: created.description.clone(),
        event_type: created.event_type.to_string(),
        location_id: created.location_id.uuid(),
        time_zone: created.time_zone.clone(),
        start_date: created.start_date,
        end_date: created.end_date,
        start_time: created.start_time.format("%H:%M").to_string(),
        end_time: created.end_time.format("%H:%M").to_string(),
        starts_at: created.starts_at,
        ends_at: created.ends_at,
        days: serde_json::to_value(&created.days)
            .map_err(|error| FoldError::new(error.to_string()))?,
        price_minor_units: cheapest.map_or(0, |tier| tier.price.minor_units),
        currency_code: cheapest.map_or_else(String::new, |tier| tier.price.currency_code.clone()),
        max_participants: count(created.max_participants)?,
        min_age: created.min_age.map(count).transpose()?,
        max_age: created.max_age.map(count).transpose()?,
        skill_levels: created
            .skill_levels
            .iter()
            .map(ToString::to_string)
            .collect(),
        state: "DRAFT".to_owned(),
        canceled: false,
        created_at: created.created_at,
        published_at: None,
    })
}

fn count(number: u32) -> Result<i32, FoldError> {
    i32::try_from(number).map_err(|error| FoldError::new(error.to_string()))
}

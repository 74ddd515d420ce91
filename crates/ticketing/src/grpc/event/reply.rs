//! The answers of `EventService`.

use contracts::ticketing::v1 as pb;
use contracts::wire::{amount, date, timestamp};
use values::EventId;

use crate::domain::camp::{Camp, CampEvent, Day};
use crate::projector::TierRow;
use crate::query::EventView;
use crate::wire::{event_state, event_type, skill_level};

pub fn created(_: &Camp, events: &[CampEvent]) -> pb::CreateEventResponse {
    let Some(CampEvent::EventCreated(created)) = events.first() else {
        return pb::CreateEventResponse::default();
    };
    let tiers = created.draft.tiers.iter();
    pb::CreateEventResponse {
        event_id: created.event_id.to_string(),
        tier_ids: tiers.map(|tier| tier.tier_id.to_string()).collect(),
        starts_at: Some(timestamp(created.starts_at)),
        ends_at: Some(timestamp(created.ends_at)),
        position: None,
    }
}

pub fn published(event_id: EventId) -> pb::PublishEventResponse {
    pb::PublishEventResponse {
        event_id: event_id.to_string(),
        state: pb::EventState::Published.into(),
        position: None,
    }
}

impl From<EventView> for pb::Event {
    fn from(view: EventView) -> Self {
        let EventView {
            listing,
            tiers,
            trainer_ids,
        } = view;
        let levels = listing.skill_levels.into_iter();
        Self {
            event_id: listing.id.to_string(),
            title: listing.title,
            description: listing.description,
            event_type: event_type(listing.event_type).into(),
            location_id: listing.location_id.to_string(),
            time_zone: listing.time_zone,
            start_date: Some(date(listing.start_date)),
            end_date: Some(date(listing.end_date)),
            start_time: listing.start_time,
            end_time: listing.end_time,
            starts_at: Some(timestamp(listing.starts_at)),
            ends_at: Some(timestamp(listing.ends_at)),
            days: listing.days.into_iter().map(event_day).collect(),
            max_participants: listing.max_participants,
            min_age: listing.min_age,
            max_age: listing.max_age,
            skill_levels: levels.map(|level| skill_level(level).into()).collect(),
            trainer_ids: trainer_ids.iter().map(ToString::to_string).collect(),
            tiers: tiers.into_iter().map(tier).collect(),
            state: event_state(listing.state).into(),
            canceled: listing.canceled,
            created_at: Some(timestamp(listing.created_at)),
            published_at: listing.published_at.map(timestamp),
        }
    }
}

fn tier(row: TierRow) -> pb::Tier {
    pb::Tier {
        tier_id: row.id.to_string(),
        r#type: row.r#type,
        price: Some(amount(row.currency_code, row.price_minor_units)),
        capacity: row.capacity,
        sold: row.total_amount,
        held: row.held,
    }
}

fn event_day(day: Day) -> pb::EventDay {
    pb::EventDay {
        starts_at: Some(timestamp(day.starts_at)),
        ends_at: Some(timestamp(day.ends_at)),
    }
}

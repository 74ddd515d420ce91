//! What others learn about trainers' profiles.

use contracts::identity::events::v1::identity_event::Event;
use contracts::identity::events::v1::{TrainerCreated, TrainerUpdated};
use contracts::wire::timestamp;

use crate::domain::trainer::TrainerEvent;
use crate::wire::price;

/// The terms of a profile are published, its texts are not.
pub fn trainer(event: &TrainerEvent) -> Option<Event> {
    match event {
        TrainerEvent::TrainerCreated {
            trainer_id,
            profile: _,
            terms,
            created_at,
        } => Some(Event::TrainerCreated(TrainerCreated {
            trainer_id: trainer_id.to_string(),
            price_per_hour: Some(price(&terms.price_per_hour)),
            session_duration_minutes: terms.session_duration_minutes,
            external: terms.external,
            created_at: Some(timestamp(*created_at)),
        })),
        TrainerEvent::TrainerUpdated {
            trainer_id,
            profile: _,
            terms,
            updated_at,
        } => Some(Event::TrainerUpdated(TrainerUpdated {
            trainer_id: trainer_id.to_string(),
            price_per_hour: Some(price(&terms.price_per_hour)),
            session_duration_minutes: terms.session_duration_minutes,
            external: terms.external,
            updated_at: Some(timestamp(*updated_at)),
            accepting_bookings: terms.accepting_bookings,
        })),
        // `UserErased` is published, and says it all.
        TrainerEvent::TrainerErased { .. } => None,
    }
}

//! What others learn about trainers' calendars.

use contracts::scheduling::events::v1 as public;
use contracts::scheduling::events::v1::scheduling_event::Event;

use crate::domain::trainer_calendar::TrainerCalendarEvent;

pub fn trainer_calendar(event: &TrainerCalendarEvent) -> Option<Event> {
    match event {
        TrainerCalendarEvent::TrainerLocationAssigned {
            trainer_id,
            location_id,
            ..
        } => Some(Event::TrainerLocationAssigned(
            public::TrainerLocationAssigned {
                trainer_id: trainer_id.to_string(),
                location_id: location_id.to_string(),
            },
        )),
        TrainerCalendarEvent::GroupPriceSet { .. } => None,
    }
}

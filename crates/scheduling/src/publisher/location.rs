//! What others learn about locations.

use contracts::scheduling::events::v1 as public;
use contracts::scheduling::events::v1::scheduling_event::Event;

use crate::domain::location::LocationEvent;

pub fn location(event: &LocationEvent) -> Event {
    let LocationEvent::LocationCreated {
        location_id,
        name,
        time_zone,
        created_at: _,
    } = event;
    Event::LocationCreated(public::LocationCreated {
        location_id: location_id.to_string(),
        name: name.clone(),
        time_zone: time_zone.clone(),
    })
}

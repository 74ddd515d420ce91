use eventsourcing::Decide;
use serde::{Deserialize, Serialize};

use super::{LocationCommand, LocationError, LocationEvent};

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Location {
    created: Option<Created>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Created {
    name: String,
    time_zone: String,
}

impl Location {
    /// Its IANA zone, `None` before it is created.
    pub fn time_zone(&self) -> Option<&str> {
        self.created.as_ref().map(|it| it.time_zone.as_str())
    }
}

impl Decide for Location {
    const TYPE: &'static str = "location";
    type Command = LocationCommand;
    type Event = LocationEvent;
    type Error = LocationError;

    fn decide(&self, command: LocationCommand) -> Result<Vec<LocationEvent>, LocationError> {
        let LocationCommand::Create {
            location_id,
            name,
            time_zone,
            now,
        } = command;
        match &self.created {
            Some(it) if it.name == name && it.time_zone == time_zone => Ok(vec![]),
            Some(_) => Err(LocationError::Exists),
            None => Ok(vec![LocationEvent::LocationCreated {
                location_id,
                name,
                time_zone,
                created_at: now,
            }]),
        }
    }

    fn apply(&mut self, event: LocationEvent) {
        match event {
            LocationEvent::LocationCreated {
                name, time_zone, ..
            } => self.created = Some(Created { name, time_zone }),
        }
    }
}

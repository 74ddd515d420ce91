//! Venues and their zones: a reference table from scheduling's events.

use contracts::{
    log::v1::Envelope,
    scheduling::events::v1::{SchedulingEvent, scheduling_event::Event as Public},
};
use eventsourcing::{AnyTable, DecodeError, Delivered, FoldError, Projection, Table, TableSet};
use prost::Message;
use uuid::Uuid;

use super::{rows::LocationRow, unreadable};

/// Folds scheduling's locations.
pub struct Locations;

/// The table that it writes.
#[derive(Default)]
pub struct LocationsTables {
    locations: Table<LocationRow>,
}

impl TableSet for LocationsTables {
    fn tables(&mut self) -> Vec<&mut dyn AnyTable> {
        vec![&mut self.locations]
    }
}

impl Locations {
    /// Reads one of scheduling's events; `None` for what says nothing of a location.
    ///
    /// # Errors
    /// When the payload is not of scheduling's vocabulary.
    pub fn decode(envelope: &Envelope) -> Result<Option<LocationRow>, DecodeError> {
        let event = SchedulingEvent::decode(envelope.payload.as_slice())
            .map_err(|error| unreadable(envelope, &error))?;
        let Some(Public::LocationCreated(created)) = event.event else {
            return Ok(None);
        };
        Ok(Some(LocationRow {
            location_id: Uuid::parse_str(&created.location_id)
                .map_err(|error| unreadable(envelope, &error))?,
            time_zone: created.time_zone,
        }))
    }
}

impl Projection for Locations {
    const NAME: &'static str = "locations";
    const FOLD_VERSION: i32 = 1;
    type Event = LocationRow;
    type Tables = LocationsTables;

    fn key(&self, delivered: &Delivered<LocationRow>) -> String {
        delivered.event.location_id.to_string()
    }

    fn touch(&self, delivered: &Delivered<LocationRow>, tables: &mut LocationsTables) {
        tables.locations.touch(delivered.event.location_id);
    }

    fn fold(
        &self,
        delivered: &Delivered<LocationRow>,
        tables: &mut LocationsTables,
    ) -> Result<(), FoldError> {
        tables.locations.insert(delivered.event.clone());
        Ok(())
    }
}

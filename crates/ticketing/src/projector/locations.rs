//! Venues and their zones, from scheduling's events.

use contracts::scheduling::events::v1::scheduling_event::Event as Public;
use eventsourcing::{DecodeError, Delivered, FoldError, Keys, Projection, Received, rows, tables};
use serde::{Deserialize, Serialize};
use values::LocationId;

rows! {
    LocationRow in "locations" by (location_id: LocationId),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocationRow {
    pub location_id: LocationId,
    /// IANA zone.
    pub time_zone: String,
}

/// Zones of locations, folded from scheduling's log.
pub struct Locations;

tables! {
    pub struct LocationsTables {
        locations: LocationRow,
    }
}

impl LocationRow {
    /// Reads one of scheduling's events; `None` for what says nothing of a location.
    pub fn read(received: Received<'_>, event: Public) -> Result<Option<Self>, DecodeError> {
        match event {
            Public::LocationCreated(created) => Ok(Some(Self {
                location_id: received.id("location_id", &created.location_id)?,
                time_zone: created.time_zone,
            })),
            Public::TrainerLocationAssigned(_)
            | Public::ScheduleOpened(_)
            | Public::SessionHeld(_)
            | Public::SessionPaid(_)
            | Public::SessionHoldExpired(_)
            | Public::SessionCanceled(_)
            | Public::SessionCompleted(_)
            | Public::SessionPaymentRejected(_) => Ok(None),
        }
    }
}

impl Projection for Locations {
    const NAME: &'static str = "locations";
    const FOLD_VERSION: i32 = 1;
    type Event = LocationRow;
    type Tables = LocationsTables;

    fn keys(&self, delivered: &Delivered<LocationRow>) -> Keys {
        Keys::one(&delivered.event.location_id)
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

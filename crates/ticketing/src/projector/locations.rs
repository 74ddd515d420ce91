//! Venues and their zones, from scheduling's events.

use contracts::scheduling::events::v1::scheduling_event::Event as Scheduling;
use eventsourcing::{DecodeError, Delivered, FoldError, Keys, Projection, Received};
use serde::{Deserialize, Serialize};
use values::LocationId;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocationRow {
    pub location_id: LocationId,
    /// IANA zone.
    pub time_zone: String,
}

eventsourcing::rows! {
    LocationRow in "locations" by (location_id: LocationId),
}

eventsourcing::tables! {
    pub struct LocationsTables {
        locations: LocationRow,
    }
}

impl LocationRow {
    /// Reads one of scheduling's events; `None` for what says nothing of a location.
    pub fn of_scheduling(
        received: Received<'_>,
        event: Scheduling,
    ) -> Result<Option<Self>, DecodeError> {
        match event {
            Scheduling::LocationCreated(created) => Ok(Some(Self {
                location_id: received.id("location_id", &created.location_id)?,
                time_zone: created.time_zone,
            })),
            Scheduling::TrainerLocationAssigned(_)
            | Scheduling::ScheduleOpened(_)
            | Scheduling::SessionHeld(_)
            | Scheduling::SessionPaid(_)
            | Scheduling::SessionHoldExpired(_)
            | Scheduling::SessionCanceled(_)
            | Scheduling::SessionCompleted(_)
            | Scheduling::SessionPaymentRejected(_) => Ok(None),
        }
    }
}

/// Zones of locations, folded from scheduling's log.
pub struct Locations;

impl Projection for Locations {
    const NAME: &'static str = "locations";
    const FOLD_VERSION: i32 = 1;
    type Event = LocationRow;
    type Tables = LocationsTables;

    fn keys(&self, event: &Delivered<LocationRow>) -> Keys {
        Keys::one(&event.event.location_id)
    }

    fn fold(
        &self,
        event: &Delivered<LocationRow>,
        tables: &mut LocationsTables,
    ) -> Result<(), FoldError> {
        tables.locations.insert(event.event.clone());
        Ok(())
    }
}

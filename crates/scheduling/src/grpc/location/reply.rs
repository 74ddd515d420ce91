//! The answers of `LocationService`.

use contracts::scheduling::v1 as pb;
use values::LocationId;

use crate::projector::LocationRow;

pub fn created(location_id: LocationId) -> pb::CreateLocationResponse {
    pb::CreateLocationResponse {
        location_id: location_id.to_string(),
        position: None,
    }
}

impl From<LocationRow> for pb::Location {
    fn from(row: LocationRow) -> Self {
        Self {
            location_id: row.id.to_string(),
            name: row.name,
            time_zone: row.time_zone,
        }
    }
}

use chrono::{DateTime, Utc};
use values::LocationId;

/// What can be asked of a location.
#[derive(Debug, Clone)]
pub enum LocationCommand {
    Create {
        location_id: LocationId,
        name: String,
        /// The name of a known IANA zone.
        time_zone: String,
        now: DateTime<Utc>,
    },
}

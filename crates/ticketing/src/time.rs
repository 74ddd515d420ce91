//! Instants on the wire.

use chrono::{DateTime, Utc};
use prost_types::Timestamp;

/// An instant as protobuf has it.
pub fn timestamp(instant: DateTime<Utc>) -> Timestamp {
    Timestamp {
        seconds: instant.timestamp(),
        // A leap second is the last nanosecond of the second before.
        nanos: i32::try_from(instant.timestamp_subsec_nanos())
            .map_or(999_999_999, |nanos| nanos.min(999_999_999)),
    }
}

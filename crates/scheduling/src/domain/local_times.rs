//! What a clock on the wall of a location shows.

use chrono::{NaiveDate, NaiveTime};
use serde::{Deserialize, Serialize};

/// Date, start and end of a slot as they were given, in the zone of its location. The
/// instants they stand for are kept beside them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalTimes {
    /// IANA zone.
    pub time_zone: String,
    /// Civil date.
    pub date: NaiveDate,
    /// Time of day of the start.
    pub start: NaiveTime,
    /// Time of day of the end.
    pub end: NaiveTime,
}

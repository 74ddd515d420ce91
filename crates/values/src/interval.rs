//! A stretch of time.

use chrono::{DateTime, Datelike as _, Utc};
use serde::{Deserialize, Serialize};

/// From an instant, included, to a later one, excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Interval {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
}

/// Whether protobuf, Postgres and a calendar with four digits for the year can all hold an instant:
/// it is of the years 1 to 9999.
pub fn is_representable(instant: DateTime<Utc>) -> bool {
    (1..=9999).contains(&instant.year())
}

impl Interval {
    /// `None` unless `from` is before `to`.
    pub fn new(from: DateTime<Utc>, to: DateTime<Utc>) -> Option<Self> {
        let is_interval = from < to && is_representable(from) && is_representable(to);
        is_interval.then_some(Self { from, to })
    }

    /// The first instant of it.
    pub fn from(&self) -> DateTime<Utc> {
        self.from
    }

    /// The first instant after it.
    pub fn to(&self) -> DateTime<Utc> {
        self.to
    }

    /// Whether the two share an instant. Intervals that only touch do not.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.from < other.to && other.from < self.to
    }

    /// Whether the other lies in it from its first to its last instant.
    pub fn contains(&self, other: &Self) -> bool {
        self.from <= other.from && other.to <= self.to
    }

    /// Its length in minutes, seconds cut off.
    pub fn minutes(&self) -> i64 {
        (self.to - self.from).num_minutes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minute(minute: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(minute * 60, 0).unwrap()
    }

    fn interval(from: i64, to: i64) -> Interval {
        Interval::new(minute(from), minute(to)).unwrap()
    }

    #[test]
    fn an_interval_ends_after_it_starts() {
        assert_eq!(Interval::new(minute(1), minute(1)), None);
        assert_eq!(Interval::new(minute(2), minute(1)), None);
    }

    #[test]
    fn intervals_that_touch_do_not_overlap() {
        assert!(!interval(0, 60).overlaps(&interval(60, 120)));
        assert!(interval(0, 61).overlaps(&interval(60, 120)));
        assert!(interval(0, 120).overlaps(&interval(30, 60)));
    }

    #[test]
    fn an_interval_contains_itself_and_what_is_inside_only() {
        assert!(interval(0, 60).contains(&interval(0, 60)));
        assert!(interval(0, 60).contains(&interval(10, 20)));
        assert!(!interval(0, 60).contains(&interval(10, 61)));
        assert!(!interval(1, 60).contains(&interval(0, 60)));
    }
}

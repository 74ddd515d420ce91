//! From what a clock on the wall shows to instants. Pure.
//!
//! A slot is given in local time of its location, so that 13:00 stays 13:00 across a clock
//! change. A local time that a clock skips is refused; one that a clock shows twice needs
//! its offset from UTC.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveTime, Offset, TimeZone, Utc};
use chrono::{MappedLocalTime, Weekday};

use serde::{Deserialize, Serialize};

use crate::interval::{Interval, is_representable};
use crate::zone::Zone;

/// The dates of something that takes place once or again and again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dates {
    Single(NaiveDate),
    /// Every date of some weekdays between two dates.
    Recurring {
        weekdays: Vec<Weekday>,
        /// First date, included.
        from: NaiveDate,
        /// Last date, included.
        until: NaiveDate,
        /// Dates that are left out.
        except: BTreeSet<NaiveDate>,
    },
}

impl Dates {
    /// The dates in order.
    pub fn days(&self) -> Box<dyn Iterator<Item = NaiveDate> + '_> {
        match self {
            Self::Single(date) => Box::new(std::iter::once(*date)),
            Self::Recurring {
                weekdays,
                from,
                until,
                except,
            } => Box::new(
                from.iter_days()
                    .take_while(move |date| date <= until)
                    .filter(|date| weekdays.contains(&date.weekday()) && !except.contains(date)),
            ),
        }
    }
}

/// Start and end on each date. An end at midnight is that of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    pub start: WallTime,
    pub end: WallTime,
}

/// A time of day, and which of the two is meant on a date that has it twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WallTime {
    pub time: NaiveTime,
    /// Offset from UTC of the one that is meant.
    pub offset: Option<FixedOffset>,
}

/// Date, start and end as they were given in the zone of a location. The instants that they stand
/// for are kept beside them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalTimes {
    /// IANA name of the zone.
    pub time_zone: String,
    /// Civil date of the start.
    pub date: NaiveDate,
    /// Time of day of the start.
    pub start: NaiveTime,
    /// Time of day of the end; midnight for the end of the day.
    pub end: NaiveTime,
}

/// Why a local time stands for no instant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LocalTimeError {
    /// Clocks skip it.
    #[error("{time} does not exist on {date} in {zone}: clocks are set forward")]
    NotExisting {
        date: NaiveDate,
        time: NaiveTime,
        zone: Zone,
    },
    /// Clocks show it twice, and none of the two is named.
    #[error(
        "{time} exists twice on {date} in {zone}: give its offset, {earlier} or {later} minutes"
    )]
    Ambiguous {
        date: NaiveDate,
        time: NaiveTime,
        zone: Zone,
        /// Offset of the first, minutes.
        earlier: i32,
        /// Offset of the second, minutes.
        later: i32,
    },
    /// The end is not after the start.
    #[error("on {date} the end is not after the start")]
    Empty { date: NaiveDate },
    /// The instant is of another year than 1 to 9999.
    #[error("{time} on {date} in {zone} is not within the years 1 to 9999")]
    OutOfRange {
        date: NaiveDate,
        time: NaiveTime,
        zone: Zone,
    },
}

/// Which of the two times is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    Start,
    End,
}

/// The instants and local times of a slot on a date, or everything that is wrong with it.
pub fn resolve(
    zone: Zone,
    date: NaiveDate,
    times: Times,
) -> Result<(Interval, LocalTimes), Vec<(Edge, LocalTimeError)>> {
    let (start, end) = match (
        instant(zone, date, times.start),
        instant(zone, last_date(date, times.end), times.end),
    ) {
        (Ok(start), Ok(end)) => (start, end),
        (start, end) => {
            let start = start.err().map(|error| (Edge::Start, error));
            let end = end.err().map(|error| (Edge::End, error));
            return Err([start, end].into_iter().flatten().collect());
        }
    };
    let local = LocalTimes {
        time_zone: zone.name().to_owned(),
        date,
        start: times.start.time,
        end: times.end.time,
    };
    match Interval::new(start, end) {
        Some(interval) => Ok((interval, local)),
        None => Err(vec![(Edge::End, LocalTimeError::Empty { date })]),
    }
}

/// The date on which a clock shows the end.
fn last_date(date: NaiveDate, end: WallTime) -> NaiveDate {
    let next = (end.time == NaiveTime::MIN).then(|| date.succ_opt());
    next.flatten().unwrap_or(date)
}

/// The instant at which a clock in the zone shows that time on that date.
pub fn instant(
    zone: Zone,
    date: NaiveDate,
    wall: WallTime,
) -> Result<DateTime<Utc>, LocalTimeError> {
    let time = wall.time;
    let found = match zone.from_local_datetime(&date.and_time(time)) {
        MappedLocalTime::Single(it) => Ok(it.to_utc()),
        MappedLocalTime::None => Err(LocalTimeError::NotExisting { date, time, zone }),
        MappedLocalTime::Ambiguous(earlier, later) => [&earlier, &later]
            .into_iter()
            .find(|it| Some(it.offset().fix()) == wall.offset)
            .map(DateTime::to_utc)
            .ok_or_else(|| LocalTimeError::Ambiguous {
                date,
                time,
                zone,
                earlier: earlier.offset().fix().local_minus_utc() / 60,
                later: later.offset().fix().local_minus_utc() / 60,
            }),
    }?;
    if is_representable(found) {
        Ok(found)
    } else {
        Err(LocalTimeError::OutOfRange { date, time, zone })
    }
}

#[cfg(test)]
mod tests;

//! Local times of a zone as instants.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc, offset::LocalResult};
use chrono_tz::Tz;

use crate::domain::event::Day;

/// A local time that is not exactly one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LocalTimeError {
    /// The clocks jump over it.
    #[error("{0} does not exist there: the clocks are put forward over it")]
    Missing(NaiveDateTime),
    /// The clocks pass it twice.
    #[error("{0} exists twice there: the clocks are put back over it")]
    Ambiguous(NaiveDateTime),
}

/// A daily time of an event that cannot be resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DayError {
    /// A day cannot begin then.
    Start(LocalTimeError),
    /// A day cannot end then.
    End(LocalTimeError),
}

/// The one instant at which the clocks of a zone show a time.
///
/// # Errors
/// When there is none or there are two.
pub fn instant(zone: Tz, local: NaiveDateTime) -> Result<DateTime<Utc>, LocalTimeError> {
    match zone.from_local_datetime(&local) {
        LocalResult::Single(instant) => Ok(instant.with_timezone(&Utc)),
        LocalResult::None => Err(LocalTimeError::Missing(local)),
        LocalResult::Ambiguous(..) => Err(LocalTimeError::Ambiguous(local)),
    }
}

/// The instants of every day from the first to the last, both included.
///
/// # Errors
/// Every daily time that does not exist or exists twice.
pub fn days(
    zone: Tz,
    (first, last): (NaiveDate, NaiveDate),
    (start, end): (NaiveTime, NaiveTime),
) -> Result<Vec<Day>, Vec<DayError>> {
    let mut days = Vec::new();
    let mut errors = Vec::new();
    for date in first.iter_days().take_while(|date| *date <= last) {
        let starts_at = instant(zone, date.and_time(start)).map_err(DayError::Start);
        let ends_at = instant(zone, date.and_time(end)).map_err(DayError::End);
        match (starts_at, ends_at) {
            (Ok(starts_at), Ok(ends_at)) => days.push(Day { starts_at, ends_at }),
            (start, end) => errors.extend(start.err().into_iter().chain(end.err())),
        }
    }
    if errors.is_empty() {
        Ok(days)
    } else {
        Err(errors)
    }
}

#[cfg(test)]
mod tests {
    use chrono_tz::America::New_York;

    use super::*;

    fn date(date: &str) -> NaiveDate {
        date.parse().unwrap()
    }

    fn time(time: &str) -> NaiveTime {
        NaiveTime::parse_from_str(time, "%H:%M").unwrap()
    }

    #[test]
    fn nine_o_clock_stays_nine_o_clock_across_a_clock_change() {
        let dates = (date("2027-03-13"), date("2027-03-15"));
        let days = days(New_York, dates, (time("09:00"), time("15:30"))).unwrap();
        let starts: Vec<_> = days.iter().map(|day| day.starts_at.to_rfc3339()).collect();
        assert_eq!(
            starts,
            [
                "2027-03-13T14:00:00+00:00",
                "2027-03-14T13:00:00+00:00",
                "2027-03-15T13:00:00+00:00"
            ]
        );
    }

    #[test]
    fn a_time_that_does_not_exist_on_one_of_the_days_is_refused() {
        let dates = (date("2027-03-13"), date("2027-03-15"));
        let errors = days(New_York, dates, (time("02:30"), time("15:30"))).unwrap_err();
        let missing = LocalTimeError::Missing(date("2027-03-14").and_time(time("02:30")));
        assert_eq!(errors, [DayError::Start(missing)]);
    }

    #[test]
    fn a_time_that_exists_twice_on_one_of_the_days_is_refused() {
        let dates = (date("2027-11-06"), date("2027-11-08"));
        let errors = days(New_York, dates, (time("00:30"), time("01:30"))).unwrap_err();
        let twice = LocalTimeError::Ambiguous(date("2027-11-07").and_time(time("01:30")));
        assert_eq!(errors, [DayError::End(twice)]);
    }
}

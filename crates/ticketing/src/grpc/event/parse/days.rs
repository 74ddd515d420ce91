//! The days of an event: local dates and times to instants.

use chrono::{NaiveDate, NaiveTime, TimeDelta};
use service::Fields;
use values::{Edge, LocalTimeError, Times, WallTime, Zone, resolve};

use crate::domain::camp::Day;

/// The longest event, in days.
const MAX_DAYS: i64 = 366;

/// Every day as instants; empty when a day cannot be resolved, or the zone is not known.
pub fn day_list(
    fields: &mut Fields,
    zone: Option<Zone>,
    (first, last): (NaiveDate, NaiveDate),
    (start, end): (NaiveTime, NaiveTime),
) -> Vec<Day> {
    if last < first {
        fields.violation("end_date", "ORDER", "must not be before start_date");
        return Vec::new();
    }
    if last - first >= TimeDelta::days(MAX_DAYS) {
        let expected = format!("must be less than {MAX_DAYS} days after start_date");
        fields.violation("end_date", "RANGE", expected);
        return Vec::new();
    }
    let Some(zone) = zone else {
        return Vec::new();
    };
    days(zone, (first, last), (start, end)).unwrap_or_else(|errors| {
        for (edge, error) in errors {
            let field = match edge {
                Edge::Start => "start_time",
                Edge::End => "end_time",
            };
            fields.no_instant(field, &error);
        }
        Vec::new()
    })
}

/// The instants of every day from the first to the last, both included, or every daily time that
/// stands for no instant.
fn days(
    zone: Zone,
    (first, last): (NaiveDate, NaiveDate),
    (start, end): (NaiveTime, NaiveTime),
) -> Result<Vec<Day>, Vec<(Edge, LocalTimeError)>> {
    let wall = |time| WallTime { time, offset: None };
    let times = Times {
        start: wall(start),
        end: wall(end),
    };
    let mut days = Vec::new();
    let mut errors = Vec::new();
    for date in first.iter_days().take_while(|date| *date <= last) {
        match resolve(zone, date, times) {
            Ok((interval, _)) => days.push(Day {
                starts_at: interval.from(),
                ends_at: interval.to(),
            }),
            Err(wrong) => errors.extend(wrong),
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
        let days = days(Zone::new_york(), dates, (time("09:00"), time("15:30"))).unwrap();
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
        let errors = days(Zone::new_york(), dates, (time("02:30"), time("15:30"))).unwrap_err();
        let missing = LocalTimeError::NotExisting {
            date: date("2027-03-14"),
            time: time("02:30"),
            zone: Zone::new_york(),
        };
        assert_eq!(errors, [(Edge::Start, missing)]);
    }

    #[test]
    fn a_time_that_exists_twice_on_one_of_the_days_is_refused() {
        let dates = (date("2027-11-06"), date("2027-11-08"));
        let errors = days(Zone::new_york(), dates, (time("00:30"), time("01:30"))).unwrap_err();
        let twice = LocalTimeError::Ambiguous {
            date: date("2027-11-07"),
            time: time("01:30"),
            zone: Zone::new_york(),
            earlier: -240,
            later: -300,
        };
        assert_eq!(errors, [(Edge::End, twice)]);
    }
}

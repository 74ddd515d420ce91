//! Values that all services share as protobuf has them: instants, civil dates, money, positions.

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Utc};
use prost_types::Timestamp;
use values::Money;

use crate::common::v1::{LogPosition, Money as MoneyMessage};
use crate::google::r#type::Date;

/// The last nanosecond of a second. protobuf knows no other; chrono counts on in a leap second.
const LAST_NANO: u32 = 999_999_999;

/// An instant. A leap second is sent as the last nanosecond of the second before it.
pub fn timestamp(instant: DateTime<Utc>) -> Timestamp {
    let nanos = instant.timestamp_subsec_nanos().min(LAST_NANO);
    Timestamp {
        seconds: instant.timestamp(),
        nanos: nanos.cast_signed(),
    }
}

/// The instant that a timestamp means, `None` when it means none: nanoseconds that are negative
/// or a second long, a year that no calendar reaches.
pub fn instant(timestamp: &Timestamp) -> Option<DateTime<Utc>> {
    let nanos = u32::try_from(timestamp.nanos).ok()?;
    DateTime::from_timestamp(timestamp.seconds, nanos).filter(|_| nanos <= LAST_NANO)
}

/// A day of the calendar.
pub fn date(day: NaiveDate) -> Date {
    Date {
        year: day.year(),
        month: day.month().cast_signed(),
        day: day.day().cast_signed(),
    }
}

/// The day that a date means, with a year from 1 to 9999; `None` when it means none, or a whole
/// month or year.
pub fn day(date: &Date) -> Option<NaiveDate> {
    let (month, day) = (
        u32::try_from(date.month).ok()?,
        u32::try_from(date.day).ok()?,
    );
    NaiveDate::from_ymd_opt(date.year, month, day).filter(|_| (1..=9999).contains(&date.year))
}

/// A local time as `HH:MM`.
pub fn local_time(time: NaiveTime) -> String {
    time.format("%H:%M").to_string()
}

/// An amount of money.
pub fn money(money: &Money) -> MoneyMessage {
    MoneyMessage {
        currency_code: money.currency_code().to_owned(),
        minor_units: money.minor_units(),
    }
}

/// An amount of money from the columns of a read table.
pub fn amount(currency_code: String, minor_units: i64) -> MoneyMessage {
    MoneyMessage {
        currency_code,
        minor_units,
    }
}

/// An id that may be absent, which is the empty text.
pub fn optional_id(id: Option<impl ToString>) -> String {
    id.map(|id| id.to_string()).unwrap_or_default()
}

/// A place in a service's log.
pub fn position(service: &str, position: i64) -> LogPosition {
    LogPosition {
        service: service.to_owned(),
        position,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_comes_back_from_its_timestamp() {
        for text in [
            "1970-01-01T00:00:00Z",
            "1969-12-31T23:59:59.999999999Z",
            "2027-05-03T12:34:56.000000789Z",
            "9999-12-31T23:59:59.999999999Z",
        ] {
            let known: DateTime<Utc> = text.parse().unwrap();
            assert_eq!(instant(&timestamp(known)), Some(known), "{text}");
        }
    }

    #[test]
    fn a_leap_second_is_the_end_of_the_second_before() {
        let leap: DateTime<Utc> = "2016-12-31T23:59:60.5Z".parse().unwrap();
        let last: DateTime<Utc> = "2016-12-31T23:59:59.999999999Z".parse().unwrap();
        assert_eq!(instant(&timestamp(leap)), Some(last));
    }

    #[test]
    fn what_is_no_timestamp_is_no_instant() {
        for (seconds, nanos) in [(0, -1), (59, 1_000_000_000), (i64::MAX, 0), (i64::MIN, 0)] {
            assert_eq!(instant(&Timestamp { seconds, nanos }), None);
        }
    }

    #[test]
    fn a_day_comes_back_from_its_date() {
        let known = NaiveDate::from_ymd_opt(2028, 2, 29).unwrap();
        assert_eq!(day(&date(known)), Some(known));
    }

    #[test]
    fn what_is_not_in_the_calendar_is_no_day() {
        for (year, month, number) in [
            (2027, 2, 29),
            (2027, 0, 1),
            (2027, 5, 0),
            (2027, -5, 3),
            (0, 5, 3),
            (10_000, 5, 3),
        ] {
            let odd = Date {
                year,
                month,
                day: number,
            };
            assert_eq!(day(&odd), None, "{odd:?}");
        }
    }
}

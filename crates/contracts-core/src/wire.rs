//! Values that all services share as protobuf has them: instants, civil dates, money, positions.

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Utc};
use prost_types::Timestamp;
use uuid::Uuid;
use values::{Money, is_representable};

use crate::common::v1::{LogPosition, Money as MoneyMessage};
use crate::google::r#type::Date;

/// How the end of a day is written.
const END_OF_DAY: &str = "24:00";
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
/// or a second long, a year before 1 or after 9999.
pub fn instant(timestamp: &Timestamp) -> Option<DateTime<Utc>> {
    let nanos = u32::try_from(timestamp.nanos).ok()?;
    DateTime::from_timestamp(timestamp.seconds, nanos)
        .filter(|instant| nanos <= LAST_NANO && is_representable(*instant))
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

/// The local time at which something ends: midnight is `24:00`, with which a day ends.
pub fn local_end(time: NaiveTime) -> String {
    if time == NaiveTime::MIN {
        END_OF_DAY.to_owned()
    } else {
        local_time(time)
    }
}

/// The time that `HH:MM` means; `None` when it is anything else.
pub fn time(text: &str) -> Option<NaiveTime> {
    let (hours, minutes) = text.split_once(':')?;
    let two_digits = |part: &str| {
        let is_number = part.len() == 2 && part.bytes().all(|digit| digit.is_ascii_digit());
        is_number.then(|| part.parse().ok()).flatten()
    };
    NaiveTime::from_hms_opt(two_digits(hours)?, two_digits(minutes)?, 0)
}

/// The same for the end of something, which is midnight for `24:00` and never for `00:00`.
pub fn closing_time(text: &str) -> Option<NaiveTime> {
    if text == END_OF_DAY {
        return Some(NaiveTime::MIN);
    }
    time(text).filter(|time| *time != NaiveTime::MIN)
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

/// Spells an id as the answers do, in small letters with hyphens. What is no UUID stays as it is.
pub fn canonical_id(id: &mut String) {
    let Ok(uuid) = Uuid::parse_str(id) else {
        return;
    };
    let mut buffer = Uuid::encode_buffer();
    let canonical = uuid.hyphenated().encode_lower(&mut buffer);
    if canonical != id {
        canonical.clone_into(id);
    }
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
        for (seconds, nanos) in [
            (0, -1),
            (59, 1_000_000_000),
            (i64::MAX, 0),
            (i64::MIN, 0),
            (-62_135_596_801, 0),
            (253_402_300_800, 0),
        ] {
            assert_eq!(instant(&Timestamp { seconds, nanos }), None);
        }
    }

    #[test]
    fn a_time_is_two_digits_and_two_digits() {
        let time_of = |hour, minute| NaiveTime::from_hms_opt(hour, minute, 0);
        assert_eq!(time("09:30"), time_of(9, 30));
        assert_eq!(time("00:00"), time_of(0, 0));
        for odd in [
            "9:30", " 9:30", "9: 30", "10: 0", "+9:30", "09:3", "24:00", "23:60", "", ":",
        ] {
            assert_eq!(time(odd), None, "{odd:?}");
        }
    }

    #[test]
    fn a_day_ends_at_24_and_never_at_0() {
        assert_eq!(closing_time("24:00"), Some(NaiveTime::MIN));
        assert_eq!(closing_time("23:59"), NaiveTime::from_hms_opt(23, 59, 0));
        for odd in ["00:00", "24:01", "25:00"] {
            assert_eq!(closing_time(odd), None, "{odd:?}");
        }
        assert_eq!(local_end(NaiveTime::MIN), "24:00");
        assert_eq!(local_time(NaiveTime::MIN), "00:00");
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

    #[test]
    fn an_id_has_one_spelling() {
        let known = "0198c2a5-0000-7000-8000-00000000abcd";
        for spelling in [
            known,
            "0198C2A5-0000-7000-8000-00000000ABCD",
            "0198c2a500007000800000000000abCD",
            "{0198c2a5-0000-7000-8000-00000000abcd}",
            "urn:uuid:0198c2a5-0000-7000-8000-00000000abcd",
        ] {
            let mut id = spelling.to_owned();
            canonical_id(&mut id);
            assert_eq!(id, known, "{spelling}");
        }
        for other in ["", "ABCD", " 0198C2A5-0000-7000-8000-00000000ABCD"] {
            let mut id = other.to_owned();
            canonical_id(&mut id);
            assert_eq!(id, other);
        }
    }
}

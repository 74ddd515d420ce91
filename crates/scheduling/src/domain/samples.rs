//! Values of the golden events.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use uuid::Uuid;
use values::{Interval, LocalTimes, Money};

pub fn id<I: From<Uuid>>(number: u128) -> I {
    Uuid::from_u128(0x0198_0000_0000_7000_8000_0000_0000_0000 + number).into()
}

pub fn at(hour: u32) -> DateTime<Utc> {
    date().and_hms_opt(hour, 0, 0).unwrap().and_utc()
}

fn date() -> NaiveDate {
    NaiveDate::from_ymd_opt(2027, 5, 3).unwrap()
}

pub fn local() -> LocalTimes {
    LocalTimes {
        time_zone: "Europe/Berlin".to_owned(),
        date: date(),
        start: NaiveTime::from_hms_opt(14, 0, 0).unwrap(),
        end: NaiveTime::from_hms_opt(15, 30, 0).unwrap(),
    }
}

pub fn time() -> Interval {
    Interval::new(at(12), at(13)).unwrap()
}

pub fn eur(minor_units: i64) -> Money {
    Money::new("EUR", minor_units).unwrap()
}

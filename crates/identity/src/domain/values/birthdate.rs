use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

const FIRST_YEAR: i32 = 1900;

/// A civil date of birth, without a time or a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Birthdate(NaiveDate);

/// Why a date is no date of birth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BirthdateError {
    #[error("is not a day of the calendar")]
    NoSuchDay,
    /// The date is before 1900-01-01.
    #[error("must not be before 1900-01-01")]
    TooEarly,
    #[error("must not be in the future")]
    InFuture,
}

impl Birthdate {
    /// Parses a civil date from 1900-01-01 to `today`, both included.
    pub fn parse(
        year: i32,
        month: u32,
        day: u32,
        today: NaiveDate,
    ) -> Result<Self, BirthdateError> {
        let date = NaiveDate::from_ymd_opt(year, month, day).ok_or(BirthdateError::NoSuchDay)?;
        if year < FIRST_YEAR {
            return Err(BirthdateError::TooEarly);
        }
        if date > today {
            return Err(BirthdateError::InFuture);
        }
        Ok(Self(date))
    }

    pub fn date(self) -> NaiveDate {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use chrono::{Datelike, Days};
    use proptest::prelude::*;

    use super::*;

    fn today() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 3, 1).unwrap()
    }

    #[test]
    fn both_ends_of_the_range_are_included() {
        assert!(Birthdate::parse(1900, 1, 1, today()).is_ok());
        assert!(Birthdate::parse(2026, 3, 1, today()).is_ok());
        assert_eq!(
            Birthdate::parse(1899, 12, 31, today()),
            Err(BirthdateError::TooEarly)
        );
        assert_eq!(
            Birthdate::parse(2026, 3, 2, today()),
            Err(BirthdateError::InFuture)
        );
    }

    #[test]
    fn days_that_do_not_exist_are_refused() {
        for (year, month, day) in [
            (2023, 2, 29),
            (1900, 2, 29),
            (2020, 4, 31),
            (2020, 0, 1),
            (2020, 1, 0),
            (2020, 13, 1),
        ] {
            assert_eq!(
                Birthdate::parse(year, month, day, today()),
                Err(BirthdateError::NoSuchDay)
            );
        }
        assert!(Birthdate::parse(2024, 2, 29, today()).is_ok());
    }

    proptest! {
        #[test]
        fn no_numbers_make_the_parser_panic(year: i32, month: u32, day: u32) {
            let _ = Birthdate::parse(year, month, day, today());
        }

        #[test]
        fn exactly_the_days_from_1900_to_today_are_accepted(offset in 0_u64..60_000) {
            let date = NaiveDate::from_ymd_opt(1880, 1, 1).unwrap() + Days::new(offset);
            let parsed = Birthdate::parse(date.year(), date.month(), date.day(), today());
            prop_assert_eq!(parsed.is_ok(), date.year() >= 1900 && date <= today());
            if let Ok(birthdate) = parsed {
                prop_assert_eq!(birthdate.date(), date);
            }
        }
    }
}

use std::fmt;

use crate::currency;

use serde::{Deserialize, Serialize};

/// An amount in minor units of its currency, cents for USD and yen for JPY; never negative,
/// never a fraction.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    currency_code: String,
    minor_units: i64,
}

/// Why something is no amount of money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The code is not three upper-case letters.
    #[error("must be the ISO 4217 code of a currency in use, three upper-case letters")]
    Currency,
    /// The amount is below zero.
    #[error("must not be negative")]
    Negative,
    /// It is more than anything costs.
    #[error("must be at most 1000000000000")]
    TooMuch,
}

impl Money {
    /// The most minor units that somebody may ask for something. Nine million such amounts add up
    /// to less than 64 bits hold.
    pub const MOST_SET: i64 = 1_000_000_000_000;

    /// An amount of a currency, which is an ISO 4217 code such as `USD`.
    pub fn new(currency_code: &str, minor_units: i64) -> Result<Self, MoneyError> {
        if currency_code.len() != 3 || !currency_code.bytes().all(|b| b.is_ascii_uppercase()) {
            return Err(MoneyError::Currency);
        }
        if minor_units < 0 {
            return Err(MoneyError::Negative);
        }
        Ok(Self {
            currency_code: currency_code.to_owned(),
            minor_units,
        })
    }

    /// The ISO 4217 code.
    /// An amount that somebody asks for something. Its currency is in use today: not one that was
    /// withdrawn, one of a test, a metal or a fund.
    ///
    /// # Errors
    /// For such a currency, and for an amount that is negative or more than [`Money::MOST_SET`].
    pub fn set(currency_code: &str, minor_units: i64) -> Result<Self, MoneyError> {
        let money = Self::new(currency_code, minor_units)?;
        if !currency::is_current(currency_code) {
            return Err(MoneyError::Currency);
        }
        if minor_units > Self::MOST_SET {
            return Err(MoneyError::TooMuch);
        }
        Ok(money)
    }

    pub fn currency_code(&self) -> &str {
        &self.currency_code
    }

    /// The amount in minor units.
    pub fn minor_units(&self) -> i64 {
        self.minor_units
    }

    /// Whether there is nothing to pay.
    pub fn is_zero(&self) -> bool {
        self.minor_units == 0
    }

    /// This amount taken as the price of an hour: the price of so many minutes, half a minor unit
    /// rounded up. `None` for negative minutes and for amounts beyond `i64`.
    pub fn per_hour_for(&self, minutes: i64) -> Option<Self> {
        let sixtieths = i128::from(self.minor_units) * i128::from(minutes);
        let rounded = (sixtieths + 30).div_euclid(60);
        (minutes >= 0)
            .then(|| i64::try_from(rounded).ok())
            .flatten()
            .map(|minor_units| self.of_same_currency(minor_units))
    }

    /// The sum of amounts of one currency. `None` for no amounts at all, for several currencies and
    /// for a sum beyond `i64`.
    pub fn sum<'a>(amounts: impl IntoIterator<Item = &'a Money>) -> Option<Self> {
        let mut amounts = amounts.into_iter();
        let first = amounts.next()?.clone();
        amounts.try_fold(first, |sum, amount| {
            (sum.currency_code == amount.currency_code)
                .then(|| sum.minor_units.checked_add(amount.minor_units))
                .flatten()
                .map(|minor_units| sum.of_same_currency(minor_units))
        })
    }

    /// What is left after `parts`, which are amounts of the same currency; zero when they exceed
    /// this amount.
    #[must_use]
    pub fn less<'a>(&self, parts: impl Iterator<Item = &'a Money>) -> Self {
        let taken = parts.fold(0_i64, |sum, part| sum.saturating_add(part.minor_units));
        self.of_same_currency(self.minor_units.saturating_sub(taken).max(0))
    }

    fn of_same_currency(&self, minor_units: i64) -> Self {
        Self {
            currency_code: self.currency_code.clone(),
            minor_units,
        }
    }
}

impl fmt::Display for Money {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.minor_units, self.currency_code)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn usd(minor_units: i64) -> Money {
        Money::new("USD", minor_units).unwrap()
    }

    #[test]
    fn an_hour_costs_the_price_per_hour() {
        assert_eq!(usd(8_000).per_hour_for(60), Some(usd(8_000)));
        assert_eq!(usd(8_000).per_hour_for(90), Some(usd(12_000)));
    }

    #[test]
    fn half_a_cent_is_rounded_up_and_less_is_rounded_down() {
        assert_eq!(usd(1).per_hour_for(30), Some(usd(1)));
        assert_eq!(usd(1).per_hour_for(29), Some(usd(0)));
        assert_eq!(usd(101).per_hour_for(30), Some(usd(51)));
        assert_eq!(usd(100).per_hour_for(20), Some(usd(33)));
        assert_eq!(usd(100).per_hour_for(40), Some(usd(67)));
    }

    #[test]
    fn a_price_beyond_all_bounds_is_no_price() {
        assert_eq!(usd(i64::MAX).per_hour_for(61), None);
        assert_eq!(usd(100).per_hour_for(-1), None);
    }

    #[test]
    fn a_currency_is_three_upper_case_letters_and_no_amount_is_negative() {
        for code in ["usd", "US", "USDT", "", "U5D"] {
            assert_eq!(Money::new(code, 1), Err(MoneyError::Currency), "{code}");
        }
        assert_eq!(Money::new("USD", -1), Err(MoneyError::Negative));
    }

    #[test]
    fn what_is_left_is_never_negative() {
        let ten = usd(10);
        assert_eq!(ten.less([usd(4)].iter()), usd(6));
        assert_eq!(ten.less([usd(4), usd(7)].iter()), usd(0));
    }

    #[test]
    fn only_amounts_of_one_currency_have_a_sum() {
        assert_eq!(Money::sum(&[usd(4), usd(7)]), Some(usd(11)));
        assert_eq!(Money::sum(&[]), None);
        let eur = Money::new("EUR", 1).unwrap();
        assert_eq!(Money::sum(&[usd(4), eur]), None);
        assert_eq!(Money::sum(&[usd(i64::MAX), usd(1)]), None);
    }

    #[test]
    fn money_has_one_spelling_in_stored_json() {
        let json = r#"{"currency_code":"USD","minor_units":7500}"#;
        assert_eq!(serde_json::to_string(&usd(7_500)).unwrap(), json);
        assert_eq!(serde_json::from_str::<Money>(json).unwrap(), usd(7_500));
    }

    proptest! {
        #[test]
        fn the_rounding_is_never_off_by_more_than_half_a_minor_unit(
            per_hour in 0..=1_000_000_000_i64,
            minutes in 0..=100_000_i64,
        ) {
            let price = usd(per_hour).per_hour_for(minutes).unwrap().minor_units();
            let error = i128::from(price) * 60 - i128::from(per_hour) * i128::from(minutes);
            prop_assert!((-29..=30).contains(&error), "off by {error}/60");
        }

        #[test]
        fn a_longer_session_is_never_cheaper(
            per_hour in 0..=1_000_000_000_i64,
            minutes in 0..=100_000_i64,
        ) {
            let price = |minutes| usd(per_hour).per_hour_for(minutes).unwrap().minor_units();
            prop_assert!(price(minutes) <= price(minutes + 1));
        }
    }
}

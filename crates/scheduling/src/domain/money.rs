//! Amounts of money.

use serde::{Deserialize, Serialize};

/// An amount in minor units of its currency; never negative, never a fraction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Money {
    currency_code: String,
    minor_units: i64,
}

impl Money {
    /// `None` unless the code is three upper-case letters and the amount not negative.
    pub fn new(currency_code: &str, minor_units: i64) -> Option<Self> {
        let code_is_sound =
            currency_code.len() == 3 && currency_code.bytes().all(|b| b.is_ascii_uppercase());
        (code_is_sound && minor_units >= 0).then(|| Self {
            currency_code: currency_code.to_owned(),
            minor_units,
        })
    }

    /// ISO 4217.
    pub fn currency_code(&self) -> &str {
        &self.currency_code
    }

    /// Cents for USD, yen for JPY.
    pub fn minor_units(&self) -> i64 {
        self.minor_units
    }

    /// Taken as the price of an hour: the price of so many minutes, half a minor unit
    /// rounded up. `None` for negative minutes and for amounts beyond `i64`.
    pub fn per_hour_for(&self, minutes: i64) -> Option<Self> {
        let sixtieths = i128::from(self.minor_units) * i128::from(minutes);
        let rounded = (sixtieths + 30).div_euclid(60);
        (minutes >= 0)
            .then(|| i64::try_from(rounded).ok())
            .flatten()
            .map(|minor_units| Self {
                currency_code: self.currency_code.clone(),
                minor_units,
            })
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
            assert_eq!(Money::new(code, 1), None, "{code}");
        }
        assert_eq!(Money::new("USD", -1), None);
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

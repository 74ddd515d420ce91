//! Prices that somebody sets.

use serde::{Deserialize, Serialize};

use crate::money::{Money, MoneyError};

/// A price: a positive amount of money with an upper bound.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Price(Money);

/// Why something is no price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PriceError {
    /// The code is not three upper-case letters.
    #[error("the currency must be the ISO 4217 code of a currency in use")]
    Currency,
    /// The amount is zero, negative or too high.
    #[error("must be from 1 to 100000000 minor units")]
    Amount,
}

impl Price {
    /// The highest price in minor units. A price times the minutes of a day stays far from
    /// overflowing.
    pub const MAX_MINOR_UNITS: i64 = 100_000_000;

    /// Parses an ISO 4217 code and an amount from 1 to [`Self::MAX_MINOR_UNITS`].
    pub fn parse(currency_code: &str, minor_units: i64) -> Result<Self, PriceError> {
        let money = Money::set(currency_code, minor_units);
        match money {
            Err(MoneyError::Currency) => Err(PriceError::Currency),
            Ok(money) if (1..=Self::MAX_MINOR_UNITS).contains(&minor_units) => Ok(Self(money)),
            Ok(_) | Err(MoneyError::Negative | MoneyError::TooMuch) => Err(PriceError::Amount),
        }
    }

    /// The amount of money that it is.
    pub fn money(&self) -> &Money {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_positive_and_has_a_currency() {
        assert!(Price::parse("USD", 1).is_ok());
        assert!(Price::parse("JPY", Price::MAX_MINOR_UNITS).is_ok());
        for amount in [i64::MIN, -1, 0, Price::MAX_MINOR_UNITS + 1] {
            assert_eq!(Price::parse("USD", amount), Err(PriceError::Amount));
        }
        for currency in ["", "usd", "US", "USDT", "U$D", "ÄB"] {
            assert_eq!(
                Price::parse(currency, 100),
                Err(PriceError::Currency),
                "{currency:?}"
            );
        }
    }
}

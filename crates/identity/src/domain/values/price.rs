use serde::{Deserialize, Serialize};

/// A price: a positive amount in minor units of a currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Price {
    currency: String,
    minor_units: i64,
}

/// Why something is no price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PriceError {
    /// Not three upper-case letters.
    #[error("the currency must be an ISO 4217 code of three upper-case letters")]
    Currency,
    /// Zero, negative or absurdly high.
    #[error("must be from 1 to 100000000 minor units")]
    Amount,
}

impl Price {
    /// The highest price, minor units. A price times the minutes of a day stays far from
    /// overflowing.
    pub const MAX_MINOR_UNITS: i64 = 100_000_000;

    /// Parses an amount, 1 to [`Self::MAX_MINOR_UNITS`], and an ISO 4217 code.
    pub fn parse(currency: &str, minor_units: i64) -> Result<Self, PriceError> {
        if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(PriceError::Currency);
        }
        if !(1..=Self::MAX_MINOR_UNITS).contains(&minor_units) {
            return Err(PriceError::Amount);
        }
        Ok(Self {
            currency: currency.to_owned(),
            minor_units,
        })
    }

    /// ISO 4217 code.
    pub fn currency(&self) -> &str {
        &self.currency
    }

    /// The amount, minor units.
    pub fn minor_units(&self) -> i64 {
        self.minor_units
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

use std::fmt;

use serde::{Deserialize, Serialize};

/// An amount in minor units of a currency. Never negative, never a fraction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Money {
    minor_units: i64,
    currency: String,
}

/// Why something is not an amount of money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    #[error("an amount of money is not negative")]
    Negative,
    #[error("a currency is three upper-case letters of ISO 4217")]
    Currency,
}

impl Money {
    /// `minor_units` of `currency`, an ISO 4217 code such as "USD".
    pub fn new(minor_units: i64, currency: &str) -> Result<Self, MoneyError> {
        if minor_units < 0 {
            return Err(MoneyError::Negative);
        }
        if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(MoneyError::Currency);
        }
        Ok(Self {
            minor_units,
            currency: currency.to_owned(),
        })
    }

    /// Minor units: cents for USD, yen for JPY.
    pub fn minor_units(&self) -> i64 {
        self.minor_units
    }

    /// The ISO 4217 code.
    pub fn currency(&self) -> &str {
        &self.currency
    }

    pub fn is_zero(&self) -> bool {
        self.minor_units == 0
    }

    /// What is left after `parts`, which are amounts of the same currency; nothing when they
    /// exceed it.
    #[must_use]
    pub fn less<'a>(&self, parts: impl Iterator<Item = &'a Money>) -> Self {
        let taken = parts.fold(0_i64, |sum, part| sum.saturating_add(part.minor_units));
        Self {
            minor_units: self.minor_units.saturating_sub(taken).max(0),
            currency: self.currency.clone(),
        }
    }
}

impl fmt::Display for Money {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.minor_units, self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_negative_amount_or_an_odd_currency_is_no_money() {
        assert_eq!(Money::new(-1, "USD"), Err(MoneyError::Negative));
        assert_eq!(Money::new(1, "usd"), Err(MoneyError::Currency));
        assert_eq!(Money::new(1, "EURO"), Err(MoneyError::Currency));
        assert_eq!(Money::new(1, ""), Err(MoneyError::Currency));
    }

    #[test]
    fn what_is_left_is_never_negative() -> Result<(), MoneyError> {
        let ten = Money::new(10, "EUR")?;
        assert_eq!(
            ten.less([Money::new(4, "EUR")?].iter()),
            Money::new(6, "EUR")?
        );
        assert_eq!(
            ten.less([Money::new(4, "EUR")?, Money::new(7, "EUR")?].iter()),
            Money::new(0, "EUR")?
        );
        Ok(())
    }
}

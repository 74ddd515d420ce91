//! Amounts of money.

use serde::{Deserialize, Serialize};

/// An amount in minor units of its currency: cents for USD, yen for JPY.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    /// How much.
    pub minor_units: i64,
    /// ISO 4217, three upper-case letters.
    pub currency_code: String,
}

impl Money {
    /// Nothing has to be paid.
    pub const fn is_zero(&self) -> bool {
        self.minor_units == 0
    }
}

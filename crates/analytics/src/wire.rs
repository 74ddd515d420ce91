//! Values of the statistics as protobuf has them.

use std::collections::BTreeMap;

use contracts::common::v1::Money;
use contracts::wire;

/// Minor units by currency code.
pub fn amounts(amounts: BTreeMap<String, i64>) -> Vec<Money> {
    let amounts = amounts.into_iter();
    amounts
        .map(|(currency_code, minor_units)| wire::amount(currency_code, minor_units))
        .collect()
}

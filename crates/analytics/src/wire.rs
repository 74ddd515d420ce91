//! Values of the statistics as protobuf has them. Below the RPCs and the fold.

use std::collections::BTreeMap;

use chrono::{DateTime, SubsecRound as _, Utc};
use contracts::common::v1::Money;
use contracts::wire;
use prost_types::Timestamp;

/// The instant of a timestamp, if it is one; to the microsecond, so that it is the same in memory
/// as in a table.
pub fn instant(timestamp: Option<&Timestamp>) -> Option<DateTime<Utc>> {
    wire::instant(timestamp?).map(|instant| instant.trunc_subsecs(6))
}

/// Minor units by currency code.
pub fn amounts(amounts: BTreeMap<String, i64>) -> Vec<Money> {
    let amounts = amounts.into_iter();
    amounts
        .map(|(currency_code, minor_units)| wire::amount(currency_code, minor_units))
        .collect()
}

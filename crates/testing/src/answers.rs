//! What requests and answers consist of in the tests of every service.

use contracts::common::v1::Money;
use tonic::{Code, Status};
use tonic_types::{FieldViolation, StatusExt as _};
use uuid::Uuid;

/// A new id for a request.
pub fn request_id() -> String {
    Uuid::now_v7().to_string()
}

/// Money in US cents.
pub fn usd(minor_units: i64) -> Money {
    money("USD", minor_units)
}

/// Money in euro cents.
pub fn eur(minor_units: i64) -> Money {
    money("EUR", minor_units)
}

fn money(currency_code: &str, minor_units: i64) -> Money {
    Money {
        currency_code: currency_code.to_owned(),
        minor_units,
    }
}

/// The documented reason of a refusal; empty when it has none.
pub fn reason(status: &Status) -> String {
    let details = status.get_error_details();
    let info = details.error_info();
    info.map(|info| info.reason.clone()).unwrap_or_default()
}

/// Code and reason of a refusal.
pub fn refusal(status: &Status) -> (Code, String) {
    (status.code(), reason(status))
}

/// The malformed fields of a refused request, in order.
pub fn fields(status: &Status) -> Vec<String> {
    let malformed = malformed(status).into_iter();
    malformed.map(|it| it.field).collect()
}

/// The same, each with what is wrong with it: `slot_id: UUID`.
pub fn violations(status: &Status) -> Vec<String> {
    let malformed = malformed(status).into_iter();
    malformed
        .map(|it| format!("{}: {}", it.field, it.reason))
        .collect()
}

fn malformed(status: &Status) -> Vec<FieldViolation> {
    let details = status.get_error_details();
    let request = details.bad_request().cloned();
    request.map(|it| it.field_violations).unwrap_or_default()
}

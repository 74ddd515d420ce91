//! Rows of read tables as queries give them.

use serde::de::DeserializeOwned;
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use sqlx::{Error, Row as _};

/// Reads a row that was selected as one JSON value, `select to_jsonb(t) from …`: for `try_map` of
/// a query, before its rows are fetched.
#[expect(clippy::needless_pass_by_value, reason = "try_map gives rows by value")]
pub fn json_row<R: DeserializeOwned>(row: PgRow) -> Result<R, Error> {
    let Json(row) = row.try_get(0)?;
    Ok(row)
}

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use service::page::Page;
use sqlx::{PgPool, types::Json};
use uuid::Uuid;

use crate::projector::children::TransferRow;

/// The last row of a page, by time of the offer and id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    requested_at: DateTime<Utc>,
    id: Uuid,
}

impl Cursor {
    /// The end of a page whose last row this is.
    pub fn of(row: &TransferRow) -> Self {
        Self {
            requested_at: row.requested_at,
            id: row.id.uuid(),
        }
    }
}

/// The open offers of a page that a user has made or received, the newest first, and one more if
/// there is one.
pub async fn open_of(
    pool: &PgPool,
    user_id: Uuid,
    page: &Page<Cursor>,
) -> Result<Vec<TransferRow>, sqlx::Error> {
    let after = page.after.as_ref();
    let rows: Vec<Json<TransferRow>> = sqlx::query_scalar(
        "select row_to_json(t) from guardian_transfers t \
         where status = 'OPEN' and expires_at > clock_timestamp() and (guardian_id = $1 or to_user_id = $1) \
         and ($2::timestamptz is null or (requested_at, id) < ($2, $3)) \
         order by requested_at desc, id desc limit $4",
    )
    .bind(user_id)
    .bind(after.map(|cursor| cursor.requested_at))
    .bind(after.map(|cursor| cursor.id))
    .bind(page.limit())
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(|Json(row)| row).collect())
}

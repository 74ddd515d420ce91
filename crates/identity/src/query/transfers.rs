use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use service::{Page, json_row};
use sqlx::PgPool;

use crate::domain::values::{TransferId, UserId};
use crate::projector::children::TransferRow;

/// Where a list of offers goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferCursor {
    requested_at: DateTime<Utc>,
    id: TransferId,
}

impl TransferCursor {
    /// The next page begins after this offer.
    pub fn of(offer: &TransferRow) -> Self {
        Self {
            requested_at: offer.requested_at,
            id: offer.id,
        }
    }
}

/// The open offers that a user has made or received, the newest first.
pub async fn transfers(
    pool: &PgPool,
    user_id: UserId,
    page: &Page<TransferCursor>,
) -> Result<Vec<TransferRow>, sqlx::Error> {
    let after = page.after.as_ref();
    sqlx::query(
        "select to_jsonb(t) from guardian_transfers t \
         where status = 'OPEN' and expires_at > clock_timestamp() and (guardian_id = $1 or to_user_id = $1) \
         and ($2::timestamptz is null or (requested_at, id) < ($2, $3)) \
         order by requested_at desc, id desc limit $4",
    )
    .bind(user_id.uuid())
    .bind(after.map(|cursor| cursor.requested_at))
    .bind(after.map(|cursor| cursor.id.uuid()))
    .bind(page.limit())
    .try_map(json_row)
    .fetch_all(pool)
    .await
}

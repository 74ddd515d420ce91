//! Reads `bookings`. The table may be behind scheduling and ticketing: whoever decides by it asks
//! in the room `reference`, which waits until it has caught up.

use chrono::{DateTime, Utc};
use sqlx::PgPool;
use uuid::Uuid;

/// Whether a paid booking that is not over concerns one of these ids: of a child, of the parent who
/// booked, or of a trainer who coaches.
pub async fn any_paid_ahead(
    pool: &PgPool,
    ids: &[Uuid],
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(
        "select exists (select from bookings where state = 'PAID' and ends_at > $2 \
         and (parent_id = any ($1) or child_ids && $1 or trainer_ids && $1))",
    )
    .bind(ids)
    .bind(now)
    .fetch_one(pool)
    .await
}

/// Whether a trainer coaches a child in a paid booking that is not over.
pub async fn coaches_ahead(
    pool: &PgPool,
    trainer_id: Uuid,
    child_id: Uuid,
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(
        "select exists (select from bookings where state = 'PAID' and ends_at > $3 \
         and trainer_ids @> array[$1] and child_ids @> array[$2])",
    )
    .bind(trainer_id)
    .bind(child_id)
    .bind(now)
    .fetch_one(pool)
    .await
}

//! Bookings that lie ahead. The table may be behind scheduling and ticketing: whoever decides by it
//! asks in the room `reference`, which waits until it has caught up.

use chrono::{DateTime, Utc};
use sqlx::PgPool;

use crate::domain::values::{ChildId, UserId};

/// Whether a paid booking that is not over concerns one of these children or this user, who booked
/// it or coaches in it.
pub async fn any_paid_ahead(
    pool: &PgPool,
    user_id: Option<UserId>,
    child_ids: &[ChildId],
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let child_ids: Vec<_> = child_ids.iter().map(|id| id.uuid()).collect();
    sqlx::query_scalar(
        "select exists (select from bookings where state = 'PAID' and ends_at > $3 \
         and (parent_id = $1 or trainer_ids @> array[$1::uuid] or child_ids && $2))",
    )
    .bind(user_id.map(UserId::uuid))
    .bind(child_ids)
    .bind(now)
    .fetch_one(pool)
    .await
}

/// Whether a trainer coaches a child in a paid booking that is not over.
pub async fn coaches_ahead(
    pool: &PgPool,
    trainer_id: UserId,
    child_id: ChildId,
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(
        "select exists (select from bookings where state = 'PAID' and ends_at > $3 \
         and trainer_ids @> array[$1] and child_ids @> array[$2])",
    )
    .bind(trainer_id.uuid())
    .bind(child_id.uuid())
    .bind(now)
    .fetch_one(pool)
    .await
}

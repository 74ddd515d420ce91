//! Slots: those that can be booked, for everybody, and the others for those whose they are.

use chrono::{DateTime, Utc};
use service::{Page, json_row};
use sqlx::PgPool;
use values::{LocationId, SlotId, TrainerId};

use super::StartCursor;
use crate::domain::session::Acting;
use crate::projector::{SlotRow, SlotStatus};

/// Which slots; what is left out does not matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotFilter {
    pub trainer_id: Option<TrainerId>,
    pub location_id: Option<LocationId>,
    /// Starting then or later.
    pub from: Option<DateTime<Utc>>,
    /// Starting before.
    pub until: Option<DateTime<Utc>>,
}

/// What makes a slot one that can be booked at `$1`.
const AVAILABLE: &str = "status = 'FREE' and not is_deleted and starts_at > $1
    and not exists (select from known_trainers t where t.trainer_id = s.trainer_id and not t.bookable)";

/// One slot: any for an admin, of the others one that can be booked after `now`, and for a trainer
/// each of their own.
pub async fn slot(
    pool: &PgPool,
    acting: Acting,
    id: SlotId,
    now: DateTime<Utc>,
) -> Result<Option<SlotRow>, sqlx::Error> {
    let (all, owner) = match acting {
        Acting::Admin => (true, None),
        Acting::Trainer(id) => (false, Some(id.uuid())),
        Acting::Parent(_) => (false, None),
    };
    let sql = format!(
        "select to_jsonb(s) from slots s
         where id = $2 and not is_deleted and ($3 or trainer_id = $4 or ({AVAILABLE}))"
    );
    sqlx::query(&sql)
        .bind(now)
        .bind(id.uuid())
        .bind(all)
        .bind(owner)
        .try_map(json_row)
        .fetch_optional(pool)
        .await
}

/// Slots that can be booked after `now`, by start.
pub async fn available_slots(
    pool: &PgPool,
    filter: &SlotFilter,
    now: DateTime<Utc>,
    page: &Page<StartCursor>,
) -> Result<Vec<SlotRow>, sqlx::Error> {
    let after = page.after.as_ref();
    let sql = format!(
        "select to_jsonb(s) from slots s
         where {AVAILABLE}
           and ($2::uuid is null or trainer_id = $2)
           and ($3::uuid is null or location_id = $3)
           and ($4::timestamptz is null or starts_at >= $4)
           and ($5::timestamptz is null or starts_at < $5)
           and ($6::timestamptz is null or (starts_at, id) > ($6, $7))
         order by starts_at, id limit $8"
    );
    sqlx::query(&sql)
        .bind(now)
        .bind(filter.trainer_id.map(TrainerId::uuid))
        .bind(filter.location_id.map(LocationId::uuid))
        .bind(filter.from)
        .bind(filter.until)
        .bind(after.map(|it| it.starts_at))
        .bind(after.map(|it| it.id))
        .bind(page.limit())
        .try_map(json_row)
        .fetch_all(pool)
        .await
}

/// The slots of their owner, or of all trainers without one, by start; in any status when none is
/// named.
pub async fn slots(
    pool: &PgPool,
    owner: Option<TrainerId>,
    filter: &SlotFilter,
    statuses: &[SlotStatus],
    page: &Page<StartCursor>,
) -> Result<Vec<SlotRow>, sqlx::Error> {
    let after = page.after.as_ref();
    let statuses: Vec<&str> = statuses.iter().map(Into::into).collect();
    sqlx::query(
        "select to_jsonb(s) from slots s
         where not is_deleted
           and ($1::uuid is null or trainer_id = $1)
           and ($2::uuid is null or trainer_id = $2)
           and ($3::uuid is null or location_id = $3)
           and (cardinality($4::text[]) = 0 or status = any($4))
           and ($5::timestamptz is null or starts_at >= $5)
           and ($6::timestamptz is null or starts_at < $6)
           and ($7::timestamptz is null or (starts_at, id) > ($7, $8))
         order by starts_at, id limit $9",
    )
    .bind(owner.map(TrainerId::uuid))
    .bind(filter.trainer_id.map(TrainerId::uuid))
    .bind(filter.location_id.map(LocationId::uuid))
    .bind(statuses)
    .bind(filter.from)
    .bind(filter.until)
    .bind(after.map(|it| it.starts_at))
    .bind(after.map(|it| it.id))
    .bind(page.limit())
    .try_map(json_row)
    .fetch_all(pool)
    .await
}

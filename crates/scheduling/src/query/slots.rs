//! Slots that can be booked.

use chrono::{DateTime, Utc};
use service::{Page, json_row};
use sqlx::PgPool;
use values::{LocationId, TrainerId};

use super::StartCursor;
use crate::projector::SlotRow;

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

/// Free slots that begin after `now`, by start.
pub async fn available_slots(
    pool: &PgPool,
    filter: &SlotFilter,
    now: DateTime<Utc>,
    page: &Page<StartCursor>,
) -> Result<Vec<SlotRow>, sqlx::Error> {
    let after = page.after.as_ref();
    sqlx::query(
        "select to_jsonb(s) from slots s
         where status = 'FREE' and not is_deleted and starts_at > $1
           and ($2::uuid is null or trainer_id = $2)
           and ($3::uuid is null or location_id = $3)
           and ($4::timestamptz is null or starts_at >= $4)
           and ($5::timestamptz is null or starts_at < $5)
           and ($6::timestamptz is null or (starts_at, id) > ($6, $7))
           and not exists (select from known_trainers t where t.trainer_id = s.trainer_id and not t.bookable)
         order by starts_at, id limit $8",
    )
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

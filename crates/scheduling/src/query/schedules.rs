use chrono::{DateTime, Utc};
use service::{Page, json_row};
use sqlx::PgPool;
use values::TrainerId;

use super::StartCursor;
use crate::projector::ScheduleRow;

/// Which windows; what is left out does not matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleFilter {
    pub trainer_id: Option<TrainerId>,
    /// Ending after this.
    pub from: Option<DateTime<Utc>>,
    /// Starting before.
    pub until: Option<DateTime<Utc>>,
}

/// The windows of their owner, or of all trainers without one, by start.
pub async fn schedules(
    pool: &PgPool,
    owner: Option<TrainerId>,
    filter: &ScheduleFilter,
    page: &Page<StartCursor>,
) -> Result<Vec<ScheduleRow>, sqlx::Error> {
    let after = page.after.as_ref();
    sqlx::query(
        "select to_jsonb(s) from schedules s
         where ($1::uuid is null or trainer_id = $1)
           and ($2::uuid is null or trainer_id = $2)
           and ($3::timestamptz is null or end_date > $3)
           and ($4::timestamptz is null or start_date < $4)
           and ($5::timestamptz is null or (start_date, id) > ($5, $6))
         order by start_date, id limit $7",
    )
    .bind(owner.map(TrainerId::uuid))
    .bind(filter.trainer_id.map(TrainerId::uuid))
    .bind(filter.from)
    .bind(filter.until)
    .bind(after.map(|it| it.starts_at))
    .bind(after.map(|it| it.id))
    .bind(page.limit())
    .try_map(json_row)
    .fetch_all(pool)
    .await
}

//! Timers of processes: rows that fire when they are due.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::{PgPool, Postgres, Row as _, Transaction};
use uuid::Uuid;

/// How many timers fire in one transaction.
const AT_ONCE: i64 = 500;

/// A timer whose instant has come.
pub(crate) struct DueTimer {
    pub key: String,
    pub name: String,
    pub due: DateTime<Utc>,
    pub correlation_id: Uuid,
    pub causation_id: Uuid,
    pub trace_context: Option<String>,
}

/// The timers of a process that are due by the database's clock, earliest first. Those of
/// parked keys wait with them.
pub(crate) async fn due(
    transaction: &mut Transaction<'static, Postgres>,
    process: &str,
) -> Result<Vec<DueTimer>, sqlx::Error> {
    sqlx::query(
        "select key, name, due, correlation_id, causation_id, trace_context from process_timers t \
         where process = $1 and due <= clock_timestamp() and not exists ( \
            select 1 from parked_keys p where p.projection = t.process and p.key = t.key) \
         order by due, key, name limit $2",
    )
    .bind(process)
    .bind(AT_ONCE)
    .fetch_all(&mut **transaction)
    .await?
    .iter()
    .map(|row| {
        Ok(DueTimer {
            key: row.try_get(0)?,
            name: row.try_get(1)?,
            due: row.try_get(2)?,
            correlation_id: row.try_get(3)?,
            causation_id: row.try_get(4)?,
            trace_context: row.try_get(5)?,
        })
    })
    .collect()
}

/// How long it is until the next timer of a process is due; `None` when none is set.
pub(crate) async fn until_next(
    pool: &PgPool,
    process: &str,
) -> Result<Option<Duration>, sqlx::Error> {
    let seconds: Option<f64> = sqlx::query_scalar(
        "select extract(epoch from min(due) - clock_timestamp())::float8 from process_timers t \
         where process = $1 and not exists ( \
            select 1 from parked_keys p where p.projection = t.process and p.key = t.key)",
    )
    .bind(process)
    .fetch_one(pool)
    .await?;
    Ok(seconds.map(|seconds| {
        // Far in the future is as good as any time beyond the next look.
        Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX)
    }))
}

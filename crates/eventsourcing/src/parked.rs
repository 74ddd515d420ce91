//! Parked keys as an operator sees them.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{FromRow, PgPool, Row as _, postgres::PgRow};

/// The parked keys of one service.
#[derive(Clone, Debug)]
pub struct Parked {
    pool: PgPool,
}

/// A key whose events cannot be folded.
#[derive(Clone, Debug, Serialize)]
pub struct ParkedKey {
    /// The projection or process.
    pub projection: String,
    pub key: String,
    /// The log of the event that failed.
    pub source: String,
    /// The position of the event that failed.
    pub position: i64,
    /// What is wrong with it.
    pub error: String,
    /// Since when it is parked.
    pub parked_at: DateTime<Utc>,
    /// How many events wait.
    pub events: i64,
    /// Another try was asked for and has not been made yet.
    pub retry_requested: bool,
}

impl FromRow<'_, PgRow> for ParkedKey {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            projection: row.try_get("projection")?,
            key: row.try_get("key")?,
            source: row.try_get("source")?,
            position: row.try_get("position")?,
            error: row.try_get("error")?,
            parked_at: row.try_get("parked_at")?,
            events: row.try_get("events")?,
            retry_requested: row.try_get("retry_requested")?,
        })
    }
}

impl Parked {
    /// The parked keys in the schema of the pool.
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// All of them, or those of one projection, longest first.
    pub async fn list(&self, projection: Option<&str>) -> Result<Vec<ParkedKey>, sqlx::Error> {
        sqlx::query_as(
            "select projection, key, source, position, error, parked_at, retry_requested, \
                    (select count(*) from parked_events e \
                     where e.projection = k.projection and e.key = k.key) as events \
             from parked_keys k where $1::text is null or projection = $1 \
             order by parked_at, projection, key",
        )
        .bind(projection)
        .fetch_all(&self.pool)
        .await
    }

    /// Asks the running owner to fold the events of a key after all, within a second. Returns
    /// whether the key is parked.
    pub async fn request_retry(&self, projection: &str, key: &str) -> Result<bool, sqlx::Error> {
        let asked = sqlx::query(
            "update parked_keys set retry_requested = true where projection = $1 and key = $2",
        )
        .bind(projection)
        .bind(key)
        .execute(&self.pool)
        .await?;
        Ok(asked.rows_affected() == 1)
    }
}

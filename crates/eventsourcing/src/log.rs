//! The event log of one service: what is read from it, and the door to appending.

use std::{
    any::{Any, TypeId},
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use sqlx::PgPool;
use tokio::sync::watch;

use crate::{
    error::LogError,
    event::{COLUMNS, RecordedEvent},
    journal::Journal,
    upcast::Upcasters,
};

/// The log of one service. Cheap to clone; every clone appends through the same journal.
///
/// The pool's connections must have the service's schema first in their `search_path`.
#[derive(Clone)]
pub struct EventLog {
    inner: Arc<Inner>,
}

struct Inner {
    pool: PgPool,
    upcasters: Upcasters,
    journal: Journal,
    caches: Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
}

impl EventLog {
    /// Opens the log in the pool's schema and starts its journal.
    ///
    /// Fails when the database cannot be reached or the schema has no log.
    pub async fn open(pool: PgPool, upcasters: Upcasters) -> Result<Self, LogError> {
        let journal = Journal::start(pool.clone()).await?;
        Ok(Self {
            inner: Arc::new(Inner {
                pool,
                upcasters,
                journal,
                caches: Mutex::default(),
            }),
        })
    }

    /// The pool of the service's schema.
    pub fn pool(&self) -> &PgPool {
        &self.inner.pool
    }

    /// The last position of the log, 0 when it is empty.
    pub async fn head(&self) -> Result<i64, LogError> {
        Ok(sqlx::query_scalar("select position from log_head")
            .fetch_one(self.pool())
            .await?)
    }

    /// The end of the log: its last position and the hash of the chain up to it, which
    /// [`verify`](crate::verify) finds again.
    pub async fn head_hash(&self) -> Result<(i64, Vec<u8>), LogError> {
        Ok(sqlx::query_as("select position, hash from log_head")
            .fetch_one(self.pool())
            .await?)
    }

    /// At most `limit` events after a position, in order. Positions are gapless and in commit
    /// order, so a reader that goes on from the last one it saw misses nothing.
    pub async fn read(&self, after: i64, limit: i64) -> Result<Vec<RecordedEvent>, LogError> {
        let sql =
            format!("select {COLUMNS} from events where position > $1 order by position limit $2");
        let rows = sqlx::query(&sql)
            .bind(after)
            .bind(limit)
            .fetch_all(self.pool())
            .await?;
        rows.iter()
            .map(|row| RecordedEvent::from_row(row, &self.inner.upcasters))
            .collect()
    }

    /// The events of one aggregate after a sequence number, in order.
    pub async fn read_aggregate(
        &self,
        aggregate_type: &str,
        id: &str,
        after_sequence: i64,
    ) -> Result<Vec<RecordedEvent>, LogError> {
        let sql = format!(
            "select {COLUMNS} from events \
             where aggregate_type = $1 and aggregate_id = $2 and sequence > $3 order by sequence"
        );
        let rows = sqlx::query(&sql)
            .bind(aggregate_type)
            .bind(id)
            .bind(after_sequence)
            .fetch_all(self.pool())
            .await?;
        rows.iter()
            .map(|row| RecordedEvent::from_row(row, &self.inner.upcasters))
            .collect()
    }

    /// The last event of one aggregate that is of one of these types.
    pub async fn last_of(
        &self,
        aggregate_type: &str,
        id: &str,
        event_types: &[&str],
    ) -> Result<Option<RecordedEvent>, LogError> {
        let sql = format!(
            "select {COLUMNS} from events where aggregate_type = $1 and aggregate_id = $2 \
             and event_type = any ($3) order by sequence desc limit 1"
        );
        let row = sqlx::query(&sql)
            .bind(aggregate_type)
            .bind(id)
            .bind(event_types)
            .fetch_optional(self.pool())
            .await?;
        row.map(|row| RecordedEvent::from_row(&row, &self.inner.upcasters))
            .transpose()
    }

    /// Follows the last position that this process has appended. Other processes append too:
    /// a reader that waits on this looks at the log from time to time as well.
    pub fn subscribe(&self) -> watch::Receiver<i64> {
        self.inner.journal.subscribe()
    }

    /// The aggregate that holds a unique claim now. Strongly consistent.
    pub async fn claim_owner(&self, scope: &str, key: &str) -> Result<Option<String>, LogError> {
        Ok(sqlx::query_scalar(
            "select aggregate_id from unique_claims where scope = $1 and key = $2",
        )
        .bind(scope)
        .bind(key)
        .fetch_optional(self.pool())
        .await?)
    }

    /// The keys of a scope that are claimed now, in no order. Strongly consistent.
    pub async fn claimed(&self, scope: &str) -> Result<Vec<String>, LogError> {
        Ok(
            sqlx::query_scalar("select key from unique_claims where scope = $1")
                .bind(scope)
                .fetch_all(self.pool())
                .await?,
        )
    }

    pub(crate) fn journal(&self) -> &Journal {
        &self.inner.journal
    }

    /// The one value of a type that belongs to this log, made on first use.
    pub(crate) fn shared<T: Send + Sync + 'static>(&self, make: impl FnOnce() -> T) -> Arc<T> {
        let mut caches = self
            .inner
            .caches
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let entry = caches
            .entry(TypeId::of::<T>())
            .or_insert_with(|| Arc::new(make()) as Arc<dyn Any + Send + Sync>);
        Arc::clone(entry)
            .downcast()
            .unwrap_or_else(|_| unreachable!("keyed by its own type"))
    }
}

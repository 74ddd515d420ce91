//! A service's own log as a feed.

use std::{sync::Arc, time::Duration};

use futures::future::BoxFuture;
use sqlx::{PgPool, Row as _};
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{
    DecodeError, EventLog, LogError, RecordedEvent,
    feed::{Batch, Delivered, Feed, FeedError, Undecodable},
};

/// How often the log is looked at for what other processes append.
const POLL: Duration = Duration::from_millis(50);
/// A feed's reader looks by itself after so long.
const LOOK: Duration = Duration::from_secs(1);

/// Reads the event for the fold, `None` when it is of no interest.
pub type DecodeRecorded<E> = fn(&RecordedEvent) -> Result<Option<E>, DecodeError>;

/// A service's own log, read directly.
pub struct LocalFeed<E> {
    source: &'static str,
    log: EventLog,
    decode: DecodeRecorded<E>,
    head: Arc<Head>,
}

/// The head of a log as this process knows it, looked at for all feeds of the log together.
pub(crate) struct Head {
    known: watch::Sender<i64>,
    _watcher: DropGuard,
}

impl Head {
    /// The head of a log. Starts to watch it.
    pub fn of(log: &EventLog) -> Arc<Self> {
        log.shared(|| {
            let known = watch::Sender::new(0);
            let stop = CancellationToken::new();
            let (pool, committed) = (log.pool().clone(), log.subscribe());
            tokio::spawn(watch_head(pool, committed, known.clone(), stop.clone()));
            Self {
                known,
                _watcher: stop.drop_guard(),
            }
        })
    }

    /// Returns when the log has more than a position, or after a second.
    pub async fn beyond(&self, position: i64) {
        let mut known = self.known.subscribe();
        let more = known.wait_for(|head| *head > position);
        let _ = tokio::time::timeout(LOOK, more).await;
    }
}

async fn watch_head(
    pool: PgPool,
    mut committed: watch::Receiver<i64>,
    known: watch::Sender<i64>,
    stop: CancellationToken,
) {
    let mut appending = true;
    loop {
        let own = tokio::select! {
            () = stop.cancelled() => return,
            changed = committed.changed(), if appending => {
                // Without a journal nothing is appended here any more; others may.
                appending = changed.is_ok();
                *committed.borrow_and_update()
            }
            () = tokio::time::sleep(POLL) => 0,
        };
        let head = if own > 0 {
            own
        } else {
            sqlx::query_scalar("select position from log_head")
                .fetch_one(&pool)
                .await
                .unwrap_or(0)
        };
        known.send_if_modified(|known| {
            let more = head > *known;
            *known = (*known).max(head);
            more
        });
    }
}

/// At most `limit` events after a position: those before the first that cannot be brought to its
/// present version. Fails when that is the next.
pub(crate) async fn read_up_to_undecodable(
    log: &EventLog,
    after: i64,
    limit: i64,
) -> Result<Vec<RecordedEvent>, LogError> {
    match log.read(after, limit).await {
        Err(LogError::Decode(error)) if error.position > after + 1 => {
            log.read(after, error.position - after - 1).await
        }
        read => read,
    }
}

impl<E> LocalFeed<E> {
    /// A feed of the log of the service `source`.
    pub fn new(source: &'static str, log: &EventLog, decode: DecodeRecorded<E>) -> Self {
        Self {
            source,
            log: log.clone(),
            decode,
            head: Head::of(log),
        }
    }

    async fn read_batch(&self, after: i64, limit: usize) -> Result<Batch<E>, FeedError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        match read_up_to_undecodable(&self.log, after, limit).await {
            Ok(records) => self.decode_batch(after, records),
            Err(LogError::Decode(error)) => self.step_over(&error).await,
            Err(error) => Err(error.into()),
        }
    }

    /// The next event, which cannot be brought to its present version.
    async fn step_over(&self, error: &DecodeError) -> Result<Batch<E>, FeedError> {
        let row = sqlx::query("select aggregate_id from events where position = $1")
            .bind(error.position)
            .fetch_one(self.log.pool())
            .await
            .map_err(LogError::from)?;
        Ok(Batch {
            events: Vec::new(),
            undecodable: vec![Undecodable {
                position: error.position,
                aggregate_id: row.try_get(0).map_err(LogError::from)?,
                error: error.to_string(),
            }],
            upto: error.position,
        })
    }

    fn decode_batch(&self, after: i64, records: Vec<RecordedEvent>) -> Result<Batch<E>, FeedError> {
        let mut batch = Batch::new(Vec::with_capacity(records.len()), after);
        for record in records {
            if record.position != batch.upto + 1 {
                return Err(FeedError::Broken {
                    source_name: self.source,
                    reason: format!("position {} follows {}", record.position, batch.upto),
                });
            }
            batch.upto = record.position;
            match (self.decode)(&record) {
                Ok(Some(event)) => batch.events.push(deliver(self.source, record, event)),
                Ok(None) => {}
                Err(error) => batch.undecodable.push(Undecodable {
                    position: record.position,
                    aggregate_id: record.aggregate_id,
                    error: error.to_string(),
                }),
            }
        }
        Ok(batch)
    }
}

fn deliver<E>(source: &'static str, record: RecordedEvent, event: E) -> Delivered<E> {
    Delivered {
        source,
        position: record.position,
        event_id: record.event_id,
        recorded_at: record.recorded_at,
        actor: record.actor,
        aggregate_id: record.aggregate_id,
        sequence: record.sequence,
        correlation_id: record.correlation_id,
        trace_context: record.trace_context,
        event,
    }
}

impl<E: Send + Sync> Feed<E> for LocalFeed<E> {
    fn source(&self) -> &'static str {
        self.source
    }

    fn read(&self, after: i64, limit: usize) -> BoxFuture<'_, Result<Batch<E>, FeedError>> {
        Box::pin(self.read_batch(after, limit))
    }

    fn head(&self) -> BoxFuture<'_, Result<i64, FeedError>> {
        Box::pin(async { Ok(self.log.head().await?) })
    }

    fn changed(&self, after: i64) -> BoxFuture<'_, ()> {
        Box::pin(self.head.beyond(after))
    }
}

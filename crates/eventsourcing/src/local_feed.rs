//! A service's own log as a feed.

use std::sync::Arc;

use futures::future::BoxFuture;
use sqlx::Row as _;

use crate::{
    DecodeError, EventLog, LogError, RecordedEvent,
    feed::{Batch, Delivered, Feed, FeedError, Undecodable},
    tail::Tail,
};

/// Reads the event for the fold, `None` when it is of no interest.
pub type DecodeRecorded<E> = fn(&RecordedEvent) -> Result<Option<E>, DecodeError>;

/// A service's own log, read directly.
pub struct LocalFeed<E> {
    source: &'static str,
    log: EventLog,
    decode: DecodeRecorded<E>,
    tail: Arc<Tail>,
}

impl<E> LocalFeed<E> {
    /// A feed of the log of the service `source`.
    pub fn new(source: &'static str, log: &EventLog, decode: DecodeRecorded<E>) -> Self {
        Self {
            source,
            log: log.clone(),
            decode,
            tail: Tail::of(log),
        }
    }

    async fn read_batch(&self, after: i64, limit: usize) -> Result<Batch<E>, FeedError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        match self.tail.read(&self.log, after, limit).await {
            Ok(records) => self.decode_batch(after, &records),
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
                source: self.source,
                position: error.position,
                aggregate_id: row.try_get(0).map_err(LogError::from)?,
                error: error.to_string(),
            }],
            upto: error.position,
        })
    }

    fn decode_batch(
        &self,
        after: i64,
        records: &[Arc<RecordedEvent>],
    ) -> Result<Batch<E>, FeedError> {
        let mut batch = Batch::new(Vec::with_capacity(records.len()), after);
        for record in records {
            if record.position != batch.upto + 1 {
                return Err(FeedError::Broken {
                    source_name: self.source,
                    reason: format!("position {} follows {}", record.position, batch.upto),
                });
            }
            batch.upto = record.position;
            match (self.decode)(record) {
                Ok(Some(event)) => batch.events.push(deliver(self.source, record, event)),
                Ok(None) => {}
                Err(error) => batch.undecodable.push(Undecodable {
                    source: self.source,
                    position: record.position,
                    aggregate_id: record.aggregate_id.clone(),
                    error: error.to_string(),
                }),
            }
        }
        Ok(batch)
    }
}

fn deliver<E>(source: &'static str, record: &RecordedEvent, event: E) -> Delivered<E> {
    Delivered {
        source,
        position: record.position,
        event_id: record.event_id,
        recorded_at: record.recorded_at,
        actor: record.actor.clone(),
        aggregate_id: record.aggregate_id.clone(),
        sequence: record.sequence,
        correlation_id: record.correlation_id,
        trace_context: record.trace_context.clone(),
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
        Box::pin(async { Ok(self.tail.head(&self.log).await?) })
    }

    fn changed(&self, after: i64) -> BoxFuture<'_, ()> {
        Box::pin(self.tail.beyond(after))
    }
}

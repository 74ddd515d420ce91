//! A projection of notes, and the log that it is folded from.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::Utc;
use eventsourcing::{
    Batch, Delivered, Feed, FeedError, FoldError, Keys, Projection, Projector, rows, tables,
};
use futures::FutureExt as _;
use futures::future::{self, BoxFuture};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use uuid::Uuid;

rows! {
    NoteRow in "notes" by (id: i64),
}

#[derive(Clone, Serialize, Deserialize)]
pub struct NoteRow {
    pub id: i64,
}

tables! {
    pub struct NotesTables {
        notes: NoteRow,
    }
}

/// One row for each event.
pub struct Notes;

impl Projection for Notes {
    const NAME: &'static str = "notes";
    const FOLD_VERSION: i32 = 1;
    type Event = i64;
    type Tables = NotesTables;

    fn keys(&self, delivered: &Delivered<i64>) -> Keys {
        Keys::one(&delivered.event)
    }

    fn fold(&self, delivered: &Delivered<i64>, tables: &mut NotesTables) -> Result<(), FoldError> {
        tables.notes.insert(NoteRow {
            id: delivered.event,
        });
        Ok(())
    }
}

/// A log of the service `probe`, whose event at each position is the position.
#[derive(Clone, Default)]
pub struct Log(Arc<AtomicI64>);

impl Log {
    /// With so many events.
    pub fn of(events: i64) -> Self {
        Self(Arc::new(AtomicI64::new(events)))
    }

    /// Appends an event.
    pub fn append(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    /// A projector that folds one event at a time.
    pub fn projector(&self, pool: &PgPool) -> Projector<Notes> {
        let feed: Arc<dyn Feed<i64>> = Arc::new(self.clone());
        Projector::new(Notes, pool.clone(), vec![feed]).with_batches_of(1)
    }
}

impl Feed<i64> for Log {
    fn source(&self) -> &'static str {
        "probe"
    }

    fn read(&self, after: i64, limit: usize) -> BoxFuture<'_, Result<Batch<i64>, FeedError>> {
        let head = self.0.load(Ordering::SeqCst);
        let positions = (after + 1..=head).take(limit);
        let delivered: Vec<_> = positions.map(delivered).collect();
        let upto = delivered.last().map_or(after, |event| event.position);
        future::ready(Ok(Batch::new(delivered, upto))).boxed()
    }

    fn head(&self) -> BoxFuture<'_, Result<i64, FeedError>> {
        future::ready(Ok(self.0.load(Ordering::SeqCst))).boxed()
    }

    fn changed(&self, _: i64) -> BoxFuture<'_, ()> {
        tokio::task::yield_now().boxed()
    }
}

fn delivered(position: i64) -> Delivered<i64> {
    Delivered {
        source: "probe",
        position,
        event_id: Uuid::from_u128(u128::from(position.unsigned_abs())),
        recorded_at: Utc::now(),
        actor: "system".to_owned(),
        aggregate_id: position.to_string(),
        sequence: 1,
        correlation_id: Uuid::nil(),
        trace_context: None,
        event: position,
    }
}

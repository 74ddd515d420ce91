//! A season of events in four logs, logs that reveal themselves bit by bit, and a recount that
//! knows nothing of the fold.

pub mod recount;
pub mod season;
mod told;
pub mod world;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use contracts::EventKind;
use contracts::identity::events::v1::identity_event::Event as Identity;
use contracts::log::v1::Envelope;
use contracts::payments::events::v1::payments_event::Event as Payments;
use contracts::scheduling::events::v1::scheduling_event::Event as Scheduling;
use contracts::ticketing::events::v1::ticketing_event::Event as Ticketing;
use eventsourcing::{
    Batch, DecodeError, Delivered, Feed, FeedError, Projector, Published, Received,
};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use sqlx::PgPool;
use testing::Database;

use crate::basis::Basis;
use crate::projector::{Counted, Statistics};

/// The tables of the projection.
pub const TABLES: [&str; 9] = [
    "statistic_facts",
    "statistic_days",
    "statistic_members",
    "statistic_distincts",
    "statistic_corrections",
    "statistic_accounts",
    "statistic_payments",
    "statistic_events",
    "statistic_event_days",
];

/// A public event of one of the four services.
#[derive(Clone, Debug)]
pub enum PublicEvent {
    Identity(Identity),
    Scheduling(Scheduling),
    Ticketing(Ticketing),
    Payments(Payments),
}

impl PublicEvent {
    /// What the fold gets of it.
    fn counted(self) -> Counted {
        let counted = match self {
            Self::Identity(event) => read(event, Counted::of_identity),
            Self::Scheduling(event) => read(event, Counted::of_scheduling),
            Self::Ticketing(event) => read(event, Counted::of_ticketing),
            Self::Payments(event) => read(event, Counted::of_payments),
        };
        counted.unwrap().unwrap()
    }
}

/// Reads a public event as a feed does.
pub fn read<V: EventKind>(
    event: V,
    read: fn(Received<'_>, V) -> Result<Option<Counted>, DecodeError>,
) -> Result<Option<Counted>, DecodeError> {
    let published = Published::of(event);
    let envelope = Envelope {
        event_type: published.event_type.to_owned(),
        payload: published.payload,
        ..Envelope::default()
    };
    Received::read(&envelope, read)
}

fn delivered(public: Delivered<PublicEvent>) -> Delivered<Counted> {
    Delivered {
        source: public.source,
        position: public.position,
        event_id: public.event_id,
        recorded_at: public.recorded_at,
        actor: public.actor,
        aggregate_id: public.aggregate_id,
        sequence: public.sequence,
        correlation_id: public.correlation_id,
        trace_context: public.trace_context,
        event: public.event.counted(),
    }
}

/// A log of which only the beginning is there yet.
pub struct Revealed {
    source: &'static str,
    events: Vec<Delivered<Counted>>,
    head: AtomicUsize,
}

impl Revealed {
    pub fn new(source: &'static str, events: Vec<Delivered<PublicEvent>>) -> Arc<Self> {
        Arc::new(Self {
            source,
            events: events.into_iter().map(delivered).collect(),
            head: AtomicUsize::new(0),
        })
    }

    /// Shows so many more events.
    pub fn reveal(&self, more: usize) {
        let head = self.head.load(Ordering::SeqCst) + more;
        self.head
            .store(head.min(self.events.len()), Ordering::SeqCst);
    }

    pub fn is_whole(&self) -> bool {
        self.head.load(Ordering::SeqCst) == self.events.len()
    }
}

impl Feed<Counted> for Revealed {
    fn source(&self) -> &'static str {
        self.source
    }

    fn read(&self, after: i64, limit: usize) -> BoxFuture<'_, Result<Batch<Counted>, FeedError>> {
        let head = self.head.load(Ordering::SeqCst);
        let events: Vec<_> = self.events[..head]
            .iter()
            .filter(|event| event.position > after)
            .take(limit)
            .cloned()
            .collect();
        let upto = events.last().map_or(after, |event| event.position);
        async move { Ok(Batch::new(events, upto)) }.boxed()
    }

    fn head(&self) -> BoxFuture<'_, Result<i64, FeedError>> {
        let head = self.head.load(Ordering::SeqCst);
        let position = head
            .checked_sub(1)
            .map_or(0, |last| self.events[last].position);
        async move { Ok(position) }.boxed()
    }

    fn changed(&self, _after: i64) -> BoxFuture<'_, ()> {
        futures::future::ready(()).boxed()
    }
}

/// A database with the statistics tables and their settings.
pub async fn database(basis: Basis) -> Database {
    let database = Database::of(&crate::definition()).await;
    basis.store(&database.pool()).await.unwrap();
    database
}

pub fn projector(pool: &PgPool, basis: Basis, logs: &[Arc<Revealed>]) -> Projector<Statistics> {
    Projector::new(Statistics::new(basis), pool.clone(), feeds(logs))
}

pub fn feeds(logs: &[Arc<Revealed>]) -> Vec<Arc<dyn Feed<Counted>>> {
    logs.iter()
        .map(|log| Arc::clone(log) as Arc<dyn Feed<Counted>>)
        .collect()
}

/// Every row of every read table as text, in a fixed order.
pub async fn dump(pool: &PgPool) -> Vec<String> {
    let mut rows = Vec::new();
    for table in TABLES {
        let table_rows: Vec<String> = sqlx::query_scalar(&format!(
            "select '{table} ' || to_jsonb(t)::text from {table} t order by to_jsonb(t)::text"
        ))
        .fetch_all(pool)
        .await
        .unwrap();
        rows.extend(table_rows);
    }
    rows
}

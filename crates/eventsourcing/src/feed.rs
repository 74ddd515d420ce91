//! Where events come from: a log, read by position.

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use uuid::Uuid;

use crate::{DecodeError, LogError};

/// An event on its way into a fold, with what is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivered<E> {
    /// The service whose log it is from.
    pub source: &'static str,
    /// Its place in that log.
    pub position: i64,
    /// Identifies it for ever.
    pub event_id: Uuid,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who gave the command that caused it.
    pub actor: String,
    /// The aggregate it happened to.
    pub aggregate_id: String,
    /// Its number in that aggregate, from 1.
    pub sequence: i64,
    /// The same for everything that follows from one call at the edge.
    pub correlation_id: Uuid,
    /// W3C `traceparent` of the command.
    pub trace_context: Option<String>,
    pub event: E,
}

/// An event that cannot be read. It parks its aggregate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undecodable {
    /// The service whose log it is in.
    pub source: &'static str,
    /// Its place in the log.
    pub position: i64,
    /// The aggregate it happened to.
    pub aggregate_id: String,
    /// What is wrong with it.
    pub error: String,
}

/// A stretch of a log.
#[derive(Clone, Debug)]
pub struct Batch<E> {
    /// The interesting events, by position.
    pub events: Vec<Delivered<E>>,
    /// Those that cannot be read, by position.
    pub undecodable: Vec<Undecodable>,
    /// Everything up to here has been looked at, positions without an interesting event too.
    /// The position asked for when there was nothing more.
    pub upto: i64,
}

impl<E> Batch<E> {
    /// A batch of readable events.
    pub fn new(events: Vec<Delivered<E>>, upto: i64) -> Self {
        Self {
            events,
            undecodable: Vec::new(),
            upto,
        }
    }

    /// Events that cannot be read count too.
    pub fn len(&self) -> usize {
        self.events.len() + self.undecodable.len()
    }

    /// Whether there is nothing to fold; `upto` may have moved all the same.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The trace contexts of its events, as far as they have any.
    pub(crate) fn trace_contexts(&self) -> impl Iterator<Item = &str> {
        self.events
            .iter()
            .filter_map(|event| event.trace_context.as_deref())
    }

    /// Cuts the batch in two by position. A batch of one event or none is given back.
    pub(crate) fn halves(mut self) -> Result<(Self, Self), Self> {
        if self.len() < 2 {
            return Err(self);
        }
        let mut positions: Vec<i64> = self.events.iter().map(|event| event.position).collect();
        positions.extend(self.undecodable.iter().map(|event| event.position));
        positions.sort_unstable();
        let middle = positions[positions.len() / 2 - 1];
        let events = self.events.split_off(
            self.events
                .partition_point(|event| event.position <= middle),
        );
        let unreadable = self
            .undecodable
            .partition_point(|event| event.position <= middle);
        let undecodable = self.undecodable.split_off(unreadable);
        let second = Self {
            events,
            undecodable,
            upto: self.upto,
        };
        self.upto = middle;
        Ok((self, second))
    }
}

/// The events of one log, as one reader wants them.
///
/// Reading is by position and nothing else: a feed has no state that a reader could lose.
pub trait Feed<E>: Send + Sync {
    /// The service whose log it is.
    fn source(&self) -> &'static str;

    /// What comes after a position: at most `limit` events, in order, without a gap.
    fn read(&self, after: i64, limit: usize) -> BoxFuture<'_, Result<Batch<E>, FeedError>>;

    /// The last position of the log now.
    fn head(&self) -> BoxFuture<'_, Result<i64, FeedError>>;

    /// Returns when there may be something after a position, or when it is time to look.
    fn changed(&self, after: i64) -> BoxFuture<'_, ()>;
}

/// A log that cannot be read now.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// The service's own log.
    #[error(transparent)]
    Log(#[from] LogError),
    /// Another service's log, asked for over gRPC.
    #[error("the log of {service} does not answer: {status}")]
    Remote {
        service: &'static str,
        status: Box<tonic::Status>,
    },
    /// The log contradicts itself: an event is missing where one must be.
    #[error("the log of {source_name} is broken: {reason}")]
    Broken {
        /// The service whose log it is.
        source_name: &'static str,
        reason: String,
    },
}

impl From<DecodeError> for FeedError {
    fn from(error: DecodeError) -> Self {
        Self::Log(error.into())
    }
}

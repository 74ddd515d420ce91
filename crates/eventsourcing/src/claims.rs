//! Rules that span aggregates, enforced in the transaction that appends the events.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use cqrs_es::DomainEvent;

use crate::{
    error::{DecodeError, LogError},
    event::RecordedEvent,
    log::EventLog,
};

/// Implemented beside each aggregate's event type: which claims an event acquires or releases.
///
/// Pure, and derived from the event alone: the claims can be rebuilt from the log.
pub trait ClaimingEvent: DomainEvent {
    /// Raise it when the aggregate's `apply` changes meaning: older snapshots are then ignored.
    const FOLD_VERSION: i32 = 1;

    /// The changes in the order in which they happen.
    fn claims(&self, aggregate_id: &str) -> Vec<ClaimChange> {
        let _ = aggregate_id;
        Vec::new()
    }
}

/// A claim taken or given back by an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClaimChange {
    /// Refused when another claim stands in the way.
    Acquire(Claim),
    /// Gives back a claim of the same aggregate; nothing happens if there is none.
    Release(Claim),
}

/// Something that only one aggregate can have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// One holder per key of a scope: one user per email, one booking per slot.
    Unique {
        /// The kind of key.
        scope: &'static str,
        /// The key.
        key: String,
    },
    /// No two overlapping half-open intervals per key of a scope: nobody in two places.
    Interval {
        /// The kind of key.
        scope: &'static str,
        /// The key.
        key: String,
        /// Start, included.
        from: DateTime<Utc>,
        /// End, excluded; after `from`.
        to: DateTime<Utc>,
    },
}

impl ClaimChange {
    pub(crate) fn claim(&self) -> &Claim {
        match self {
            Self::Acquire(claim) | Self::Release(claim) => claim,
        }
    }

    pub(crate) fn acquires(&self) -> bool {
        matches!(self, Self::Acquire(_))
    }
}

impl Claim {
    pub(crate) fn scope(&self) -> &'static str {
        match self {
            Self::Unique { scope, .. } | Self::Interval { scope, .. } => scope,
        }
    }

    pub(crate) fn key(&self) -> &str {
        match self {
            Self::Unique { key, .. } | Self::Interval { key, .. } => key,
        }
    }

    pub(crate) fn bounds(&self) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        match self {
            Self::Unique { .. } => None,
            Self::Interval { from, to, .. } => Some((*from, *to)),
        }
    }

    /// Whether both cannot be held at once.
    pub fn collides(&self, other: &Self) -> bool {
        self.scope() == other.scope()
            && self.key() == other.key()
            && match (self.bounds(), other.bounds()) {
                (None, None) => true,
                (Some((from, to)), Some((other_from, other_to))) => {
                    from < other_to && other_from < to
                }
                _ => false,
            }
    }
}

/// Makes the claims anew from the log, in one transaction that holds the log's lock, and says
/// how many are held. `decode` gives the changes of one event. For the owner of the schema: a
/// service's role cannot write claims.
pub async fn rebuild(
    log: &EventLog,
    decode: impl Fn(&RecordedEvent) -> Result<Vec<ClaimChange>, DecodeError>,
) -> Result<usize, LogError> {
    let mut transaction = crate::begin(log.pool()).await?;
    let end: i64 = sqlx::query_scalar("select position from log_head for update")
        .fetch_one(&mut *transaction)
        .await?;
    let mut held: Vec<(Claim, String)> = Vec::new();
    let mut index: HashMap<(&'static str, String), Vec<usize>> = HashMap::new();
    let mut position = 0;
    while position < end {
        for event in log.read(position, REBUILD_BATCH).await? {
            position = event.position;
            for change in decode(&event)? {
                let key = (change.claim().scope(), change.claim().key().to_owned());
                let slots = index.entry(key).or_default();
                match change {
                    ClaimChange::Acquire(claim) => {
                        slots.push(held.len());
                        held.push((claim, event.aggregate_id.clone()));
                    }
                    ClaimChange::Release(claim) => {
                        slots.retain(|slot| {
                            held[*slot].0 != claim || held[*slot].1 != event.aggregate_id
                        });
                    }
                }
            }
        }
    }
    let live: Vec<&(Claim, String)> = index.values().flatten().map(|slot| &held[*slot]).collect();
    sqlx::query("delete from unique_claims")
        .execute(&mut *transaction)
        .await?;
    sqlx::query("delete from interval_claims")
        .execute(&mut *transaction)
        .await?;
    for (claim, owner) in &live {
        let insert = match claim.bounds() {
            None => sqlx::query("insert into unique_claims (scope, key, aggregate_id) values ($1, $2, $3)")
                .bind(claim.scope())
                .bind(claim.key())
                .bind(owner),
            Some((from, to)) => sqlx::query(
                "insert into interval_claims (scope, key, aggregate_id, during) values ($1, $2, $3, tstzrange($4, $5))",
            )
            .bind(claim.scope())
            .bind(claim.key())
            .bind(owner)
            .bind(from)
            .bind(to),
        };
        insert.execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    Ok(live.len())
}

const REBUILD_BATCH: i64 = 4_000;

//! Rules that span aggregates, enforced in the transaction that appends the events.

use chrono::{DateTime, Utc};
use cqrs_es::DomainEvent;

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
    /// Gives back every claim of the same aggregate. The event need not carry what was claimed.
    ReleaseAll,
}

/// Something that only one aggregate can have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// One holder per key of a scope: one user per email, one booking per slot.
    Unique {
        /// The kind of key.
        scope: &'static str,
        key: String,
    },
    /// No two overlapping half-open intervals per key of a scope: nobody in two places.
    Interval {
        /// The kind of key.
        scope: &'static str,
        key: String,
        /// Start, included.
        from: DateTime<Utc>,
        /// End, excluded; after `from`.
        to: DateTime<Utc>,
    },
}

impl ClaimChange {
    /// The claim that is taken or given back; `None` when it is all of them.
    pub(crate) fn claim(&self) -> Option<&Claim> {
        match self {
            Self::Acquire(claim) | Self::Release(claim) => Some(claim),
            Self::ReleaseAll => None,
        }
    }

    /// The claim that is taken.
    pub(crate) fn acquired(&self) -> Option<&Claim> {
        match self {
            Self::Acquire(claim) => Some(claim),
            Self::Release(_) | Self::ReleaseAll => None,
        }
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

/// Takes what the log does with the changes of one command: what is given back altogether was
/// either held before or is taken by an earlier event of the same command.
pub(crate) fn settled(changes: impl IntoIterator<Item = ClaimChange>) -> Vec<ClaimChange> {
    let mut settled = Vec::new();
    for change in changes {
        if change == ClaimChange::ReleaseAll {
            settled.clear();
        }
        settled.push(change);
    }
    settled
}

//! What a projection is: a pure fold from events to rows.

use crate::{Delivered, tables::TableSet};

/// Read tables computed from events.
///
/// `fold` is pure: the same events give the same rows, whatever the sizes of the batches they come
/// in. The runtime may fold an event several times before the result counts. (Only what the database itself refuses, such as a number out of a
/// column's range, is seen at the end of a batch: it parks the event that leaves the row so.)
pub trait Projection: Send + Sync + 'static {
    /// Its name in the service, stable.
    const NAME: &'static str;
    /// Raise it when `fold` changes meaning: the read tables are then built anew.
    const FOLD_VERSION: i32;
    /// What the fold reads.
    type Event: Send + Sync + 'static;
    /// The read tables, which nothing else writes.
    type Tables: TableSet;

    /// The keys that are parked when the event cannot be folded: later events with one of them
    /// wait. An event that changes what belongs to two keys, such as a move, names both.
    fn keys(&self, event: &Delivered<Self::Event>) -> Keys;

    /// An error undoes what the event has changed, and parks its keys.
    fn fold(
        &self,
        event: &Delivered<Self::Event>,
        tables: &mut Self::Tables,
    ) -> Result<(), FoldError>;

    /// Whether its tables may be emptied and computed again. Not so for a process, which has
    /// sent commands.
    #[doc(hidden)]
    const REBUILDABLE: bool = true;
}

/// The projections whose read tables one look reads: a projection, or several in a tuple.
pub trait ReadTables: Send + Sync + 'static {
    /// Their names.
    const PROJECTIONS: &'static [&'static str];
}

impl<P: Projection> ReadTables for P {
    const PROJECTIONS: &'static [&'static str] = &[P::NAME];
}

impl<P: Projection, Q: Projection> ReadTables for (P, Q) {
    const PROJECTIONS: &'static [&'static str] = &[P::NAME, Q::NAME];
}

impl<P: Projection, Q: Projection, R: Projection> ReadTables for (P, Q, R) {
    const PROJECTIONS: &'static [&'static str] = &[P::NAME, Q::NAME, R::NAME];
}

/// What an event belongs to: one key, or several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keys {
    first: String,
    others: Vec<String>,
}

impl Keys {
    pub fn one(key: &impl ToString) -> Self {
        Self {
            first: key.to_string(),
            others: Vec::new(),
        }
    }

    /// One key more. The same one again adds nothing.
    #[must_use]
    pub fn and(mut self, key: &impl ToString) -> Self {
        let key = key.to_string();
        if !self.iter().any(|known| *known == key) {
            self.others.push(key);
        }
        self
    }

    pub fn iter(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.first)
            .chain(&self.others)
            .map(String::as_str)
    }
}

/// An event that does not fit the rows. It parks its keys.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct FoldError(String);

impl FoldError {
    /// Says what does not fit.
    pub fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }

    /// A row that must be there is not.
    pub fn missing(what: &str, key: &impl ToString) -> Self {
        Self(format!("there is no {what} {}", key.to_string()))
    }
}

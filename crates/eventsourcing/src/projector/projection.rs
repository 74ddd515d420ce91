//! What a projection is: a pure fold from events to rows.

use crate::{Delivered, tables::TableSet};

/// Read tables computed from events.
///
/// `touch` and `fold` are pure: the same events give the same rows, whatever the sizes of the
/// batches they come in. (Only what the database itself refuses, such as a number out of a
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

    /// What is parked when the event cannot be folded: later events with the same key wait.
    fn key(&self, event: &Delivered<Self::Event>) -> String;

    /// Names every row that `fold` may look at for this event.
    fn touch(&self, event: &Delivered<Self::Event>, tables: &mut Self::Tables);

    /// Changes the rows.
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

/// An event that does not fit the rows. It parks its key.
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

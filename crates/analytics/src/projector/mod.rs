//! The fold: from public events to the read tables.
//!
//! Every operation on a row that two logs can reach is a sum, a minimum or a maximum, so the
//! tables do not depend on how the logs interleave.

mod counting;
mod fold;
mod rows;

pub use counting::{Count, Draft, Entry, Malformed, entries};
pub use fold::Tables;
pub use rows::{
    Correction, Day, Distinct, Event, EventDay, Fact, Member, Metric, Payment, Product,
};

use eventsourcing::{Delivered, FoldError, Projection};

use crate::basis::Basis;
use crate::events::PublicEvent;

/// The name of the projection, in checkpoints and for operators.
pub const PROJECTION: &str = "statistics";

/// The statistics projection.
#[derive(Clone, Copy, Debug)]
pub struct Statistics {
    basis: Basis,
}

impl Statistics {
    /// A fold with these settings.
    pub fn new(basis: Basis) -> Self {
        Self { basis }
    }
}

impl Projection for Statistics {
    const NAME: &'static str = PROJECTION;
    const FOLD_VERSION: i32 = 2;
    type Event = PublicEvent;
    type Tables = Tables;

    fn key(&self, event: &Delivered<PublicEvent>) -> String {
        format!("{}:{}", event.source, event.aggregate_id)
    }

    fn touch(&self, event: &Delivered<PublicEvent>, tables: &mut Tables) {
        // A malformed event touches nothing, and fails in the fold.
        for entry in entries(event).unwrap_or_default() {
            tables.touch(self.basis, &entry);
        }
    }

    fn fold(&self, event: &Delivered<PublicEvent>, tables: &mut Tables) -> Result<(), FoldError> {
        let entries = entries(event).map_err(|error| FoldError::new(error.to_string()))?;
        for (ordinal, entry) in (0..).zip(entries) {
            tables.fold(self.basis, event, ordinal, entry)?;
        }
        Ok(())
    }
}

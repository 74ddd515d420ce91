//! The fold: from public events to the read tables.
//!
//! Every operation on a row that two logs can reach is a sum, a minimum or a maximum, so the
//! tables do not depend on how the logs interleave.

mod accounts;
mod counting;
mod entry;
mod events;
mod facts;
mod members;
mod metric;

use eventsourcing::{Delivered, FoldError, Keys, Projection};

use self::accounts::AccountRow;
use self::counting::activity;
use self::entry::Entry;
use self::events::{EventDayRow, EventRow};
use self::facts::{CorrectionRow, DayRow, FactRow, PaymentRow};
use self::members::{DistinctRow, MemberRow};
use crate::basis::{Basis, PROJECTION};

pub use self::counting::Counted;

eventsourcing::tables! {
    /// The read tables of the statistics.
    pub struct StatisticsTables {
        facts: FactRow,
        days: DayRow,
        corrections: CorrectionRow,
        payments: PaymentRow,
        members: MemberRow,
        distincts: DistinctRow,
        accounts: AccountRow,
        events: EventRow,
        event_days: EventDayRow,
    }
}

/// Folds what happened on each day, and what explains it.
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
    type Event = Counted;
    type Tables = StatisticsTables;

    fn keys(&self, event: &Delivered<Counted>) -> Keys {
        Keys::one(&event.aggregate_id)
    }

    fn fold(
        &self,
        event: &Delivered<Counted>,
        tables: &mut StatisticsTables,
    ) -> Result<(), FoldError> {
        let basis = self.basis;
        let activity = activity(event);
        for (ordinal, entry) in (0..).zip(event.event.entries.iter().chain(&activity)) {
            let cause = Cause {
                basis,
                event,
                ordinal,
            };
            tables.fold(cause, entry)?;
        }
        Ok(())
    }
}

/// What an entry follows from: it is the `ordinal`th of its event.
#[derive(Clone, Copy)]
struct Cause<'a> {
    basis: Basis,
    event: &'a Delivered<Counted>,
    ordinal: i32,
}

impl StatisticsTables {
    fn fold(&mut self, cause: Cause<'_>, entry: &Entry) -> Result<(), FoldError> {
        match entry {
            Entry::Count(count) => self.count(cause, count),
            Entry::Member(member) => {
                self.member(cause, *member);
                Ok(())
            }
            Entry::Account(change) => self.account(cause, *change),
            Entry::Payment { payment_id, live } => {
                self.payments.insert(PaymentRow {
                    payment_id: *payment_id,
                    live: *live,
                });
                Ok(())
            }
            Entry::Draft(draft) => {
                self.draft(cause, draft);
                Ok(())
            }
            Entry::Publish {
                event_id,
                published_at,
            } => self.publish(*event_id, *published_at),
        }
    }
}

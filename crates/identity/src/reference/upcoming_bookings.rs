//! Upcoming bookings of a child, a parent or a trainer. The read table is asked after it has caught
//! up with scheduling and ticketing, so that neither a permission nor a refusal rests on old
//! knowledge.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use eventsourcing::Feed;
use service::{CatchUp, ReadError, Reads, Runtime, Source};

use crate::domain::values::{ChildId, UserId};
use crate::projector::bookings::{BookingEvent, Bookings};
use crate::query;

/// A log from which bookings are folded.
pub type BookingFeed = Arc<dyn Feed<BookingEvent>>;

/// Answers what is booked from now on. Cheap to clone.
#[derive(Clone)]
pub struct UpcomingBookings {
    table: Reads<Bookings>,
    sources: [Source<Bookings>; 2],
}

impl UpcomingBookings {
    /// Looks into the read table that is folded from these feeds.
    pub fn on(runtime: &Runtime, feeds: [BookingFeed; 2]) -> Self {
        Self {
            table: Reads::on(runtime),
            sources: feeds.map(|feed| Source::on(runtime, &feed)),
        }
    }

    /// The feeds from which the projector folds the table.
    pub fn feeds(&self) -> Vec<BookingFeed> {
        self.sources.iter().map(Source::feed).collect()
    }

    /// Whether one of these children, or this parent or trainer, has upcoming bookings that are
    /// paid.
    pub async fn any_paid(
        &self,
        user_id: Option<UserId>,
        child_ids: &[ChildId],
        now: DateTime<Utc>,
    ) -> Result<bool, ReadError> {
        let look = |pool| query::any_paid_ahead(pool, user_id, child_ids, now);
        self.table.current(self.sources(), look).await
    }

    /// Whether a trainer has a paid upcoming booking with a child.
    pub async fn coaches(
        &self,
        trainer_id: UserId,
        child_id: ChildId,
        now: DateTime<Utc>,
    ) -> Result<bool, ReadError> {
        let look = |pool| query::coaches_ahead(pool, trainer_id, child_id, now);
        self.table.current(self.sources(), look).await
    }

    fn sources(&self) -> impl Iterator<Item = &dyn CatchUp> {
        self.sources.iter().map(|source| source as &dyn CatchUp)
    }
}

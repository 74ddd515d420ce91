//! Upcoming bookings of a child, a parent or a trainer. The read table is asked after it has caught
//! up with scheduling and ticketing, so that neither a permission nor a refusal rests on old
//! knowledge.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use eventsourcing::{CheckpointError, Checkpoints, Feed, Projection};
use sqlx::PgPool;
use uuid::Uuid;

use crate::{
    projector::bookings::{BookingEvent, Bookings},
    query,
};

/// The read table may take this long to catch up.
const LONGEST: Duration = Duration::from_secs(10);

/// A log from which bookings are folded.
pub type BookingFeed = Arc<dyn Feed<BookingEvent>>;

/// Answers what is booked from now on. Cheap to clone.
#[derive(Clone)]
pub struct UpcomingBookings {
    pool: PgPool,
    checkpoints: Checkpoints,
    feeds: Arc<[BookingFeed]>,
}

/// Why upcoming bookings cannot be looked up now.
#[derive(Debug, thiserror::Error)]
pub enum UpcomingBookingsError {
    #[error("the bookings cannot be read")]
    Table(#[from] sqlx::Error),
    /// A log does not answer, or the read table is being rebuilt.
    #[error("the bookings cannot be brought up to date")]
    CatchUp(#[from] CheckpointError),
    /// The read table is too far behind.
    #[error("the bookings are too far behind")]
    Behind,
}

impl UpcomingBookings {
    /// Looks into the read table of the pool, which is folded from these feeds.
    pub fn new(pool: PgPool, feeds: impl Into<Arc<[BookingFeed]>>) -> Self {
        Self {
            checkpoints: Checkpoints::new(pool.clone()),
            pool,
            feeds: feeds.into(),
        }
    }

    /// The feeds from which the projector folds the table.
    pub fn feeds(&self) -> Vec<BookingFeed> {
        self.feeds.to_vec()
    }

    /// Whether one of these children, parents or trainers has upcoming bookings that are paid.
    pub async fn any_paid(
        &self,
        ids: &[Uuid],
        now: DateTime<Utc>,
    ) -> Result<bool, UpcomingBookingsError> {
        self.catch_up().await?;
        for id in ids {
            if query::bookings::has_paid_ahead(&self.pool, *id, now).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a trainer has a paid upcoming booking with a child.
    pub async fn coaches(
        &self,
        trainer_id: Uuid,
        child_id: Uuid,
        now: DateTime<Utc>,
    ) -> Result<bool, UpcomingBookingsError> {
        self.catch_up().await?;
        Ok(query::bookings::coaches_ahead(&self.pool, trainer_id, child_id, now).await?)
    }

    /// Waits until the read table has everything that happened up to now.
    async fn catch_up(&self) -> Result<(), UpcomingBookingsError> {
        let all = async {
            for feed in self.feeds.iter() {
                self.checkpoints.catch_up(Bookings::NAME, &**feed).await?;
            }
            Ok(())
        };
        tokio::time::timeout(LONGEST, all)
            .await
            .unwrap_or(Err(UpcomingBookingsError::Behind))
    }
}

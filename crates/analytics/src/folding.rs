//! The worker, which folds. Before that it makes sure that the tables rest on its own settings.

use std::sync::Arc;
use std::time::Duration;

use eventsourcing::{
    CheckpointError, Checkpoints, Feed, ProjectionState, Projector, ProjectorError,
};
use service::Worker;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use crate::basis::{Basis, PROJECTION};
use crate::projector::{Counted, Statistics};

/// How long the worker waits before it tries again.
const PAUSE: Duration = Duration::from_secs(1);

/// Folds the logs into the statistics of one database.
pub struct Folding {
    pool: PgPool,
    feeds: Vec<Arc<dyn Feed<Counted>>>,
    basis: Basis,
}

/// Why the tables do not rest on the settings yet.
#[derive(Debug, thiserror::Error)]
pub enum SettleError {
    #[error(transparent)]
    Rebuild(#[from] ProjectorError),
    #[error(transparent)]
    Checkpoints(#[from] CheckpointError),
    #[error("the settings of the statistics cannot be read or written: {0}")]
    Database(#[from] sqlx::Error),
}

impl Folding {
    pub fn new(pool: PgPool, feeds: Vec<Arc<dyn Feed<Counted>>>, basis: Basis) -> Self {
        Self { pool, feeds, basis }
    }

    /// Folds until the shutdown.
    pub fn worker(self) -> Worker {
        Worker::projection::<Statistics, _>(|shutdown| async move {
            self.run(shutdown).await;
        })
    }

    async fn run(&self, shutdown: CancellationToken) {
        tokio::select! {
            () = self.settled() => {}
            () = shutdown.cancelled() => return,
        }
        self.projector().run(shutdown).await;
    }

    /// Builds tables that were folded with other settings anew.
    ///
    /// The rebuild takes the tables over, which keeps a worker with the other settings from
    /// folding on. Only then the settings are stored; whoever is stopped before leaves tables
    /// without settings, which the next one builds anew.
    ///
    /// # Errors
    /// When another worker takes over meanwhile, or a log or the database does not answer.
    pub async fn settle(&self) -> Result<(), SettleError> {
        if self.basis.claim(&self.pool).await? {
            return Ok(());
        }
        tracing::warn!(
            business_zone = self.basis.zone.name(),
            counts_sandbox = self.basis.counts_sandbox,
            "the settings of the statistics have changed: they are rebuilt"
        );
        Basis::forget(&self.pool).await?;
        self.projector().rebuild(|_| ()).await?;
        Ok(self.basis.store(&self.pool).await?)
    }

    async fn settled(&self) {
        let mut reported = false;
        loop {
            let attempt = match self.settle().await {
                Err(SettleError::Rebuild(ProjectorError::Fenced)) => self.stand_by().await,
                attempt => attempt.map(|()| true),
            };
            match attempt {
                Ok(true) => return,
                Ok(false) => {}
                Err(error) if reported => tracing::debug!(%error, "the rebuild waits"),
                Err(error) => {
                    tracing::error!(%error, "the statistics cannot be rebuilt yet");
                    reported = true;
                }
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Leaves a rebuild to the worker that has taken it over, until that has ended it with the
    /// same settings (true) or has fallen silent (false).
    async fn stand_by(&self) -> Result<bool, SettleError> {
        let checkpoints = Checkpoints::new(self.pool.clone());
        loop {
            tokio::time::sleep(PAUSE).await;
            if Basis::stored(&self.pool).await? == Some(self.basis) {
                return Ok(true);
            }
            let all = checkpoints.list().await?;
            let mut own = all.iter().filter(|status| status.projection == PROJECTION);
            if own.all(|status| status.state == ProjectionState::Stopped) {
                return Ok(false);
            }
        }
    }

    /// A new projector each time: one that was fenced cannot go on.
    fn projector(&self) -> Projector<Statistics> {
        Projector::new(
            Statistics::new(self.basis),
            self.pool.clone(),
            self.feeds.clone(),
        )
    }
}

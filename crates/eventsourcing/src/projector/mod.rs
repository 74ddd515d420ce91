//! Projectors: events folded into read tables.

mod error;
mod fold;
mod projection;
mod reader;
mod rebuild;
mod retry;
mod store;
mod transact;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use futures::future::{self, join_all, select_all};
use sqlx::PgPool;
use tokio::sync::{Mutex, watch};
use tokio_util::sync::CancellationToken;

use self::reader::Reader;
pub use self::{
    error::ProjectorError,
    projection::{FoldError, Keys, Projection, ReadTables},
    rebuild::Progress,
};
pub(crate) use self::{
    fold::message,
    store::{Locked, Ownership},
};
use crate::feed::{Batch, Feed, FeedError};

/// No batch has more events.
const LARGEST: usize = 8_000;
/// The first batch; a full one is followed by one of twice its size.
const FIRST: usize = 500;
/// A batch that takes longer is followed by one of half its size.
const SLOW: Duration = Duration::from_secs(1);
/// How often an owner says that it is alive.
const BEAT: Duration = Duration::from_secs(1);
/// How long a checkpoint may stay behind events of no interest while nobody here waits for it.
const LINGER: Duration = Duration::from_millis(100);

/// Folds the events of its feeds into the read tables of one projection.
///
/// Of several projectors of one name the last to start is the owner; the others stand by and
/// take over when it falls silent.
pub struct Projector<P: Projection> {
    projection: P,
    pool: PgPool,
    feeds: Vec<Arc<dyn Feed<P::Event>>>,
    largest: usize,
    state: Mutex<State<P>>,
    /// Another one is the owner; this one waits until that falls silent.
    standing_by: AtomicBool,
}

pub(crate) struct State<P: Projection> {
    /// Only while this projector is the owner.
    owner: Option<Owner>,
    tables: P::Tables,
    limit: usize,
    /// The feed that is read first in the next step.
    turn: usize,
    readers: Vec<Reader<P::Event>>,
    beaten: Option<Instant>,
    /// Since when the checkpoints have been behind events of no interest.
    passed: Option<Instant>,
}

pub(crate) struct Owner {
    ownership: Ownership,
    /// How far it has come in each source.
    positions: Vec<i64>,
    /// The checkpoints: behind that by events of no interest, if anything.
    stored: Vec<i64>,
    /// Whether the checkpoints are those of the database for certain: not after a transaction
    /// that failed, or was given up, while its commit was under way.
    settled: bool,
    /// Where each source's replay ends, while the tables are being rebuilt.
    targets: Option<Vec<i64>>,
}

/// What one step has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A batch is folded and committed, or had nothing of interest.
    Folded {
        /// The log it is from.
        source: &'static str,
        /// How many events it had.
        events: usize,
        /// Everything up to here is folded.
        position: i64,
    },
    /// No feed has anything more.
    Idle,
}

impl<P: Projection> Projector<P> {
    /// A projector over one or more logs, writing to the schema of the pool.
    pub fn new(projection: P, pool: PgPool, feeds: Vec<Arc<dyn Feed<P::Event>>>) -> Self {
        let state = State {
            owner: None,
            tables: P::Tables::default(),
            limit: FIRST,
            turn: 0,
            readers: feeds.iter().map(Reader::new).collect(),
            beaten: None,
            passed: None,
        };
        Self {
            projection,
            pool,
            feeds,
            largest: LARGEST,
            state: Mutex::new(state),
            standing_by: AtomicBool::new(false),
        }
    }

    /// The same with smaller batches of at most so many positions.
    #[must_use]
    pub fn with_batches_of(mut self, events: usize) -> Self {
        self.largest = events.clamp(1, LARGEST);
        self.state.get_mut().limit = FIRST.min(self.largest);
        self
    }

    /// Folds until the shutdown. Never ends of an error: it is shown in the status, and tried
    /// again.
    pub async fn run(&self, shutdown: CancellationToken) {
        self.run_then(shutdown, || {}).await;
    }

    /// The same, and does something after every batch with events.
    pub(crate) async fn run_then(&self, shutdown: CancellationToken, folded: impl Fn()) {
        self.follow(shutdown, folded).await;
        // Otherwise what is of no interest is looked at again.
        let _ = tokio::time::timeout(BEAT, self.catch_up()).await;
    }

    async fn follow(&self, shutdown: CancellationToken, folded: impl Fn()) {
        let mut failures = 0;
        let mut wanted = crate::checkpoints::wanted(P::NAME);
        let mut lingered = false;
        while !shutdown.is_cancelled() {
            let acted = if lingered {
                self.catch_up().await.map(|()| Step::Idle)
            } else {
                self.stride().await
            };
            let (failing, passed) = {
                let state = self.state.lock().await;
                (state.is_failing(), state.passed)
            };
            // What a log has to give is read even while another one fails.
            let stuck = match acted {
                Ok(_) => false,
                Err(ProjectorError::Feed(_)) => !failing,
                Err(_) => true,
            };
            let pause = match acted {
                Ok(step) => {
                    if !failing {
                        failures = 0;
                    }
                    if matches!(step, Step::Folded { events: 1.., .. }) {
                        folded();
                    }
                    backoff(failures)
                }
                Err(ProjectorError::Fenced) => {
                    tokio::select! {
                        () = self.stand_by() => continue,
                        () = shutdown.cancelled() => return,
                    }
                }
                Err(error) => {
                    failures += 1;
                    self.report(&error, failures).await;
                    backoff(failures)
                }
            };
            lingered = tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(pause) => false,
                () = self.changed(), if !stuck => false,
                () = linger(passed, &mut wanted), if !stuck => true,
            };
        }
    }

    /// Reads, folds and commits one batch of the next feed that has one.
    pub async fn step(&self) -> Result<Step, ProjectorError> {
        let step = self.stride().await?;
        self.catch_up().await?;
        Ok(step)
    }

    /// A step whose checkpoint may stay behind events of no interest while nobody waits for it.
    async fn stride(&self) -> Result<Step, ProjectorError> {
        let mut state = self.state.lock().await;
        let mut step = self.step_of(&mut state).await;
        if step.is_ok()
            && crate::checkpoints::awaited(P::NAME)
            && let Err(error) = self.store_passed(&mut state).await
        {
            step = Err(error);
        }
        if matches!(step, Err(ProjectorError::Fenced)) {
            state.owner = None;
        }
        step
    }

    /// Moves the checkpoints to where it has come.
    async fn catch_up(&self) -> Result<(), ProjectorError> {
        let mut state = self.state.lock().await;
        let stored = self.store_passed(&mut state).await;
        if matches!(stored, Err(ProjectorError::Fenced)) {
            state.owner = None;
        }
        stored
    }

    /// Folds until it has everything that the logs held when it was called.
    pub async fn drain(&self) -> Result<(), ProjectorError> {
        let mut heads = Vec::with_capacity(self.feeds.len());
        for feed in &self.feeds {
            heads.push(feed.head().await?);
        }
        loop {
            let step = self.step().await?;
            let positions = self.positions().await;
            if positions
                .iter()
                .zip(&heads)
                .all(|(position, head)| position >= head)
            {
                return Ok(());
            }
            if step == Step::Idle {
                self.changed().await;
            }
        }
    }

    async fn positions(&self) -> Vec<i64> {
        let state = self.state.lock().await;
        let owner = state.owner.as_ref();
        owner.map_or_else(
            || vec![0; self.feeds.len()],
            |owner| owner.positions.clone(),
        )
    }

    /// Returns when one of the feeds may have more.
    async fn changed(&self) {
        let positions = self.positions().await;
        let changed = self.state.lock().await.changed(&positions);
        changed.await;
    }

    pub(crate) async fn step_of(&self, state: &mut State<P>) -> Result<Step, ProjectorError> {
        self.own(state).await?;
        self.beat(state).await?;
        let mut failure = None;
        // Those that have not answered in time are waited for when the others have nothing.
        for late in [false, true] {
            for offset in 0..self.feeds.len() {
                let index = (state.turn + offset) % self.feeds.len();
                if state.readers[index].is_late() != late {
                    continue;
                }
                match self.next_batch(state, index).await {
                    Ok(Some(batch)) => {
                        state.turn = index + 1;
                        return self.fold_batch(state, index, batch).await;
                    }
                    Ok(None) => {}
                    Err(error) => failure = Some(error),
                }
            }
        }
        if let Some(error) = failure {
            return Err(error.into());
        }
        self.end_rebuild(state).await?;
        self.reach_targets(state).await?;
        Ok(Step::Idle)
    }

    async fn fold_batch(
        &self,
        state: &mut State<P>,
        index: usize,
        batch: Batch<P::Event>,
    ) -> Result<Step, ProjectorError> {
        let began = Instant::now();
        let (events, position) = (batch.len(), batch.upto);
        if let Err(error) = self.commit_batch(state, index, batch).await {
            // What was read ahead may follow a batch that is read again.
            state.readers[index].forget();
            state.limit = (state.limit / 2).max(1);
            return Err(error);
        }
        if began.elapsed() > SLOW {
            state.limit = (state.limit / 2).max(1);
        }
        self.end_rebuild(state).await?;
        Ok(Step::Folded {
            source: self.feeds[index].source(),
            events,
            position,
        })
    }

    /// The next batch of a feed. Starts to read the one after when this one is full.
    async fn next_batch(
        &self,
        state: &mut State<P>,
        index: usize,
    ) -> Result<Option<Batch<P::Event>>, FeedError> {
        let Some(owner) = &state.owner else {
            return Ok(None);
        };
        let after = owner.positions[index];
        let reader = &mut state.readers[index];
        let Some(batch) = reader.batch(after, state.limit).await? else {
            return Ok(None);
        };
        if batch.upto - after >= i64::try_from(state.limit).unwrap_or(i64::MAX) {
            state.limit = (state.limit * 2).min(self.largest);
            reader.read_ahead(batch.upto, state.limit);
        }
        Ok(Some(batch))
    }

    /// Becomes the owner if it is not. An older fold version in the database starts a rebuild.
    async fn own(&self, state: &mut State<P>) -> Result<(), ProjectorError> {
        let sources = self.sources();
        if let Some(owner) = &mut state.owner {
            if !owner.settled {
                owner.stored = store::positions(&self.pool, owner.ownership, &sources).await?;
                owner.positions.clone_from(&owner.stored);
                owner.settled = true;
                state.passed = None;
                state.readers.iter_mut().for_each(Reader::forget);
            }
            return Ok(());
        }
        let taken = store::take_over(
            &self.pool,
            P::NAME,
            P::REBUILDABLE,
            P::FOLD_VERSION,
            &sources,
        )
        .await?;
        state.readers.iter_mut().for_each(Reader::forget);
        state.passed = None;
        let stored: Vec<_> = taken.checkpoints.iter().map(|at| at.position).collect();
        let targets = taken.rebuilding.then(|| {
            let targets = taken.checkpoints.iter();
            targets.map(|at| at.target.unwrap_or(0)).collect()
        });
        state.owner = Some(Owner {
            ownership: taken.ownership,
            positions: stored.clone(),
            stored,
            settled: true,
            targets,
        });
        if P::REBUILDABLE && taken.fold_version != P::FOLD_VERSION {
            tracing::warn!(
                projection = P::NAME,
                stored = taken.fold_version,
                current = P::FOLD_VERSION,
                "the fold has changed: its read tables are offline until they are rebuilt"
            );
            if let Err(error) = self.begin_rebuild(state).await {
                state.owner = None;
                return Err(error);
            }
        } else if taken.rebuilding {
            tracing::info!(projection = P::NAME, "goes on with a rebuild");
        }
        Ok(())
    }

    fn sources(&self) -> Vec<&'static str> {
        self.feeds.iter().map(|feed| feed.source()).collect()
    }

    /// Once a second: says that it is alive, looks at the heads, and does what it is asked for.
    async fn beat(&self, state: &mut State<P>) -> Result<(), ProjectorError> {
        if state.beaten.is_some_and(|beaten| beaten.elapsed() < BEAT) {
            return Ok(());
        }
        self.store_passed(state).await?;
        let Some(owner) = &state.owner else {
            return Ok(());
        };
        let looks = state.readers.iter_mut().zip(&owner.positions);
        let looked = join_all(looks.map(|(reader, position)| reader.look(*position))).await;
        let ahead = looked.into_iter().find_map(Result::err);
        let unseen = || state.readers.iter().find_map(Reader::unseen);
        let error = ahead.as_ref().map(ToString::to_string);
        let error = error.or_else(|| unseen().map(str::to_owned));
        let heads: Vec<_> = state.readers.iter().map(Reader::head).collect();
        let wishes = store::beat(
            &self.pool,
            owner.ownership,
            &self.sources(),
            &heads,
            &owner.stored,
            error.as_deref(),
        )
        .await?;
        state.beaten = Some(Instant::now());
        if !wishes.settled {
            if let Some(owner) = &mut state.owner {
                owner.settled = false;
            }
            self.own(state).await?;
        }
        if let Some(error) = ahead {
            return Err(error);
        }
        if wishes.rebuild && P::REBUILDABLE {
            self.begin_rebuild(state).await?;
        }
        for key in wishes.retries {
            if let Err(error) = self.retry_in(state, &key).await {
                tracing::warn!(projection = P::NAME, key, error = %error, "a retry failed");
            }
        }
        Ok(())
    }

    /// Waits until the owner has fallen silent.
    async fn stand_by(&self) {
        tracing::warn!(
            projection = P::NAME,
            "another projector has taken over: standing by"
        );
        self.standing_by.store(true, Ordering::SeqCst);
        loop {
            tokio::time::sleep(BEAT).await;
            if let Ok(true) = store::owner_is_silent(&self.pool, P::NAME).await {
                self.standing_by.store(false, Ordering::SeqCst);
                return;
            }
        }
    }

    /// Shows what keeps it from going on, in the log once and in the status.
    async fn report(&self, error: &ProjectorError, failures: u32) {
        if failures == 1 {
            tracing::error!(projection = P::NAME, error = %error, "a projection cannot go on");
        }
        let state = self.state.lock().await;
        let shown = sqlx::query(
            "update projections set error = $2, seen_at = clock_timestamp() \
             where projection = $1 and ($3::bigint is null or generation = $3)",
        )
        .bind(P::NAME)
        .bind(error.to_string())
        .bind(state.owner.as_ref().map(|owner| owner.ownership.generation))
        .execute(&self.pool)
        .await;
        if let Err(error) = shown {
            tracing::debug!(projection = P::NAME, error = %error, "its status cannot be written");
        }
    }
}

impl<P: Projection> State<P> {
    /// Whether the owner finds that one of the logs cannot be read.
    fn is_failing(&self) -> bool {
        self.owner.is_some() && self.readers.iter().any(Reader::is_failing)
    }

    /// Returns when one of the feeds that can be read may have more after its position.
    pub(crate) fn changed(&self, positions: &[i64]) -> impl Future<Output = ()> + use<P> {
        let readers = self.readers.iter().zip(positions);
        let changes: Vec<_> = readers
            .filter_map(|(reader, position)| reader.changed(*position))
            .collect();
        async move {
            if changes.is_empty() {
                future::pending::<()>().await;
            } else {
                select_all(changes).await;
            }
        }
    }
}

/// Returns when checkpoints that have been behind since `passed` are to be moved.
async fn linger(passed: Option<Instant>, wanted: &mut watch::Receiver<u64>) {
    let Some(since) = passed else {
        return std::future::pending().await;
    };
    let rest = LINGER.saturating_sub(since.elapsed());
    let _ = tokio::time::timeout(rest, wanted.changed()).await;
}

/// 100 ms, doubled for each failure in a row; a second at most, and without any.
fn backoff(failures: u32) -> Duration {
    match failures {
        0 => BEAT,
        _ => Duration::from_millis(100 << (failures - 1).min(4)).min(BEAT),
    }
}

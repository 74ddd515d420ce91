//! Reads that see the caller's own writes, and never tables that are being rebuilt.

use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use contracts_core::ReadRpc;
use contracts_core::common::v1::{ErrorReason, LogPosition};
use eventsourcing::{CheckpointError, Checkpoints, Feed, Projection, ReadTables};
use futures::future::{BoxFuture, FutureExt as _};
use sqlx::PgPool;
use tonic::{Code, Status};

use crate::call::Call;
use crate::definition::Runtime;
use crate::errors::{internal, invalid_fields, refused, retry_later, unavailable, violation};

/// No caller has written to more logs.
const MOST_POSITIONS: usize = 16;
/// Kept back from the caller's deadline, so that the answer arrives before it.
const FOR_THE_ANSWER: Duration = Duration::from_millis(20);
/// No call waits longer, whatever its deadline: who waits keeps a place of the service.
const LONGEST: Duration = Duration::from_secs(10);
/// No count of rebuilds.
const NEVER: i64 = -1;

/// The read tables of a projection, or of several that one look needs. Cheap to clone.
///
/// Every look goes through here, because a rebuild may empty the tables between the moment when
/// they were known to be complete and the moment when their rows are read. After each look the
/// count of rebuilds is compared with the one before it; if it has changed, the look is repeated.
pub struct Reads<T> {
    pool: PgPool,
    checkpoints: Checkpoints,
    /// How many rebuilds had begun when the tables were last known to be complete.
    rebuilds: Arc<AtomicI64>,
    tables: PhantomData<fn() -> T>,
}

impl<T> Clone for Reads<T> {
    fn clone(&self) -> Self {
        Self {
            pool: self.pool.clone(),
            checkpoints: self.checkpoints.clone(),
            rebuilds: Arc::clone(&self.rebuilds),
            tables: PhantomData,
        }
    }
}

impl<T: ReadTables> Reads<T> {
    /// In the schema of a service.
    pub fn on(runtime: &Runtime) -> Self {
        Self::new(runtime.pool.clone())
    }

    /// Over a pool in the schema of the service.
    pub fn new(pool: PgPool) -> Self {
        Self {
            checkpoints: Checkpoints::new(pool.clone()),
            pool,
            rebuilds: Arc::new(AtomicI64::new(NEVER)),
            tables: PhantomData,
        }
    }

    /// What `look` finds once the tables have reached the positions that the request names.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for a position that no log can have, or of a log that is not folded here;
    /// `DEADLINE_EXCEEDED` when the tables are too far behind; `UNAVAILABLE` while they are rebuilt.
    pub async fn read<'a, M: ReadRpc, F, R, E>(
        &'a self,
        call: &Call,
        request: &M,
        look: impl Fn(&'a PgPool) -> F,
    ) -> Result<R, Status>
    where
        F: Future<Output = Result<R, E>>,
        ReadError: From<E>,
    {
        let read = self.read_at(call, request.min_positions(), look).await;
        read.map_err(|error| error.status(M::min_position_path))
    }

    /// What `look` finds once the tables have reached these positions, for what is more than a
    /// read.
    pub async fn read_at<'a, F, R, E>(
        &'a self,
        call: &Call,
        positions: &[LogPosition],
        look: impl Fn(&'a PgPool) -> F,
    ) -> Result<R, ReadError>
    where
        F: Future<Output = Result<R, E>>,
        ReadError: From<E>,
    {
        self.reached(call, positions).await?;
        self.look(look).await
    }

    /// Waits until the tables have reached these positions, up to the call's deadline and for ten
    /// seconds at most.
    pub async fn reached(&self, call: &Call, positions: &[LogPosition]) -> Result<(), ReadError> {
        check(positions)?;
        let all = async {
            for (index, position) in positions.iter().enumerate() {
                let folded = one_reached(&self.checkpoints, T::PROJECTIONS, position).await?;
                if !folded {
                    return Err(ReadError::OtherLog(index));
                }
            }
            Ok(())
        };
        let last_moment = last_moment(call.deadline, Instant::now());
        tokio::time::timeout_at(last_moment.into(), all)
            .await
            .unwrap_or(Err(ReadError::Behind))
    }

    /// What `look` finds in the tables as they are.
    pub async fn look<'a, F, R, E>(&'a self, look: impl Fn(&'a PgPool) -> F) -> Result<R, ReadError>
    where
        F: Future<Output = Result<R, E>>,
        ReadError: From<E>,
    {
        let begun = || self.checkpoints.rebuilds(T::PROJECTIONS);
        let mut before = self.rebuilds.load(Ordering::Relaxed);
        if before == NEVER {
            before = begun().await?;
        }
        loop {
            let found = look(&self.pool).await;
            let after = begun().await?;
            self.rebuilds.store(after, Ordering::Relaxed);
            if after == before {
                return Ok(found?);
            }
            before = after;
        }
    }

    /// What `look` finds once the tables have everything that these logs have now: what is then
    /// not found does not exist.
    pub async fn current<'a, F, R, E>(
        &'a self,
        sources: impl IntoIterator<Item = &dyn CatchUp>,
        look: impl Fn(&'a PgPool) -> F,
    ) -> Result<R, ReadError>
    where
        F: Future<Output = Result<R, E>>,
        ReadError: From<E>,
    {
        for source in sources {
            source.catch_up().await?;
        }
        self.look(look).await
    }

    /// What `look` finds, after a second thought: while what was found would be a refusal, `unsure`
    /// names the log by which the tables may be behind, and the look is repeated once they have
    /// everything that it has now. Each log is asked for once.
    ///
    /// # Errors
    /// When a log does not answer, or the tables are too far behind or rebuilt.
    pub async fn definite<'a, F, R, E>(
        &'a self,
        look: impl Fn(&'a PgPool) -> F,
        unsure: impl Fn(&R) -> Option<&'a dyn CatchUp>,
    ) -> Result<R, ReadError>
    where
        F: Future<Output = Result<R, E>>,
        ReadError: From<E>,
    {
        let mut asked = Vec::new();
        let mut found = self.look(&look).await?;
        while let Some(source) = unsure(&found).filter(|source| !asked.contains(&source.source())) {
            asked.push(source.source());
            source.catch_up().await?;
            found = self.look(&look).await?;
        }
        Ok(found)
    }
}

/// A log from which a projection is folded, to catch up with.
pub struct Source<P: Projection> {
    checkpoints: Checkpoints,
    feed: Arc<dyn Feed<P::Event>>,
}

impl<P: Projection> Clone for Source<P> {
    fn clone(&self) -> Self {
        Self {
            checkpoints: self.checkpoints.clone(),
            feed: Arc::clone(&self.feed),
        }
    }
}

impl<P: Projection> Source<P> {
    /// The log behind a feed from which a service folds the projection.
    pub fn on(runtime: &Runtime, feed: &Arc<dyn Feed<P::Event>>) -> Self {
        Self::new(&runtime.pool, feed)
    }

    /// The same over a pool in the schema of the service.
    pub fn new(pool: &PgPool, feed: &Arc<dyn Feed<P::Event>>) -> Self {
        Self {
            checkpoints: Checkpoints::new(pool.clone()),
            feed: Arc::clone(feed),
        }
    }

    pub fn feed(&self) -> Arc<dyn Feed<P::Event>> {
        Arc::clone(&self.feed)
    }
}

/// A log that read tables may be behind.
pub trait CatchUp: Send + Sync {
    /// The service whose log it is.
    fn source(&self) -> &'static str;

    /// Waits until the tables have everything that the log has now, for ten seconds at most.
    fn catch_up(&self) -> BoxFuture<'_, Result<(), ReadError>>;
}

impl<P: Projection> CatchUp for Source<P> {
    fn source(&self) -> &'static str {
        self.feed.source()
    }

    fn catch_up(&self) -> BoxFuture<'_, Result<(), ReadError>> {
        async {
            let caught_up = self.checkpoints.catch_up(P::NAME, &*self.feed);
            let in_time = tokio::time::timeout(LONGEST, caught_up).await;
            Ok(in_time.map_err(|_| ReadError::TooFarBehind)??)
        }
        .boxed()
    }
}

/// Why read tables were not read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// No log can have the position with this index.
    #[error("must be a position that a write answered with")]
    NoPosition(usize),
    /// The position with this index is of a log that the projection does not fold.
    #[error("must be a service whose log is read here")]
    OtherLog(usize),
    /// A position is one too many.
    #[error("must be left out: a read waits for {MOST_POSITIONS} positions at most")]
    TooMany,
    /// The projection is too far behind the position.
    #[error("the positions were not reached in time: the read tables are behind")]
    Behind,
    /// The projection is too far behind a log.
    #[error("what is read here is too far behind: try again later")]
    TooFarBehind,
    /// The projection cannot be waited for.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The rows cannot be read.
    #[error("the read tables cannot be read: {0}")]
    Table(#[from] sqlx::Error),
}

impl From<ReadError> for Status {
    fn from(error: ReadError) -> Self {
        error.status(|_| "min_position".to_owned())
    }
}

impl ReadError {
    /// The status for a caller who named the position with an index at this path.
    fn status(self, path: impl Fn(usize) -> String) -> Status {
        let message = self.to_string();
        let malformed =
            |field: String, reason, message| invalid_fields(&[violation(field, reason, message)]);
        match self {
            Self::NoPosition(index) => malformed(path(index), "POSITION", message),
            Self::OtherLog(index) => {
                malformed(format!("{}.service", path(index)), "SERVICE", message)
            }
            Self::TooMany => malformed(path(MOST_POSITIONS), "COUNT", message),
            Self::Behind => refused(
                Code::DeadlineExceeded,
                ErrorReason::PositionNotReached,
                message,
            ),
            Self::TooFarBehind => unavailable(&message),
            Self::Checkpoint(error) => checkpoint_status(error),
            Self::Table(error) => internal(error),
        }
    }
}

/// Refuses positions that cannot be waited for.
fn check(positions: &[LogPosition]) -> Result<(), ReadError> {
    if positions.len() > MOST_POSITIONS {
        return Err(ReadError::TooMany);
    }
    let is_name = |service: &str| service.bytes().all(|it| it.is_ascii_lowercase());
    for (index, LogPosition { service, position }) in positions.iter().enumerate() {
        if service.is_empty() || *position < 0 {
            return Err(ReadError::NoPosition(index));
        }
        if !is_name(service) {
            return Err(ReadError::OtherLog(index));
        }
    }
    Ok(())
}

/// Waits for those of the projections that fold the log, and says whether any does. Looks once
/// before it waits: most positions are reached when they are asked for, and of a log that is not
/// folded none ever is.
async fn one_reached(
    checkpoints: &Checkpoints,
    projections: &[&str],
    wanted: &LogPosition,
) -> Result<bool, CheckpointError> {
    let source = wanted.service.as_str();
    let mut folded = false;
    for projection in projections {
        let position = checkpoints.position(projection, source).await?;
        if position == 0 && is_foreign(checkpoints, projection, source).await? {
            continue;
        }
        folded = true;
        if position < wanted.position {
            checkpoints
                .wait(projection, source, wanted.position)
                .await?;
        }
    }
    Ok(folded)
}

/// Whether the projection folds other logs and not this one. One that has never run may fold any.
async fn is_foreign(
    checkpoints: &Checkpoints,
    projection: &str,
    source: &str,
) -> Result<bool, CheckpointError> {
    let sources = checkpoints.sources(projection).await?;
    Ok(!sources.is_empty() && sources.iter().all(|followed| followed != source))
}

fn last_moment(deadline: Option<Instant>, now: Instant) -> Instant {
    let longest = now + LONGEST;
    deadline.map_or(longest, |deadline| {
        let answered = deadline.checked_sub(FOR_THE_ANSWER).unwrap_or(deadline);
        answered.min(longest)
    })
}

/// The status for a projection that cannot be waited for.
fn checkpoint_status(error: CheckpointError) -> Status {
    match error {
        CheckpointError::Rebuilding(_) => retry_later(
            Code::Unavailable,
            ErrorReason::TemporarilyUnavailable,
            "what is read here is being rebuilt: try again later",
            Duration::from_secs(5),
        ),
        CheckpointError::Feed(_) => unavailable(&error.to_string()),
        CheckpointError::Database(error) => internal(error),
        CheckpointError::Unknown(_) | CheckpointError::NotAProjection(_) => internal(error),
    }
}

#[cfg(test)]
mod tests {
    use tonic_types::StatusExt as _;

    use super::*;

    fn violation_of(error: ReadError) -> (String, String) {
        let status = error.status(|index| format!("min_positions[{index}]"));
        let details = status.get_details_bad_request().unwrap();
        let violation = &details.field_violations[0];
        (violation.field.clone(), violation.reason.clone())
    }

    #[test]
    fn a_position_that_cannot_be_waited_for_is_named() {
        let at = |service: &str, position| LogPosition {
            service: service.to_owned(),
            position,
        };
        let good = || at("identity", 1);
        assert!(check(&vec![good(); MOST_POSITIONS]).is_ok());
        for (positions, field, reason) in [
            (vec![good(), at("identity", -1)], "[1]", "POSITION"),
            (vec![at("", 1), good()], "[0]", "POSITION"),
            (vec![good(), good(), at("?", 1)], "[2].service", "SERVICE"),
            (vec![good(); MOST_POSITIONS + 1], "[16]", "COUNT"),
        ] {
            let expected = (format!("min_positions{field}"), reason.to_owned());
            assert_eq!(violation_of(check(&positions).unwrap_err()), expected);
        }
    }

    #[test]
    fn a_read_waits_until_shortly_before_its_deadline_and_for_ten_seconds_at_most() {
        let now = Instant::now();
        let after = |seconds| Some(now + Duration::from_secs(seconds));
        let waits = |deadline| last_moment(deadline, now) - now;
        assert_eq!(waits(after(2)), Duration::from_millis(1_980));
        assert_eq!(waits(after(60 * 60)), LONGEST);
        assert_eq!(waits(None), LONGEST);
    }
}

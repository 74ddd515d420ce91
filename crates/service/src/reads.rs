//! Reads that see the caller's own writes.

use std::marker::PhantomData;
use std::time::{Duration, Instant};

use contracts_core::ReadRpc;
use contracts_core::common::v1::{ErrorReason, LogPosition};
use eventsourcing::{CheckpointError, Checkpoints, Feed, Projection};
use sqlx::PgPool;
use tonic::{Code, Status};

use crate::call::Call;
use crate::definition::Runtime;
use crate::errors::{internal, invalid_fields, refused, retry_later, violation};

/// Kept back from the caller's deadline, so that the answer arrives before it.
const FOR_THE_ANSWER: Duration = Duration::from_millis(20);
/// No call waits longer, whatever its deadline: who waits keeps a place of the service.
const LONGEST: Duration = Duration::from_secs(10);

/// The read tables of a projection. Cheap to clone.
pub struct Reads<P> {
    pool: PgPool,
    checkpoints: Checkpoints,
    projection: PhantomData<fn() -> P>,
}

impl<P> Clone for Reads<P> {
    fn clone(&self) -> Self {
        Self {
            pool: self.pool.clone(),
            checkpoints: self.checkpoints.clone(),
            projection: PhantomData,
        }
    }
}

impl<P: Projection> Reads<P> {
    /// In the schema of a service.
    pub fn on(runtime: &Runtime) -> Self {
        Self::new(runtime.pool.clone(), runtime.checkpoints.clone())
    }

    /// Over a pool in the schema of the service.
    pub fn new(pool: PgPool, checkpoints: Checkpoints) -> Self {
        Self {
            pool,
            checkpoints,
            projection: PhantomData,
        }
    }

    /// The tables once they have reached the positions that the request names. Errors: see
    /// [`reached`].
    pub async fn reached<M: ReadRpc>(&self, call: &Call, request: &M) -> Result<&PgPool, Status> {
        Ok(self.reached_at(call, request.min_positions()).await?)
    }

    /// The tables once they have reached these positions, for what is more than a read.
    pub async fn reached_at(
        &self,
        call: &Call,
        positions: &[LogPosition],
    ) -> Result<&PgPool, NotReached> {
        reached(&self.checkpoints, P::NAME, positions, call).await?;
        Ok(&self.pool)
    }

    /// The tables as they are.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Waits until the tables have everything that the log behind the feed has now.
    pub async fn catch_up<E>(&self, feed: &dyn Feed<E>) -> Result<(), Status> {
        let caught_up = self.checkpoints.catch_up(P::NAME, feed).await;
        caught_up.map_err(checkpoint_status)
    }
}

/// Why read tables were not read.
#[derive(Debug, thiserror::Error)]
pub enum NotReached {
    /// No log can have the position.
    #[error("must be a position that a write answered with")]
    NoPosition,
    /// The position is of a log that the projection does not fold.
    #[error("must be a service whose log is read here")]
    OtherLog,
    /// The projection is too far behind.
    #[error("min_position was not reached in time: the read tables are behind")]
    Behind,
    /// The projection cannot be waited for.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

impl From<NotReached> for Status {
    fn from(error: NotReached) -> Self {
        let message = error.to_string();
        let malformed =
            |field, reason, message| invalid_fields(vec![violation(field, reason, message)]);
        match error {
            NotReached::NoPosition => malformed("min_position", "POSITION", message),
            NotReached::OtherLog => malformed("min_position.service", "SERVICE", message),
            NotReached::Behind => refused(
                Code::DeadlineExceeded,
                ErrorReason::PositionNotReached,
                message,
            ),
            NotReached::Checkpoint(error) => checkpoint_status(error),
        }
    }
}

/// Waits until a projection has folded every given position (`min_position`), up to the call's
/// deadline and for ten seconds at most. Without positions it returns at once, unless the
/// projection is offline.
///
/// # Errors
/// To a caller they are `INVALID_ARGUMENT` for a position that no log can have, or of a log that
/// the projection does not fold; `DEADLINE_EXCEEDED` when the projection is too far behind;
/// `UNAVAILABLE` while it is rebuilt.
pub async fn reached(
    checkpoints: &Checkpoints,
    projection: &str,
    positions: &[LogPosition],
    call: &Call,
) -> Result<(), NotReached> {
    let bad = positions
        .iter()
        .any(|position| position.service.is_empty() || position.position < 0);
    if bad {
        return Err(NotReached::NoPosition);
    }
    let all = async {
        if positions.is_empty() {
            checkpoints.readable(projection).await?;
        }
        for position in positions {
            one_reached(checkpoints, projection, position).await?;
        }
        Ok(())
    };
    let last_moment = last_moment(call.deadline, Instant::now());
    tokio::time::timeout_at(last_moment.into(), all)
        .await
        .unwrap_or(Err(NotReached::Behind))
}

/// Looks once before it waits: most positions are reached when they are asked for, and of a log
/// that is not folded none ever is.
async fn one_reached(
    checkpoints: &Checkpoints,
    projection: &str,
    wanted: &LogPosition,
) -> Result<(), NotReached> {
    let source = wanted.service.as_str();
    let position = checkpoints.position(projection, source).await?;
    if position == 0 && is_foreign(checkpoints, projection, source).await? {
        return Err(NotReached::OtherLog);
    }
    if position < wanted.position {
        checkpoints
            .wait(projection, source, wanted.position)
            .await?;
    }
    Ok(())
}

/// Whether the projection folds other logs and not this one. One that has never run may fold any.
async fn is_foreign(
    checkpoints: &Checkpoints,
    projection: &str,
    source: &str,
) -> Result<bool, CheckpointError> {
    let all = checkpoints.list().await?;
    let mut sources = all
        .iter()
        .filter(|status| status.projection == projection)
        .map(|status| status.source.as_str())
        .peekable();
    Ok(sources.peek().is_some() && sources.all(|followed| followed != source))
}

fn last_moment(deadline: Option<Instant>, now: Instant) -> Instant {
    let longest = now + LONGEST;
    deadline.map_or(longest, |deadline| {
        let answered = deadline.checked_sub(FOR_THE_ANSWER).unwrap_or(deadline);
        answered.min(longest)
    })
}

/// What the caller is told when a projection cannot be waited for.
pub fn checkpoint_status(error: CheckpointError) -> Status {
    match error {
        CheckpointError::Rebuilding(_) => retry_later(
            Code::Unavailable,
            ErrorReason::TemporarilyUnavailable,
            "what is read here is being rebuilt: try again later",
            Duration::from_secs(5),
        ),
        CheckpointError::Feed(_) => crate::errors::unavailable(&error.to_string()),
        CheckpointError::Database(error) => internal(error),
        CheckpointError::Unknown(_) | CheckpointError::NotAProjection(_) => internal(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

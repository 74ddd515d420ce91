//! Reads that see the caller's own writes.

use std::time::{Duration, Instant};

use contracts::common::v1::{ErrorReason, LogPosition};
use eventsourcing::{CheckpointError, Checkpoints};
use tonic::{Code, Status};

use crate::call::Call;
use crate::errors::{internal, invalid_fields, refused, retry_later, violation};

/// Kept back from the caller's deadline, so that the answer arrives before it.
const FOR_THE_ANSWER: Duration = Duration::from_millis(20);
/// How long a call without a deadline waits.
const WITHOUT_DEADLINE: Duration = Duration::from_secs(30);

/// Waits until a projection has folded every given position (`min_position`), up to the call's
/// deadline. Without positions it returns at once, unless the projection is offline.
///
/// # Errors
/// `INVALID_ARGUMENT` for a position that no log can have, `DEADLINE_EXCEEDED` when the
/// projection is too far behind, `UNAVAILABLE` while it is rebuilt.
pub async fn reached(
    checkpoints: &Checkpoints,
    projection: &str,
    positions: &[LogPosition],
    call: &Call,
) -> Result<(), Status> {
    let bad = positions
        .iter()
        .any(|position| position.service.is_empty() || position.position < 0);
    if bad {
        return Err(invalid_fields(vec![violation(
            "min_position",
            "POSITION",
            "must be a position that a write answered with",
        )]));
    }
    let deadline = call
        .deadline
        .unwrap_or_else(|| Instant::now() + WITHOUT_DEADLINE);
    let last_moment = deadline.checked_sub(FOR_THE_ANSWER).unwrap_or(deadline);
    let all = async {
        if positions.is_empty() {
            return checkpoints.readable(projection).await;
        }
        for position in positions {
            checkpoints
                .wait(projection, &position.service, position.position)
                .await?;
        }
        Ok(())
    };
    match tokio::time::timeout_at(last_moment.into(), all).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(checkpoint_status(error)),
        Err(_) => Err(refused(
            Code::DeadlineExceeded,
            ErrorReason::PositionNotReached,
            "min_position was not reached before the deadline: the read tables are behind",
        )),
    }
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

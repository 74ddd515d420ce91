//! What callers are told of refusals and failures.

use contracts::common::v1::ErrorReason;
use eventsourcing::ExecuteError;
use service::{Refusal, checkpoint_status, internal, not_found, refused};
use tonic::{Code, Status};

use crate::{
    domain::{HoldId, LocationId, event::EventError},
    reference::{LookupError, Obstacle},
};

impl Refusal for EventError {
    fn code(&self) -> Code {
        match self {
            Self::NotFound | Self::TierNotFound(_) | Self::HoldNotFound(_) => Code::NotFound,
            Self::TierNameTaken(_) => Code::InvalidArgument,
            Self::NotOnSale | Self::TierSoldOut(_) | Self::SoldOut | Self::ChildRegistered(_) => {
                Code::FailedPrecondition
            }
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::NotFound | Self::TierNotFound(_) | Self::HoldNotFound(_) => ErrorReason::NotFound,
            Self::TierNameTaken(_) => ErrorReason::InvalidFields,
            Self::NotOnSale => ErrorReason::EventNotOnSale,
            Self::TierSoldOut(_) | Self::SoldOut => ErrorReason::SoldOut,
            Self::ChildRegistered(_) => ErrorReason::ChildRegistered,
        }
    }
}

/// Events claim nothing.
pub(super) fn status(error: ExecuteError<EventError>) -> Status {
    service::status(error, |_| None)
}

/// What could not be looked up: passing troubles of a log are told apart from defects.
pub(super) fn lookup(error: LookupError) -> Status {
    match error {
        LookupError::Table(error) => internal(error),
        LookupError::CatchUp(error) => checkpoint_status(error),
        error @ LookupError::Zone(..) => internal(error),
    }
}

/// Nobody's child, somebody else's, or one that takes part in nothing new.
pub(super) fn not_for_child(obstacle: Obstacle) -> Status {
    match obstacle {
        Obstacle::Stranger(id) => not_found("child", &id.to_string()),
        Obstacle::Archived(id) => refused(
            Code::FailedPrecondition,
            ErrorReason::ChildArchived,
            format!("child {id} was archived"),
        ),
    }
}

/// No such hold.
pub(super) fn no_hold(id: HoldId) -> Status {
    not_found("ticket hold", &id.to_string())
}

/// No such location.
pub(super) fn no_location(id: LocationId) -> Status {
    not_found("location", &id.to_string())
}

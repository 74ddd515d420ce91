//! How callers are told of refusals.

use std::fmt::Display;

use contracts::common::v1::ErrorReason;
use eventsourcing::ExecuteError;
use service::Refusal;
use tonic::{Code, Status};

use crate::domain::location::{LocationError, NAME_SCOPE};
use crate::domain::schedule::{ScheduleError, WINDOW_SCOPE};
use crate::domain::session::{CHILD_SCOPE, SLOT_SCOPE, SessionError, TRAINER_SCOPE};
use crate::domain::trainer_calendar::TrainerCalendarError;

/// What a command that was not accepted is answered with.
pub fn refusal<E: Refusal + Display>(error: ExecuteError<E>) -> Status {
    service::status(error, taken)
}

fn taken(scope: &str) -> Option<(Code, ErrorReason, &'static str)> {
    let precondition = Code::FailedPrecondition;
    match scope {
        NAME_SCOPE => Some((
            Code::AlreadyExists,
            ErrorReason::LocationNameTaken,
            "a location with this name exists",
        )),
        WINDOW_SCOPE => Some((
            precondition,
            ErrorReason::WindowOverlaps,
            "the window overlaps another window of the trainer",
        )),
        SLOT_SCOPE => Some((
            precondition,
            ErrorReason::SlotTaken,
            "the slot is held or booked by another session",
        )),
        TRAINER_SCOPE => Some((
            precondition,
            ErrorReason::TrainerBusy,
            "the trainer is elsewhere at that time",
        )),
        CHILD_SCOPE => Some((
            precondition,
            ErrorReason::ChildBusy,
            "one of the children is elsewhere at that time",
        )),
        _ => None,
    }
}

impl Refusal for LocationError {
    fn code(&self) -> Code {
        match self {
            Self::Exists => Code::Internal,
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::Exists => ErrorReason::Internal,
        }
    }
}

impl Refusal for TrainerCalendarError {
    fn code(&self) -> Code {
        match self {
            Self::NotAGroup => Code::InvalidArgument,
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::NotAGroup => ErrorReason::InvalidFields,
        }
    }
}

impl Refusal for ScheduleError {
    fn code(&self) -> Code {
        match self {
            Self::AlreadyOpen => Code::Internal,
            Self::NoSlots => Code::InvalidArgument,
            Self::LocationNotAssigned { .. }
            | Self::OutsideWindow { .. }
            | Self::SlotsOverlap { .. } => Code::FailedPrecondition,
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::AlreadyOpen => ErrorReason::Internal,
            Self::NoSlots => ErrorReason::InvalidFields,
            Self::LocationNotAssigned { .. } => ErrorReason::LocationNotAssigned,
            Self::OutsideWindow { .. } | Self::SlotsOverlap { .. } => ErrorReason::SlotMisplaced,
        }
    }
}

impl Refusal for SessionError {
    fn code(&self) -> Code {
        match self {
            Self::Unknown => Code::NotFound,
            Self::Exists => Code::Internal,
            Self::ChildrenNotDistinct | Self::PriceTooLarge => Code::InvalidArgument,
            // Whoever sends it by a clock that is ahead of ours sends it again.
            Self::HoldRunning => Code::Unavailable,
            Self::TrainerNotBookable
            | Self::ChildArchived { .. }
            | Self::NoGroupPrice { .. }
            | Self::Begun
            | Self::State { .. }
            | Self::NotOver => Code::FailedPrecondition,
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::Unknown => ErrorReason::NotFound,
            Self::Exists => ErrorReason::Internal,
            Self::ChildrenNotDistinct | Self::PriceTooLarge => ErrorReason::InvalidFields,
            Self::TrainerNotBookable => ErrorReason::TrainerNotBookable,
            Self::ChildArchived { .. } => ErrorReason::ChildArchived,
            Self::NoGroupPrice { .. } => ErrorReason::NoGroupPrice,
            Self::Begun => ErrorReason::SlotPast,
            Self::State { .. } => ErrorReason::SessionState,
            Self::NotOver => ErrorReason::SessionNotOver,
            Self::HoldRunning => ErrorReason::TemporarilyUnavailable,
        }
    }
}

//! What callers are told of refusals: code, reason, and what a taken claim means.

use contracts::common::v1::ErrorReason;
use service::{Refusal, Taken};
use tonic::Code;

use crate::domain::location::{LocationError, NAME_SCOPE};
use crate::domain::schedule::{ScheduleError, WINDOW_SCOPE};
use crate::domain::session::{CHILD_SCOPE, SLOT_SCOPE, SessionError, TRAINER_SCOPE};
use crate::domain::trainer_calendar::TrainerCalendarError;

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

    fn taken(scope: &str) -> Option<Taken> {
        (scope == NAME_SCOPE).then_some(Taken {
            code: Code::AlreadyExists,
            reason: ErrorReason::LocationNameTaken,
            message: "a location with this name exists",
        })
    }
}

impl Refusal for TrainerCalendarError {
    fn code(&self) -> Code {
        match self {
            Self::NotAGroup | Self::OtherCurrency { .. } => Code::InvalidArgument,
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::NotAGroup | Self::OtherCurrency { .. } => ErrorReason::InvalidFields,
        }
    }

    fn field(&self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::NotAGroup => None,
            Self::OtherCurrency { .. } => Some(("price.currency_code", "CURRENCY")),
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
            | Self::SlotPast { .. }
            | Self::SlotsOverlap { .. } => Code::FailedPrecondition,
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::AlreadyOpen => ErrorReason::Internal,
            Self::NoSlots => ErrorReason::InvalidFields,
            Self::LocationNotAssigned { .. } => ErrorReason::LocationNotAssigned,
            Self::OutsideWindow { .. } | Self::SlotsOverlap { .. } => ErrorReason::SlotMisplaced,
            Self::SlotPast { .. } => ErrorReason::SlotPast,
        }
    }

    fn taken(scope: &str) -> Option<Taken> {
        (scope == WINDOW_SCOPE).then_some(Taken {
            code: Code::FailedPrecondition,
            reason: ErrorReason::WindowOverlaps,
            message: "the window overlaps another window of the trainer",
        })
    }
}

impl Refusal for SessionError {
    fn code(&self) -> Code {
        match self {
            Self::NotFound => Code::NotFound,
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
            Self::NotFound => ErrorReason::NotFound,
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

    fn taken(scope: &str) -> Option<Taken> {
        let (reason, message) = match scope {
            SLOT_SCOPE => (
                ErrorReason::SlotTaken,
                "the slot is held or booked by another session",
            ),
            TRAINER_SCOPE => (
                ErrorReason::TrainerBusy,
                "the trainer is elsewhere at that time",
            ),
            CHILD_SCOPE => (
                ErrorReason::ChildBusy,
                "one of the children is elsewhere at that time",
            ),
            _ => return None,
        };
        Some(Taken {
            code: Code::FailedPrecondition,
            reason,
            message,
        })
    }
}

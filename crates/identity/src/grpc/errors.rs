//! What callers are told of refusals.

use std::time::Duration;

use contracts::common::v1::ErrorReason;
use eventsourcing::{ExecuteError, personal::PersonalError};
use service::{Refusal, internal, refused, retry_later, status};
use tonic::{Code, Status};

use crate::{
    accounts::AccountError,
    children::RecordError,
    domain::{
        child::ChildError,
        trainer::TrainerError,
        user::{EMAIL_SCOPE, UserError},
    },
    password::HashingError,
};

/// When to try again what found too many passwords waiting.
const RETRY_HASHING_AFTER: Duration = Duration::from_secs(2);

impl Refusal for UserError {
    fn code(&self) -> Code {
        match self {
            Self::AdminByAnyone
            | Self::Erased
            | Self::LastAdmin
            | Self::HasChildren
            | Self::HasProfile
            | Self::AlreadyVerified
            | Self::NoPhoneNumber
            | Self::CodeOutdated => Code::FailedPrecondition,
            Self::NotRegistered => Code::NotFound,
            Self::Deactivated => Code::PermissionDenied,
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::AdminByAnyone | Self::HasChildren | Self::HasProfile => ErrorReason::RoleMismatch,
            Self::NotRegistered => ErrorReason::NotFound,
            Self::Deactivated => ErrorReason::AccountDeactivated,
            Self::Erased => ErrorReason::SubjectErased,
            Self::LastAdmin => ErrorReason::LastAdmin,
            Self::AlreadyVerified => ErrorReason::AlreadyVerified,
            Self::NoPhoneNumber => ErrorReason::PhoneNumberMissing,
            Self::CodeOutdated => ErrorReason::CodeExpired,
        }
    }
}

impl Refusal for TrainerError {
    fn code(&self) -> Code {
        match self {
            Self::NotATrainer | Self::Erased => Code::FailedPrecondition,
            Self::Exists => Code::AlreadyExists,
            Self::Unknown => Code::NotFound,
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::NotATrainer => ErrorReason::RoleMismatch,
            Self::Exists => ErrorReason::TrainerExists,
            Self::Unknown => ErrorReason::NotFound,
            Self::Erased => ErrorReason::SubjectErased,
        }
    }
}

impl Refusal for ChildError {
    fn code(&self) -> Code {
        match self {
            Self::NotFound => Code::NotFound,
            Self::NotAParent
            | Self::ConsentMissing
            | Self::TooManyAllergens
            | Self::Archived
            | Self::Erased
            | Self::BookingsAhead
            | Self::TransferNotOpen => Code::FailedPrecondition,
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::NotFound => ErrorReason::NotFound,
            Self::NotAParent => ErrorReason::RoleMismatch,
            Self::ConsentMissing => ErrorReason::ConsentMissing,
            Self::TooManyAllergens => ErrorReason::TooManyAllergens,
            Self::Archived => ErrorReason::ChildArchived,
            Self::Erased => ErrorReason::SubjectErased,
            Self::BookingsAhead => ErrorReason::BookingsAhead,
            Self::TransferNotOpen => ErrorReason::TransferNotOpen,
        }
    }
}

impl From<RecordError> for Status {
    fn from(error: RecordError) -> Self {
        match error {
            RecordError::Command(error) => command_status(error),
            RecordError::Keys(error) => personal_status(error),
            RecordError::Log(error) => internal(error),
        }
    }
}

impl From<AccountError> for Status {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::Hashing(error) => hashing_status(error),
            AccountError::Command(error) => command_status(error),
            AccountError::Personal(error) => personal_status(error),
            AccountError::Credentials(error) => internal(error),
            AccountError::Log(error) => internal(error),
            AccountError::Answer => internal(error),
        }
    }
}

/// What the caller is told when a password was not hashed.
pub(super) fn hashing_status(error: HashingError) -> Status {
    match error {
        HashingError::Overloaded => retry_later(
            Code::ResourceExhausted,
            ErrorReason::Overloaded,
            "too many passwords at once: try again",
            RETRY_HASHING_AFTER,
        ),
        error @ HashingError::Failed(_) => internal(error),
    }
}

/// What the caller is told when personal data was not sealed or opened.
pub(crate) fn personal_status(error: PersonalError) -> Status {
    match error {
        PersonalError::Erased(_) => refused(
            Code::FailedPrecondition,
            ErrorReason::SubjectErased,
            "the subject was erased: nothing more can be stored of it",
        ),
        PersonalError::Database(error) => internal(error),
        other => internal(other),
    }
}

/// What the caller of a command is told.
pub(crate) fn command_status<E: Refusal>(error: ExecuteError<E>) -> Status {
    status(error, |scope| {
        (scope == EMAIL_SCOPE).then_some((
            Code::AlreadyExists,
            ErrorReason::EmailTaken,
            "a user with this email address exists",
        ))
    })
}

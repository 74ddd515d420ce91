//! The gRPC status of each refusal and failure.

use std::time::Duration;

use contracts::common::v1::ErrorReason;
use eventsourcing::personal::PersonalError;
use service::{Refusal, Taken, internal, not_found, refused, refused_with, retry_later, status};
use tonic::{Code, Status};

use crate::accounts::{AccountError, ChildRecordError, ErasureError, ExportError};
use crate::domain::child::ChildError;
use crate::domain::trainer::TrainerError;
use crate::domain::user::{EMAIL_SCOPE, UserError};
use crate::mail::MailError;
use crate::proofs::attempts::AttemptError;
use crate::proofs::codes::CodeError;
use crate::proofs::logins::LoginError;
use crate::proofs::{AuthError, HashingError};

/// A caller who found too many passwords waiting may try again after this time.
const RETRY_HASHING_AFTER: Duration = Duration::from_secs(2);

impl Refusal for UserError {
    fn code(&self) -> Code {
        match self {
            Self::AdminByAnyone
            | Self::Erased
            | Self::BookingsAhead
            | Self::LastAdmin
            | Self::HasChildren
            | Self::HasProfile
            | Self::AlreadyVerified
            | Self::NoPhoneNumber
            | Self::CodeOutdated => Code::FailedPrecondition,
            Self::NotFound => Code::NotFound,
            Self::Deactivated => Code::PermissionDenied,
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::AdminByAnyone | Self::HasChildren | Self::HasProfile => ErrorReason::RoleMismatch,
            Self::NotFound => ErrorReason::NotFound,
            Self::Deactivated => ErrorReason::AccountDeactivated,
            Self::Erased => ErrorReason::SubjectErased,
            Self::BookingsAhead => ErrorReason::BookingsAhead,
            Self::LastAdmin => ErrorReason::LastAdmin,
            Self::AlreadyVerified => ErrorReason::AlreadyVerified,
            Self::NoPhoneNumber => ErrorReason::PhoneNumberMissing,
            Self::CodeOutdated => ErrorReason::CodeExpired,
        }
    }

    fn taken(scope: &str) -> Option<Taken> {
        (scope == EMAIL_SCOPE).then_some(Taken {
            code: Code::AlreadyExists,
            reason: ErrorReason::EmailTaken,
            message: "a user with this email address exists",
        })
    }
}

impl Refusal for TrainerError {
    fn code(&self) -> Code {
        match self {
            Self::NotATrainer | Self::Erased => Code::FailedPrecondition,
            Self::Exists => Code::AlreadyExists,
            Self::NotFound => Code::NotFound,
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::NotATrainer => ErrorReason::RoleMismatch,
            Self::Exists => ErrorReason::TrainerExists,
            Self::NotFound => ErrorReason::NotFound,
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
            Self::SameGuardian => Code::InvalidArgument,
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
            Self::SameGuardian => ErrorReason::InvalidFields,
            Self::TransferNotOpen => ErrorReason::TransferNotOpen,
        }
    }

    /// Whoever names themselves by their id is refused when the fields are parsed.
    fn field(&self) -> Option<(&'static str, &'static str)> {
        (*self == Self::SameGuardian).then_some(("new_guardian_email", "SELF"))
    }
}

impl From<ChildRecordError> for Status {
    fn from(error: ChildRecordError) -> Self {
        match error {
            ChildRecordError::Command(error) => status(error),
            ChildRecordError::Keys(error) => personal_status(error),
            ChildRecordError::Log(error) => internal(error),
        }
    }
}

impl From<AccountError> for Status {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::Hashing(error) => hashing_status(error),
            AccountError::Command(error) => status(error),
            AccountError::Personal(error) => personal_status(error),
            AccountError::Credentials(error) => internal(error),
            AccountError::Logins(error) => login_status(error),
            AccountError::Answer => internal(error),
        }
    }
}

impl From<ErasureError> for Status {
    fn from(error: ErasureError) -> Self {
        match error {
            ErasureError::NotErased(id) => not_found("erased subject", &id.to_string()),
            ErasureError::User(error) => status(error),
            ErasureError::Trainer(error) => status(error),
            ErasureError::Child(error) => error.into(),
            ErasureError::Read(error) => error.into(),
            ErasureError::Personal(error) => personal_status(error),
            ErasureError::Proofs(error) => error.into(),
            ErasureError::Mail(error) => internal(error),
            ErasureError::Certificate(error) => internal(error),
            ErasureError::Database(error) => internal(error),
            ErasureError::Log(error) => internal(error),
            ErasureError::Unreadable(error) => internal(error),
        }
    }
}

impl From<ExportError> for Status {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::NotFound(user_id) => not_found("user", &user_id.to_string()),
            ExportError::Read(error) => error.into(),
            ExportError::Look(error) => error.into(),
            ExportError::Personal(error) => personal_status(error),
            ExportError::Log(error) => internal(error),
            ExportError::Json(error) => internal(error),
        }
    }
}

impl From<MailError> for Status {
    fn from(error: MailError) -> Self {
        match error {
            MailError::Erased => refused(
                Code::FailedPrecondition,
                ErrorReason::SubjectErased,
                "the recipient was erased",
            ),
            MailError::TextsUnavailable => refused(
                Code::FailedPrecondition,
                ErrorReason::TextsUnavailable,
                error.to_string(),
            ),
            MailError::Personal(error) => personal_status(error),
            MailError::Database(error) => internal(error),
            other => internal(other),
        }
    }
}

impl From<AuthError> for Status {
    fn from(error: AuthError) -> Self {
        let unauthenticated = |reason| refused(Code::Unauthenticated, reason, error.to_string());
        match error {
            AuthError::BadCredentials => unauthenticated(ErrorReason::BadCredentials),
            AuthError::TokenInvalid => unauthenticated(ErrorReason::RefreshTokenInvalid),
            AuthError::TokenReused => unauthenticated(ErrorReason::RefreshTokenReused),
            AuthError::NotFound(id) => not_found("login", &id.to_string()),
            AuthError::Attempt(AttemptError::TooMany { after }) => retry_later(
                Code::ResourceExhausted,
                ErrorReason::TooManyAttempts,
                "too many attempts: try again later",
                after.to_std().unwrap_or(Duration::from_secs(1)),
            ),
            AuthError::Code(error) => code_status(error),
            AuthError::Hashing(error) => hashing_status(error),
            AuthError::Command(error) => status(error),
            AuthError::Personal(error) => personal_status(error),
            AuthError::Mail(error) => error.into(),
            AuthError::Database(error) | AuthError::Attempt(AttemptError::Database(error)) => {
                internal(error)
            }
            AuthError::Log(error) => internal(error),
            AuthError::Logins(error) => login_status(error),
            error @ (AuthError::Unreadable(_) | AuthError::Answer | AuthError::CutOff(_)) => {
                internal(error)
            }
        }
    }
}

fn code_status(error: CodeError) -> Status {
    match error {
        CodeError::Wrong { attempts_left } => refused_with(
            Code::FailedPrecondition,
            ErrorReason::CodeWrong,
            error.to_string(),
            [("attempts_left".to_owned(), attempts_left.to_string())],
        ),
        CodeError::Expired => refused(
            Code::FailedPrecondition,
            ErrorReason::CodeExpired,
            error.to_string(),
        ),
        CodeError::Database(error) => internal(error),
        CodeError::Randomness(error) => internal(error),
    }
}

fn login_status(error: LoginError) -> Status {
    match error {
        LoginError::Database(error) => internal(error),
        LoginError::Randomness(error) => internal(error),
    }
}

/// The status when a password was not hashed.
fn hashing_status(error: HashingError) -> Status {
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

/// The status when personal data was not sealed or opened.
pub(super) fn personal_status(error: PersonalError) -> Status {
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

/// The status when a message is not sent again.
pub(super) fn not_resendable() -> Status {
    refused(
        Code::FailedPrecondition,
        ErrorReason::EmailState,
        "only mail that was sent or given up, and carried no code, is sent again",
    )
}

/// The status when the outbox has seen a request id with another message.
pub(super) fn request_reused() -> Status {
    refused(
        Code::InvalidArgument,
        ErrorReason::RequestIdReused,
        "this request_id was used for another message",
    )
}

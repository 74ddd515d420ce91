//! What callers are told when they did not prove who they are.

use std::time::Duration;

use contracts::common::v1::ErrorReason;
use service::{internal, not_found, refused, refused_with, retry_later};
use tonic::{Code, Status};

use super::errors::{command_status, hashing_status, personal_status};
use crate::{
    authentication::AuthError,
    mail::MailError,
    security::{attempts::AttemptError, codes::CodeError},
};

impl From<AuthError> for Status {
    fn from(error: AuthError) -> Self {
        let unauthenticated = |reason| refused(Code::Unauthenticated, reason, error.to_string());
        match error {
            AuthError::BadCredentials => unauthenticated(ErrorReason::BadCredentials),
            AuthError::TokenInvalid => unauthenticated(ErrorReason::RefreshTokenInvalid),
            AuthError::TokenReused => unauthenticated(ErrorReason::RefreshTokenReused),
            AuthError::UnknownLogin(id) => not_found("login", &id.to_string()),
            AuthError::Attempt(AttemptError::TooMany { after }) => retry_later(
                Code::ResourceExhausted,
                ErrorReason::TooManyAttempts,
                "too many attempts: try again later",
                after.to_std().unwrap_or(Duration::from_secs(1)),
            ),
            AuthError::Code(error) => code_status(error),
            AuthError::Hashing(error) => hashing_status(error),
            AuthError::Command(error) => command_status(error),
            AuthError::Personal(error) => personal_status(error),
            AuthError::Mail(error) => mail_status(error),
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

fn login_status(error: crate::security::logins::LoginError) -> Status {
    use crate::security::logins::LoginError;
    match error {
        LoginError::Database(error) => internal(error),
        LoginError::Randomness(error) => internal(error),
    }
}

fn mail_status(error: MailError) -> Status {
    match error {
        MailError::TextsUnavailable => refused(
            Code::FailedPrecondition,
            ErrorReason::TextsUnavailable,
            error.to_string(),
        ),
        MailError::Erased => refused(
            Code::FailedPrecondition,
            ErrorReason::SubjectErased,
            error.to_string(),
        ),
        MailError::Database(error) => internal(error),
        MailError::Personal(error) => personal_status(error),
        other => internal(other),
    }
}

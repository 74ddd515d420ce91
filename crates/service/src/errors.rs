//! From errors to `Status` with `google.rpc` details.

use std::collections::HashMap;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use contracts_core::common::v1::ErrorReason;
use eventsourcing::{ExecuteError, LogError};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt as _};

use crate::telemetry;

/// `google.rpc.ErrorInfo.domain` of every error.
pub const DOMAIN: &str = "divinetime";

/// When to try again what found the service busy or a part of it down.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Bytes of all violations that a refusal tells.
const MOST_BYTES: usize = 3 * 1024;
/// Bytes of an encoded violation besides its three texts.
const BESIDES_TEXT: usize = 12;
/// Violations that stand in the message of a refusal for people.
const SENTENCES: usize = 8;
/// The metadata of `ErrorInfo` that says how many more violations there are.
const LEFT_OUT: &str = "violations_left_out";

/// A refusal of the domain that knows how callers are told of it.
pub trait Refusal: Error {
    fn code(&self) -> Code;
    fn reason(&self) -> ErrorReason;
    /// The one field of the request that is at fault, and its reason as an identifier; `None` for a
    /// refusal that is about more than the request.
    fn field(&self) -> Option<(&'static str, &'static str)> {
        None
    }
    /// What it means that another aggregate holds a claim of this scope. `None` for a scope that
    /// the commands of this aggregate do not claim: it is a defect if one is taken.
    fn taken(scope: &str) -> Option<Taken> {
        let _ = scope;
        None
    }
}

/// What callers are told when a claim is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    pub code: Code,
    pub reason: ErrorReason,
    /// What stands in the way, as a sentence.
    pub message: &'static str,
}

/// The one function from what a command can end with to what the caller is told.
pub fn status<E: Refusal>(error: ExecuteError<E>) -> Status {
    match error {
        ExecuteError::Refused(refusal) => refusal_status(&refusal),
        ExecuteError::ClaimTaken { scope, .. } => match E::taken(&scope) {
            Some(taken) => refused(taken.code, taken.reason, taken.message),
            None => internal(UnknownClaim { scope }),
        },
        ExecuteError::RequestReused => invalid(
            ErrorReason::RequestIdReused,
            &[violation(
                "request_id",
                "REUSED",
                "was used with a different request: use a new id for a new request",
            )],
        ),
        ExecuteError::Contention => retry_later(
            Code::Aborted,
            ErrorReason::Contention,
            "the command kept colliding with others: try again",
            Duration::from_millis(50),
        ),
        ExecuteError::Unavailable(reason) => unavailable(&reason),
        ExecuteError::Log(error) => internal(error),
    }
}

/// The status of a refusal that was found outside of an aggregate.
pub fn refusal_status(refusal: &impl Refusal) -> Status {
    let problem = refusal.to_string();
    match refusal.field() {
        Some((field, why)) => invalid(refusal.reason(), &[violation(field, why, problem)]),
        None => refused(refusal.code(), refusal.reason(), problem),
    }
}

/// A refusal with its documented reason.
pub fn refused(code: Code, reason: ErrorReason, message: impl Into<String>) -> Status {
    Status::with_error_details(code, message, details(reason))
}

/// The same with metadata that the reason's documentation names.
pub fn refused_with(
    code: Code,
    reason: ErrorReason,
    message: impl Into<String>,
    metadata: impl IntoIterator<Item = (String, String)>,
) -> Status {
    let metadata: HashMap<_, _> = metadata.into_iter().collect();
    let details = ErrorDetails::with_error_info(name(reason), DOMAIN, metadata);
    Status::with_error_details(code, message, details)
}

/// A refusal that trying again later may turn into success.
pub fn retry_later(
    code: Code,
    reason: ErrorReason,
    message: impl Into<String>,
    after: Duration,
) -> Status {
    let mut details = details(reason);
    details.set_retry_info(Some(after));
    Status::with_error_details(code, message, details)
}

/// `PERMISSION_DENIED` for callers whose role has no part in it.
pub fn role_not_allowed(message: &str) -> Status {
    refused(Code::PermissionDenied, ErrorReason::RoleNotAllowed, message)
}

/// `NOT_FOUND` for what does not exist or belongs to somebody else.
pub fn not_found(what: &str, id: &str) -> Status {
    refused(
        Code::NotFound,
        ErrorReason::NotFound,
        format!("there is no {what} {id}"),
    )
}

/// A failure of ours. Logged here, once; the caller gets the trace id that finds it. What a
/// database or a log reports as passing by becomes `UNAVAILABLE`.
pub fn internal(error: impl Error + 'static) -> Status {
    if is_transient(&error) {
        return unavailable(&chain(&error));
    }
    tracing::error!(error = chain(&error), "a call failed");
    let mut details = ErrorDetails::new();
    let trace = telemetry::trace_id().map(|id| ("trace_id".to_owned(), id));
    details.set_error_info(
        name(ErrorReason::Internal),
        DOMAIN,
        HashMap::from_iter(trace),
    );
    Status::with_error_details(Code::Internal, "something went wrong on our side", details)
}

/// `UNAVAILABLE` with `RetryInfo`; the reason is for our logs only.
pub fn unavailable(reason: &str) -> Status {
    tracing::warn!(
        error = reason,
        "a call found a part of the system unavailable"
    );
    retry_later(
        Code::Unavailable,
        ErrorReason::TemporarilyUnavailable,
        "temporarily unavailable: with the same request_id, trying again is safe",
        RETRY_AFTER,
    )
}

/// `INVALID_ARGUMENT` with all its field violations.
pub fn invalid_fields(violations: &[FieldViolation]) -> Status {
    invalid(ErrorReason::InvalidFields, violations)
}

/// One malformed field: where, why as an identifier, and what to do.
pub fn violation(
    field: impl Into<String>,
    reason: &str,
    description: impl Into<String>,
) -> FieldViolation {
    let mut violation = FieldViolation::new(field, description);
    reason.clone_into(&mut violation.reason);
    violation
}

fn invalid(reason: ErrorReason, violations: &[FieldViolation]) -> Status {
    let told = how_many_fit(violations);
    let (told, left) = violations.split_at(told);
    let mut sentences: Vec<_> = told
        .iter()
        .take(SENTENCES)
        .map(|violation| format!("{}: {}", violation.field, violation.description))
        .collect();
    if violations.len() > sentences.len() {
        sentences.push(format!("and {} more", violations.len() - sentences.len()));
    }
    let mut info = HashMap::new();
    if !left.is_empty() {
        info.insert(LEFT_OUT.to_owned(), left.len().to_string());
    }
    let mut details = ErrorDetails::with_error_info(name(reason), DOMAIN, info);
    details.set_bad_request(told.to_vec());
    Status::with_error_details(Code::InvalidArgument, sentences.join("; "), details)
}

/// How many violations from the first on are told: refusals travel in headers, of which many
/// clients and proxies take 8 KiB in all.
fn how_many_fit(violations: &[FieldViolation]) -> usize {
    let sizes = violations.iter().scan(0, |sum, violation| {
        let text = violation.field.len() + violation.reason.len() + violation.description.len();
        *sum += text + BESIDES_TEXT;
        Some(*sum)
    });
    sizes.take_while(|sum| *sum <= MOST_BYTES).count().max(1)
}

fn details(reason: ErrorReason) -> ErrorDetails {
    ErrorDetails::with_error_info(name(reason), DOMAIN, HashMap::new())
}

fn name(reason: ErrorReason) -> &'static str {
    reason.as_str_name().trim_start_matches("ERROR_REASON_")
}

fn is_transient(error: &(dyn Error + 'static)) -> bool {
    if let Some(error) = error.downcast_ref::<sqlx::Error>() {
        return eventsourcing::is_transient(error);
    }
    let log_error = error
        .downcast_ref::<LogError>()
        .or_else(|| error.downcast_ref::<Arc<LogError>>().map(AsRef::as_ref));
    matches!(log_error, Some(LogError::Unavailable(_)))
}

/// The error and everything that caused it, on one line.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}

#[derive(Debug, thiserror::Error)]
#[error("no reason is documented for a taken claim of the scope {scope}")]
struct UnknownClaim {
    scope: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the slot has begun")]
    struct Past;

    impl Refusal for Past {
        fn code(&self) -> Code {
            Code::FailedPrecondition
        }
        fn reason(&self) -> ErrorReason {
            ErrorReason::SlotPast
        }
        fn taken(scope: &str) -> Option<Taken> {
            (scope == "slot").then_some(Taken {
                code: Code::FailedPrecondition,
                reason: ErrorReason::SlotTaken,
                message: "taken",
            })
        }
    }

    #[test]
    fn a_refusal_stays_small_and_says_how_much_it_leaves_out() {
        let wrong =
            |index: usize| violation(format!("lines[{index}].id"), "UUID", "must be a UUID");
        let many: Vec<_> = (0..100_000).map(wrong).collect();
        let status = invalid_fields(&many);
        assert!(status.details().len() + status.message().len() < 4 * 1024);
        let details = status.get_error_details();
        let told = details.bad_request().unwrap().field_violations.clone();
        let fields = |violations: &[FieldViolation]| -> Vec<String> {
            violations.iter().map(|it| it.field.clone()).collect()
        };
        assert_eq!(fields(&told), fields(&many[..told.len()]));
        let left = (many.len() - told.len()).to_string();
        assert_eq!(details.error_info().unwrap().metadata[LEFT_OUT], left);
        assert!(
            status.message().ends_with("and 99992 more"),
            "{}",
            status.message()
        );

        let few: Vec<_> = (0..3).map(wrong).collect();
        let status = invalid_fields(&few);
        let details = status.get_error_details();
        let told = &details.bad_request().unwrap().field_violations;
        assert_eq!(fields(told), fields(&few));
        assert!(details.error_info().unwrap().metadata.is_empty());
        assert!(!status.message().contains("more"));
    }

    #[derive(Debug, thiserror::Error)]
    #[error("must be later")]
    struct TooEarly;

    impl Refusal for TooEarly {
        fn code(&self) -> Code {
            Code::InvalidArgument
        }
        fn reason(&self) -> ErrorReason {
            ErrorReason::InvalidFields
        }
        fn field(&self) -> Option<(&'static str, &'static str)> {
            Some(("starts_at", "PAST"))
        }
    }

    fn told<E: Refusal>(error: ExecuteError<E>) -> (Status, ErrorDetails) {
        let status = status(error);
        let details = status.get_error_details();
        (status, details)
    }

    fn reason(details: &ErrorDetails) -> &str {
        let info = details.error_info().expect("every error has a reason");
        assert_eq!(info.domain, "divinetime");
        &info.reason
    }

    #[test]
    fn a_refusal_of_the_domain_carries_its_code_reason_and_message() {
        let (status, details) = told(ExecuteError::Refused(Past));
        assert_eq!(
            (status.code(), status.message()),
            (Code::FailedPrecondition, "the slot has begun")
        );
        assert_eq!(reason(&details), "SLOT_PAST");
        assert!(details.bad_request().is_none());
    }

    #[test]
    fn a_refusal_that_is_about_one_field_is_a_violation_of_it() {
        let (status, details) = told(ExecuteError::Refused(TooEarly));
        assert_eq!(
            (status.code(), status.message(), reason(&details)),
            (
                Code::InvalidArgument,
                "starts_at: must be later",
                "INVALID_FIELDS"
            )
        );
        let violation = &details.bad_request().unwrap().field_violations[0];
        assert_eq!(
            (violation.field.as_str(), violation.reason.as_str()),
            ("starts_at", "PAST")
        );
    }

    #[test]
    fn a_taken_claim_is_told_as_its_service_says() {
        let taken = |scope: &str| ExecuteError::<Past>::ClaimTaken {
            scope: scope.into(),
            key: "k".into(),
        };
        assert_eq!(reason(&told(taken("slot")).1), "SLOT_TAKEN");
        let (status, details) = told(taken("forgotten"));
        assert_eq!(
            (status.code(), reason(&details)),
            (Code::Internal, "INTERNAL")
        );
    }

    #[test]
    fn what_may_pass_says_when_to_try_again() {
        for (error, code) in [
            (ExecuteError::<Past>::Contention, Code::Aborted),
            (
                ExecuteError::Unavailable("no connection".into()),
                Code::Unavailable,
            ),
            (
                ExecuteError::Log(Arc::new(LogError::Unavailable("no connection".into()))),
                Code::Unavailable,
            ),
        ] {
            let (status, details) = told(error);
            assert_eq!(status.code(), code);
            assert!(
                details
                    .retry_info()
                    .is_some_and(|info| info.retry_delay.is_some())
            );
            assert!(
                !status.message().contains("connection"),
                "{}",
                status.message()
            );
        }
    }

    #[test]
    fn a_reused_request_id_is_a_violation_of_that_field() {
        let (status, details) = told(ExecuteError::<Past>::RequestReused);
        assert_eq!(
            (status.code(), reason(&details)),
            (Code::InvalidArgument, "REQUEST_ID_REUSED")
        );
        assert_eq!(
            details.bad_request().unwrap().field_violations[0].field,
            "request_id"
        );
    }

    #[test]
    fn a_defect_does_not_tell_its_cause() {
        let status = internal(sqlx::Error::ColumnNotFound("password".into()));
        assert_eq!(status.code(), Code::Internal);
        assert!(!status.message().contains("password"));
    }
}

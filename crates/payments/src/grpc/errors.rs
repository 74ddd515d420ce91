//! What callers are told of refusals.

use contracts::common::v1::ErrorReason;
use eventsourcing::ExecuteError;
use service::{Refusal, internal, status};
use tonic::{Code, Status};

use crate::{
    domain::payment::{PAYABLE_SCOPE, PaymentError},
    provider::SandboxError,
    settlement::SettleError,
};

impl Refusal for PaymentError {
    fn code(&self) -> Code {
        match self {
            Self::NotPayable | Self::NotSubmitted => Code::FailedPrecondition,
            Self::NotFound | Self::RefundNotFound => Code::NotFound,
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::NotPayable => ErrorReason::NotPayable,
            Self::NotSubmitted => ErrorReason::PaymentState,
            Self::NotFound | Self::RefundNotFound => ErrorReason::NotFound,
        }
    }
}

/// Of a command that was not accepted.
pub fn executing(error: ExecuteError<PaymentError>) -> Status {
    status(error, |scope| {
        let taken = "another payment for it is under way or succeeded";
        (scope == PAYABLE_SCOPE).then_some((
            Code::FailedPrecondition,
            ErrorReason::PaymentExists,
            taken,
        ))
    })
}

/// Of a step that did not go on.
pub fn settling(error: SettleError) -> Status {
    match error {
        SettleError::Execute(error) => executing(error),
        SettleError::Provider(SandboxError::Books(error)) => internal(error),
        SettleError::Provider(error) => internal(error),
    }
}

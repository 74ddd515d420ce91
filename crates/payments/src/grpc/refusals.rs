//! The code and the reason of each refusal, and what a taken claim means.

use contracts::common::v1::ErrorReason;
use service::{Refusal, Taken, internal, status};
use tonic::{Code, Status};

use crate::domain::payment::{PAYABLE_SCOPE, PaymentError};
use crate::provider::SandboxError;
use crate::settlement::SettleError;

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

    fn taken(scope: &str) -> Option<Taken> {
        (scope == PAYABLE_SCOPE).then_some(Taken {
            code: Code::FailedPrecondition,
            reason: ErrorReason::PaymentExists,
            message: "another payment for it is under way or succeeded",
        })
    }
}

/// The status of a payment or a refund that could not go on.
impl From<SettleError> for Status {
    fn from(error: SettleError) -> Self {
        match error {
            SettleError::Execute(error) => status(error),
            SettleError::Provider(SandboxError::Books(error)) => internal(error),
            SettleError::Provider(error) => internal(error),
        }
    }
}

use thiserror::Error;

/// Why a payment refuses a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PaymentError {
    #[error("the hold has run out, is cancelled, paid or free of charge")]
    NotPayable,
    #[error("there is no such payment")]
    NotFound,
    #[error("there is no such refund of this payment")]
    RefundNotFound,
    #[error("it was not sent to the provider")]
    NotSubmitted,
}

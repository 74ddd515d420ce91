//! A payment and its refunds: one aggregate, so that what goes back never exceeds what came.

mod aggregate;
mod command;
mod error;
mod event;
mod refund;
#[cfg(test)]
mod tests;

pub use aggregate::{Charge, Payment, PaymentState};
pub use command::{CreatePayment, Outcome, PaymentCommand};
pub use error::PaymentError;
pub use event::{CancelReason, PAYABLE_SCOPE, PaymentEvent, RefundCause, RefundReason};
pub use refund::{Refund, RefundState};

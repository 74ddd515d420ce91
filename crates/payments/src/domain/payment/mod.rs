//! A payment and its refunds: one aggregate, so that what goes back never exceeds what came.

mod aggregate;
mod command;
mod error;
mod event;
mod refund;
mod refunding;
#[cfg(test)]
mod tests;

pub use aggregate::{Payment, PaymentState};
pub use command::{NewPayment, Outcome, PaymentCommand};
pub use error::PaymentError;
#[cfg(test)]
pub use event::CancelReason;
pub use event::{PAYABLE_SCOPE, PaymentEvent, RefundCause, RefundReason};
pub use refund::{Refund, RefundState};

//! From events to commands.

mod asking;
mod charge;
mod refund;
mod refund_submission;
#[cfg(test)]
mod samples;

pub use charge::Charge;
pub use refund::{MoneyBack, Refund};
pub use refund_submission::RefundSubmission;

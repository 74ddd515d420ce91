//! From events to commands.

mod session_hold;
mod session_payment;
#[cfg(test)]
mod tests;

pub use session_hold::SessionHold;
pub use session_payment::{PaidSession, SessionPayment};

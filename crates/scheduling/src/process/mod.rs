//! From events to commands.

mod session_hold;
mod session_payment;

pub use session_hold::SessionHold;
pub use session_payment::{PaidSession, SessionPayment};

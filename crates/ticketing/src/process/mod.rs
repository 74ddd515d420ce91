//! From events to commands.

mod ticket_hold;
mod ticket_payment;

pub use ticket_hold::TicketHold;
pub use ticket_payment::{PaidHold, TicketPayment};

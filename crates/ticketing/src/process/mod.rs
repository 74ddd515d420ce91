//! Events to commands: what has to follow.

mod ticket_hold;
mod ticket_payment;

pub use ticket_hold::TicketHold;
pub use ticket_payment::{TicketPayment, TicketPaymentReceived};

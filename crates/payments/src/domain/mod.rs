//! The rules: no I/O, no clock. What a command needs to know comes in with it.

mod money;
mod payable;
pub mod payment;

use cqrs_es::Aggregate;
use eventsourcing::{DecodeError, RecordedEvent};

pub use money::{Money, MoneyError};
pub use payable::{Payable, PayableKind, PayableState, Purchase};

use payment::{Payment, PaymentEvent};

/// Everything in the log of payments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PaymentsLogEvent {
    /// Of the aggregate `payment`.
    Payment(PaymentEvent),
}

impl PaymentsLogEvent {
    /// Reads an event of the log. Fails for one that is not of payments or is malformed.
    pub fn decode(recorded: &RecordedEvent) -> Result<Self, DecodeError> {
        match recorded.aggregate_type.as_str() {
            Payment::TYPE => recorded.decode().map(Self::Payment),
            _ => Err(recorded.unreadable(&"no such aggregate in payments")),
        }
    }
}

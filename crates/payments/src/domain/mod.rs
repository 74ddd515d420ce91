//! What payments decides, and nothing else: no database, no network, no clock. Ids, instants and
//! what is known of a payable come in with the command.

mod payable;
pub mod payment;

use eventsourcing::{Decide as _, DecodeError, RecordedEvent};
use values::UserId;

pub use payable::{Payable, PayableKind, PayableState, Purchase};

use payment::{Payment, PaymentEvent};

/// On whose behalf somebody pays or looks at payments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acting {
    /// This parent, who sees their own payments.
    Parent(UserId),
    /// Any admin, who sees all of them.
    Admin,
}

/// Any event of payments' log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PaymentsLogEvent {
    /// Of a payment or one of its refunds.
    Payment(PaymentEvent),
}

impl PaymentsLogEvent {
    /// Reads an event of the log by the type of its aggregate. All of them are of interest.
    pub fn decode(recorded: &RecordedEvent) -> Result<Option<Self>, DecodeError> {
        match recorded.aggregate_type.as_str() {
            Payment::TYPE => recorded.decode().map(Self::Payment),
            _ => Err(recorded.unreadable(&"unknown aggregate type")),
        }
        .map(Some)
    }
}

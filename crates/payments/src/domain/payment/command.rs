use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::event::RefundCause;
use crate::domain::{Money, Payable, PayableState, Purchase};

/// What can be asked of a payment. Every instant is the caller's now, UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PaymentCommand {
    /// Open it.
    Create(CreatePayment),
    /// It is about to be sent to the provider.
    Submit { at: DateTime<Utc> },
    /// The provider said something, or nothing in time.
    RecordOutcome { outcome: Outcome },
    /// Everything of it that has not gone back has to.
    Refund {
        refund_id: Uuid,
        cause: RefundCause,
        at: DateTime<Utc>,
    },
    /// A refund is about to be sent to the provider.
    SubmitRefund { refund_id: Uuid, at: DateTime<Utc> },
    /// The provider said something about a refund, or nothing in time.
    RecordRefundOutcome { refund_id: Uuid, outcome: Outcome },
}

/// Opens a payment with what is known about its payable at that moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatePayment {
    pub payment_id: Uuid,
    pub user_id: Uuid,
    pub payable: Payable,
    pub purchase: Purchase,
    pub amount: Money,
    pub payable_state: PayableState,
    /// The end of the hold.
    pub pay_by: DateTime<Utc>,
    /// A token that the provider knows.
    pub payment_method: String,
    /// Whether real money moves.
    pub live: bool,
    pub at: DateTime<Utc>,
}

/// What the provider said about a charge or a refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Done, at the provider's time and under its name.
    Succeeded {
        reference: String,
        at: DateTime<Utc>,
    },
    /// Refused, with the provider's code.
    Declined { code: String, at: DateTime<Utc> },
    /// Nothing in time, or that it does not know yet.
    Unknown { at: DateTime<Utc> },
}

use chrono::{DateTime, Utc};
use values::{Money, PaymentId, RefundId, UserId};

use super::event::RefundCause;
use crate::domain::{Payable, PayableState, Purchase};

/// What can be asked of a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PaymentCommand {
    /// Opens the payment, unless it is open already.
    Create(NewPayment),
    /// The payment is about to be sent to the provider.
    Submit { now: DateTime<Utc> },
    /// The provider has answered, or has not answered in time.
    RecordOutcome { outcome: Outcome },
    /// Everything of the payment that has not gone back has to go back.
    Refund {
        refund_id: RefundId,
        cause: RefundCause,
        now: DateTime<Utc>,
    },
    /// A refund is about to be sent to the provider.
    SubmitRefund {
        refund_id: RefundId,
        now: DateTime<Utc>,
    },
    /// The provider has answered about a refund, or has not answered in time.
    RecordRefundOutcome {
        refund_id: RefundId,
        outcome: Outcome,
    },
}

/// A payment to open, with what is known of its payable at that moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPayment {
    pub payment_id: PaymentId,
    pub user_id: UserId,
    pub payable: Payable,
    pub purchase: Purchase,
    pub amount: Money,
    pub payable_state: PayableState,
    /// The end of the hold.
    pub pay_by: DateTime<Utc>,
    /// The provider's token of the card or account that pays.
    pub payment_method: String,
    /// Whether real money moves.
    pub live: bool,
    pub now: DateTime<Utc>,
}

/// The provider's answer about a charge or a refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is done; the provider refers to it by this name.
    Succeeded {
        reference: String,
        succeeded_at: DateTime<Utc>,
    },
    /// The provider refuses it, with this code of its own.
    Declined {
        code: String,
        declined_at: DateTime<Utc>,
    },
    /// The provider has not answered in time, or does not know yet.
    Unknown { since: DateTime<Utc> },
}

use chrono::{DateTime, Utc};
use eventsourcing::{Claim, ClaimChange, ClaimingEvent, DomainEvent};
use serde::{Deserialize, Serialize};
use strum::{Display, EnumIter, IntoStaticStr, VariantNames};
use uuid::Uuid;
use values::{Money, PaymentId, RefundId, UserId};

use crate::domain::{Payable, Purchase};

/// What happened to a payment and to its refunds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, VariantNames)]
pub enum PaymentEvent {
    /// The payment was opened; no other one is under way for its payable.
    PaymentCreated {
        payment_id: PaymentId,
        user_id: UserId,
        payable: Payable,
        purchase: Purchase,
        amount: Money,
        payment_method: String,
        live: bool,
        pay_by: DateTime<Utc>,
        created_at: DateTime<Utc>,
    },
    /// The payment is about to be sent to the provider under this key. Recorded before the call.
    PaymentSubmitted {
        payment_id: PaymentId,
        idempotency_key: Uuid,
        submitted_at: DateTime<Utc>,
    },
    /// The provider has taken the money.
    PaymentSucceeded {
        payment_id: PaymentId,
        payable: Payable,
        amount: Money,
        provider_reference: String,
        succeeded_at: DateTime<Utc>,
    },
    /// The provider has refused the payment.
    PaymentFailed {
        payment_id: PaymentId,
        payable: Payable,
        failure_code: String,
        failed_at: DateTime<Utc>,
    },
    /// The provider has not answered in time.
    PaymentOutcomeUnknown {
        payment_id: PaymentId,
        unknown_since: DateTime<Utc>,
    },
    /// The payment was given up before it was sent.
    PaymentCanceled {
        payment_id: PaymentId,
        reason: CancelReason,
        canceled_at: DateTime<Utc>,
    },
    /// The money was wanted back before it is known whether it was taken.
    RefundDeferred {
        payment_id: PaymentId,
        refund_id: RefundId,
        cause: RefundCause,
        deferred_at: DateTime<Utc>,
    },
    /// This amount has to go back.
    RefundRequested {
        payment_id: PaymentId,
        refund_id: RefundId,
        amount: Money,
        cause: RefundCause,
        requested_at: DateTime<Utc>,
    },
    /// A refund is about to be sent to the provider under this key. Recorded before the call.
    RefundSubmitted {
        payment_id: PaymentId,
        refund_id: RefundId,
        idempotency_key: Uuid,
        submitted_at: DateTime<Utc>,
    },
    /// The money has gone back.
    RefundSucceeded {
        payment_id: PaymentId,
        refund_id: RefundId,
        payable: Payable,
        amount: Money,
        provider_reference: String,
        succeeded_at: DateTime<Utc>,
    },
    /// The provider has refused to give the money back.
    RefundFailed {
        payment_id: PaymentId,
        refund_id: RefundId,
        failure_code: String,
        failed_at: DateTime<Utc>,
    },
    /// The provider has not answered in time about a refund.
    RefundOutcomeUnknown {
        payment_id: PaymentId,
        refund_id: RefundId,
        unknown_since: DateTime<Utc>,
    },
}

/// Why a payment was given up before it was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Display)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CancelReason {
    /// The hold had run out.
    HoldExpired,
    /// The money was wanted back already.
    RefundRequested,
}

/// Why money goes back: one event of another service, and what it means. One event causes one
/// refund at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundCause {
    pub event_id: Uuid,
    pub reason: RefundReason,
}

/// What the event that caused a refund means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumIter)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RefundReason {
    /// A cancelled session whose policy returns the money.
    SessionCanceled,
    /// A session whose place was gone, or that was paid already.
    SessionPaymentRejected,
    /// Tickets whose places were gone, or that were paid already.
    TicketPaymentRejected,
}

impl DomainEvent for PaymentEvent {
    fn event_type(&self) -> String {
        <&'static str>::from(self).to_owned()
    }

    fn event_version(&self) -> String {
        "1.0".to_owned()
    }
}

/// The scope of the claim that a payment has on what it pays for.
pub const PAYABLE_SCOPE: &str = "payable";

impl ClaimingEvent for PaymentEvent {
    fn claims(&self, _aggregate_id: &str) -> Vec<ClaimChange> {
        match self {
            Self::PaymentCreated { payable, .. } => vec![ClaimChange::Acquire(Claim::Unique {
                scope: PAYABLE_SCOPE,
                key: payable.to_string(),
            })],
            Self::PaymentFailed { .. } | Self::PaymentCanceled { .. } => {
                vec![ClaimChange::ReleaseAll]
            }
            Self::PaymentSubmitted { .. }
            | Self::PaymentSucceeded { .. }
            | Self::PaymentOutcomeUnknown { .. }
            | Self::RefundDeferred { .. }
            | Self::RefundRequested { .. }
            | Self::RefundSubmitted { .. }
            | Self::RefundSucceeded { .. }
            | Self::RefundFailed { .. }
            | Self::RefundOutcomeUnknown { .. } => Vec::new(),
        }
    }
}

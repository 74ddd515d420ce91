use chrono::{DateTime, Utc};
use eventsourcing::{Claim, ClaimChange, ClaimingEvent, DomainEvent};
use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr};
use uuid::Uuid;

use crate::domain::{Money, Payable, Purchase};

/// What happened to a payment and to its refunds. Instants are UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr)]
pub enum PaymentEvent {
    /// Opened, and the only one under way for its payable.
    PaymentCreated {
        payment_id: Uuid,
        user_id: Uuid,
        payable: Payable,
        purchase: Purchase,
        amount: Money,
        payment_method: String,
        live: bool,
        pay_by: DateTime<Utc>,
        created_at: DateTime<Utc>,
    },
    /// About to be sent to the provider under this key; recorded before the call.
    PaymentSubmitted {
        idempotency_key: Uuid,
        submitted_at: DateTime<Utc>,
    },
    /// The provider took the money.
    PaymentSucceeded {
        payable: Payable,
        amount: Money,
        provider_reference: String,
        succeeded_at: DateTime<Utc>,
    },
    /// The provider refused.
    PaymentFailed {
        payable: Payable,
        failure_code: String,
        failed_at: DateTime<Utc>,
    },
    /// The provider did not say in time.
    PaymentOutcomeUnknown { unknown_since: DateTime<Utc> },
    /// Given up before it was sent.
    PaymentCanceled {
        payable: Payable,
        reason: CancelReason,
        canceled_at: DateTime<Utc>,
    },
    /// The money was wanted back before it is known whether it was taken.
    RefundDeferred {
        refund_id: Uuid,
        cause: RefundCause,
        deferred_at: DateTime<Utc>,
    },
    /// So much has to go back.
    RefundRequested {
        refund_id: Uuid,
        amount: Money,
        cause: RefundCause,
        requested_at: DateTime<Utc>,
    },
    /// A refund is about to be sent to the provider under this key; recorded before the call.
    RefundSubmitted {
        refund_id: Uuid,
        idempotency_key: Uuid,
        submitted_at: DateTime<Utc>,
    },
    /// The money went back.
    RefundSucceeded {
        refund_id: Uuid,
        payable: Payable,
        amount: Money,
        provider_reference: String,
        succeeded_at: DateTime<Utc>,
    },
    /// The provider refused to give it back.
    RefundFailed {
        refund_id: Uuid,
        failure_code: String,
        failed_at: DateTime<Utc>,
    },
    /// The provider did not say in time about a refund.
    RefundOutcomeUnknown {
        refund_id: Uuid,
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

/// Why money goes back: one event of another service, and what it means. One refund per event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundCause {
    pub event_id: Uuid,
    pub reason: RefundReason,
}

/// What the event that caused a refund means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Display, EnumString)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
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
        let claim = |payable: &Payable| Claim::Unique {
            scope: PAYABLE_SCOPE,
            key: payable.to_string(),
        };
        match self {
            Self::PaymentCreated { payable, .. } => vec![ClaimChange::Acquire(claim(payable))],
            Self::PaymentFailed { payable, .. } | Self::PaymentCanceled { payable, .. } => {
                vec![ClaimChange::Release(claim(payable))]
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

//! What goes back of a payment.

use chrono::{DateTime, Utc};
use values::{Money, RefundId};

use super::aggregate::{Opened, Payment, PaymentState};
use super::command::Outcome;
use super::error::PaymentError;
use super::event::{CancelReason, PaymentEvent, RefundCause};
use super::refund::{Refund, RefundState};

impl Payment {
    /// The money of a payment goes back once. What is not known to be taken yet goes back when it
    /// is; what was not sent is not sent any more.
    pub(super) fn request_refund(
        &self,
        opened: &Opened,
        refund_id: RefundId,
        cause: RefundCause,
        now: DateTime<Utc>,
    ) -> Vec<PaymentEvent> {
        let payment_id = opened.payment_id;
        let same =
            |refund: &Refund| refund.cause.event_id == cause.event_id || refund.id == refund_id;
        if self.refunds.iter().any(same) {
            return vec![];
        }
        match opened.state {
            PaymentState::Created => vec![PaymentEvent::PaymentCanceled {
                payment_id,
                reason: CancelReason::RefundRequested,
                canceled_at: now,
            }],
            PaymentState::Processing | PaymentState::Unknown | PaymentState::Failed => {
                let first = self.deferred.is_none();
                let deferred = || PaymentEvent::RefundDeferred {
                    payment_id,
                    refund_id,
                    cause,
                    deferred_at: now,
                };
                first.then(deferred).into_iter().collect()
            }
            PaymentState::Succeeded => {
                let amount = self.refundable(&opened.amount);
                let wanted = !amount.is_zero();
                let requested = || PaymentEvent::RefundRequested {
                    payment_id,
                    refund_id,
                    amount,
                    cause,
                    requested_at: now,
                };
                wanted.then(requested).into_iter().collect()
            }
            PaymentState::Canceled => vec![],
        }
    }

    pub(super) fn submit_refund(
        &self,
        opened: &Opened,
        refund_id: RefundId,
        now: DateTime<Utc>,
    ) -> Result<Vec<PaymentEvent>, PaymentError> {
        let refund = self.refund(refund_id).ok_or(PaymentError::RefundNotFound)?;
        let first = refund.state == RefundState::Requested;
        let submitted = || PaymentEvent::RefundSubmitted {
            payment_id: opened.payment_id,
            refund_id,
            idempotency_key: refund_id.uuid(),
            submitted_at: now,
        };
        Ok(first.then(submitted).into_iter().collect())
    }

    /// The provider's first final word on a refund stands.
    pub(super) fn record_refund(
        &self,
        opened: &Opened,
        refund_id: RefundId,
        outcome: Outcome,
    ) -> Result<Vec<PaymentEvent>, PaymentError> {
        let payment_id = opened.payment_id;
        let refund = self.refund(refund_id).ok_or(PaymentError::RefundNotFound)?;
        match (refund.state, outcome) {
            (RefundState::Requested, _) => Err(PaymentError::NotSubmitted),
            (
                RefundState::Submitted | RefundState::Unknown,
                Outcome::Succeeded {
                    reference,
                    succeeded_at,
                },
            ) => Ok(vec![PaymentEvent::RefundSucceeded {
                payment_id,
                refund_id,
                payable: opened.payable,
                amount: refund.amount.clone(),
                provider_reference: reference,
                succeeded_at,
            }]),
            (
                RefundState::Submitted | RefundState::Unknown,
                Outcome::Declined { code, declined_at },
            ) => Ok(vec![PaymentEvent::RefundFailed {
                payment_id,
                refund_id,
                failure_code: code,
                failed_at: declined_at,
            }]),
            (RefundState::Submitted, Outcome::Unknown { since }) => {
                Ok(vec![PaymentEvent::RefundOutcomeUnknown {
                    payment_id,
                    refund_id,
                    unknown_since: since,
                }])
            }
            (RefundState::Unknown, Outcome::Unknown { .. })
            | (RefundState::Succeeded | RefundState::Failed, _) => Ok(vec![]),
        }
    }

    /// What was captured and neither went back nor is on its way.
    fn refundable(&self, captured: &Money) -> Money {
        captured.less(
            self.refunds
                .iter()
                .filter(|refund| refund.counts())
                .map(|refund| &refund.amount),
        )
    }
}

use chrono::{DateTime, Utc};
use eventsourcing::Decide;
use serde::{Deserialize, Serialize};
use strum::{Display, EnumIter};
use uuid::Uuid;
use values::{Money, PaymentId, RefundId};

use super::command::{NewPayment, Outcome, PaymentCommand};
use super::error::PaymentError;
use super::event::{CancelReason, PaymentEvent, RefundCause};
use super::refund::{Refund, RefundState};
use crate::domain::{Payable, PayableState};

/// Where a payment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Display, EnumIter)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PaymentState {
    /// It is open and was not sent to the provider yet.
    Created,
    /// It was sent, and no answer is recorded yet.
    Processing,
    /// The provider has taken the money.
    Succeeded,
    /// The provider has refused.
    Failed,
    /// It was given up before it was sent.
    Canceled,
    /// The provider has not answered in time.
    Unknown,
}

/// A payment for one payable, with its refunds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    opened: Option<Opened>,
    pub(super) refunds: Vec<Refund>,
    /// A refund that was wanted before it is known whether there is money to return.
    pub(super) deferred: Option<(RefundId, RefundCause)>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Opened {
    pub(super) payment_id: PaymentId,
    pub(super) payable: Payable,
    pub(super) amount: Money,
    payment_method: String,
    pay_by: DateTime<Utc>,
    pub(super) state: PaymentState,
    idempotency_key: Option<Uuid>,
}

/// A charge as the provider gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    pub idempotency_key: Uuid,
    pub amount: Money,
    pub payment_method: String,
}

impl Payment {
    /// Where it stands; `None` before it is opened.
    pub fn state(&self) -> Option<PaymentState> {
        self.opened.as_ref().map(|opened| opened.state)
    }

    pub fn amount(&self) -> Option<&Money> {
        self.opened.as_ref().map(|opened| &opened.amount)
    }

    /// What was, or is about to be, sent to the provider; `None` before it is submitted.
    pub fn charge(&self) -> Option<Charge> {
        let opened = self.opened.as_ref()?;
        Some(Charge {
            idempotency_key: opened.idempotency_key?,
            amount: opened.amount.clone(),
            payment_method: opened.payment_method.clone(),
        })
    }

    /// Until when it has to reach the provider.
    pub fn pay_by(&self) -> Option<DateTime<Utc>> {
        self.opened.as_ref().map(|opened| opened.pay_by)
    }

    pub fn refund(&self, refund_id: RefundId) -> Option<&Refund> {
        self.refunds.iter().find(|refund| refund.id == refund_id)
    }

    /// The refund of a cause or, when an earlier one returned the money, that one.
    pub fn refund_for(&self, cause_event_id: Uuid) -> Option<&Refund> {
        let of_cause = self
            .refunds
            .iter()
            .find(|refund| refund.cause.event_id == cause_event_id);
        of_cause.or_else(|| self.refunds.iter().rev().find(|refund| refund.counts()))
    }

    fn create(&self, create: NewPayment) -> Result<Vec<PaymentEvent>, PaymentError> {
        if self.opened.is_some() {
            return Ok(vec![]);
        }
        let held = create.payable_state == PayableState::Held && create.now < create.pay_by;
        if !held || create.amount.is_zero() {
            return Err(PaymentError::NotPayable);
        }
        Ok(vec![PaymentEvent::PaymentCreated {
            payment_id: create.payment_id,
            user_id: create.user_id,
            payable: create.payable,
            purchase: create.purchase,
            amount: create.amount,
            payment_method: create.payment_method,
            live: create.live,
            pay_by: create.pay_by,
            created_at: create.now,
        }])
    }

    /// Money that was taken is never overlooked: success counts even after a refusal. Whatever
    /// the order in which answers come, the state is the same in the end.
    fn record(&self, opened: &Opened, outcome: Outcome) -> Result<Vec<PaymentEvent>, PaymentError> {
        let payment_id = opened.payment_id;
        match (opened.state, outcome) {
            (PaymentState::Created | PaymentState::Canceled, _) => Err(PaymentError::NotSubmitted),
            (
                PaymentState::Processing | PaymentState::Unknown | PaymentState::Failed,
                Outcome::Succeeded {
                    reference,
                    succeeded_at,
                },
            ) => Ok(self.succeed(opened, reference, succeeded_at)),
            (
                PaymentState::Processing | PaymentState::Unknown,
                Outcome::Declined { code, declined_at },
            ) => Ok(vec![PaymentEvent::PaymentFailed {
                payment_id,
                payable: opened.payable,
                failure_code: code,
                failed_at: declined_at,
            }]),
            (PaymentState::Processing, Outcome::Unknown { since }) => {
                Ok(vec![PaymentEvent::PaymentOutcomeUnknown {
                    payment_id,
                    unknown_since: since,
                }])
            }
            (PaymentState::Unknown | PaymentState::Failed, Outcome::Unknown { .. })
            | (PaymentState::Failed, Outcome::Declined { .. })
            | (PaymentState::Succeeded, _) => Ok(vec![]),
        }
    }

    fn succeed(
        &self,
        opened: &Opened,
        reference: String,
        succeeded_at: DateTime<Utc>,
    ) -> Vec<PaymentEvent> {
        let payment_id = opened.payment_id;
        let succeeded = PaymentEvent::PaymentSucceeded {
            payment_id,
            payable: opened.payable,
            amount: opened.amount.clone(),
            provider_reference: reference,
            succeeded_at,
        };
        let refund = self
            .deferred
            .map(|(refund_id, cause)| PaymentEvent::RefundRequested {
                payment_id,
                refund_id,
                amount: opened.amount.clone(),
                cause,
                requested_at: succeeded_at,
            });
        std::iter::once(succeeded).chain(refund).collect()
    }

    fn set_state(&mut self, state: PaymentState) {
        if let Some(opened) = &mut self.opened {
            opened.state = state;
        }
    }

    fn set_refund_state(&mut self, refund_id: RefundId, state: RefundState) {
        if let Some(refund) = self.refund_mut(refund_id) {
            refund.state = state;
        }
    }

    fn refund_mut(&mut self, refund_id: RefundId) -> Option<&mut Refund> {
        self.refunds
            .iter_mut()
            .find(|refund| refund.id == refund_id)
    }
}

impl Opened {
    /// A hold that has run out is not paid any more.
    fn submit(&self, now: DateTime<Utc>) -> Vec<PaymentEvent> {
        let payment_id = self.payment_id;
        if self.state != PaymentState::Created {
            return vec![];
        }
        if now >= self.pay_by {
            return vec![PaymentEvent::PaymentCanceled {
                payment_id,
                reason: CancelReason::HoldExpired,
                canceled_at: now,
            }];
        }
        vec![PaymentEvent::PaymentSubmitted {
            payment_id,
            idempotency_key: payment_id.uuid(),
            submitted_at: now,
        }]
    }
}

impl Decide for Payment {
    const TYPE: &'static str = "payment";
    type Command = PaymentCommand;
    type Event = PaymentEvent;
    type Error = PaymentError;

    fn decide(&self, command: PaymentCommand) -> Result<Vec<PaymentEvent>, PaymentError> {
        if let PaymentCommand::Create(create) = command {
            return self.create(create);
        }
        let opened = self.opened.as_ref().ok_or(PaymentError::NotFound)?;
        match command {
            PaymentCommand::Create(_) => Ok(vec![]),
            PaymentCommand::Submit { now } => Ok(opened.submit(now)),
            PaymentCommand::RecordOutcome { outcome } => self.record(opened, outcome),
            PaymentCommand::Refund {
                refund_id,
                cause,
                now,
            } => Ok(self.request_refund(opened, refund_id, cause, now)),
            PaymentCommand::SubmitRefund { refund_id, now } => {
                self.submit_refund(opened, refund_id, now)
            }
            PaymentCommand::RecordRefundOutcome { refund_id, outcome } => {
                self.record_refund(opened, refund_id, outcome)
            }
        }
    }

    fn apply(&mut self, event: PaymentEvent) {
        match event {
            PaymentEvent::PaymentCreated {
                payment_id,
                payable,
                amount,
                payment_method,
                pay_by,
                ..
            } => {
                self.opened = Some(Opened {
                    payment_id,
                    payable,
                    amount,
                    payment_method,
                    pay_by,
                    state: PaymentState::Created,
                    idempotency_key: None,
                });
            }
            PaymentEvent::PaymentSubmitted {
                idempotency_key, ..
            } => {
                self.set_state(PaymentState::Processing);
                if let Some(opened) = &mut self.opened {
                    opened.idempotency_key = Some(idempotency_key);
                }
            }
            PaymentEvent::PaymentSucceeded { .. } => self.set_state(PaymentState::Succeeded),
            PaymentEvent::PaymentFailed { .. } => self.set_state(PaymentState::Failed),
            PaymentEvent::PaymentOutcomeUnknown { .. } => self.set_state(PaymentState::Unknown),
            PaymentEvent::PaymentCanceled { .. } => self.set_state(PaymentState::Canceled),
            PaymentEvent::RefundDeferred {
                refund_id, cause, ..
            } => self.deferred = Some((refund_id, cause)),
            PaymentEvent::RefundRequested {
                refund_id,
                amount,
                cause,
                ..
            } => {
                self.deferred = None;
                self.refunds.push(Refund {
                    id: refund_id,
                    amount,
                    cause,
                    state: RefundState::Requested,
                    idempotency_key: None,
                });
            }
            PaymentEvent::RefundSubmitted {
                refund_id,
                idempotency_key,
                ..
            } => {
                if let Some(refund) = self.refund_mut(refund_id) {
                    refund.state = RefundState::Submitted;
                    refund.idempotency_key = Some(idempotency_key);
                }
            }
            PaymentEvent::RefundSucceeded { refund_id, .. } => {
                self.set_refund_state(refund_id, RefundState::Succeeded);
            }
            PaymentEvent::RefundFailed { refund_id, .. } => {
                self.set_refund_state(refund_id, RefundState::Failed);
            }
            PaymentEvent::RefundOutcomeUnknown { refund_id, .. } => {
                self.set_refund_state(refund_id, RefundState::Unknown);
            }
        }
    }
}

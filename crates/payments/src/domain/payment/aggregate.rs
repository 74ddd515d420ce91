use chrono::{DateTime, Utc};
use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use serde::{Deserialize, Serialize};
use strum::{Display, EnumString};
use uuid::Uuid;

use super::command::{CreatePayment, Outcome, PaymentCommand};
use super::error::PaymentError;
use super::event::{CancelReason, PaymentEvent, RefundCause};
use super::refund::{Refund, RefundState};
use crate::domain::{Money, Payable, PayableState};

/// Where a payment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Display, EnumString)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum PaymentState {
    /// Opened, not yet sent.
    Created,
    /// Sent, no answer recorded yet.
    Processing,
    /// The provider took the money.
    Succeeded,
    /// The provider refused.
    Failed,
    /// Given up before it was sent.
    Canceled,
    /// The provider did not say in time.
    Unknown,
}

/// A payment for one payable, with its refunds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    opened: Option<Opened>,
    refunds: Vec<Refund>,
    /// A refund wanted before it is known whether there is money to return.
    deferred: Option<(Uuid, RefundCause)>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Opened {
    payment_id: Uuid,
    payable: Payable,
    amount: Money,
    payment_method: String,
    pay_by: DateTime<Utc>,
    state: PaymentState,
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
    /// Where it stands; none before it was opened.
    pub fn state(&self) -> Option<PaymentState> {
        self.opened.as_ref().map(|opened| opened.state)
    }

    /// How much it is about.
    pub fn amount(&self) -> Option<&Money> {
        self.opened.as_ref().map(|opened| &opened.amount)
    }

    /// What was, or is about to be, sent to the provider; nothing before it was submitted.
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

    /// One of its refunds.
    pub fn refund(&self, refund_id: Uuid) -> Option<&Refund> {
        self.refunds
            .iter()
            .find(|refund| refund.refund_id == refund_id)
    }

    /// The refund of a cause or, when an earlier one returned the money, that one.
    pub fn refund_for(&self, cause_event_id: Uuid) -> Option<&Refund> {
        let of_cause = self
            .refunds
            .iter()
            .find(|refund| refund.cause.event_id == cause_event_id);
        of_cause.or_else(|| self.refunds.iter().rev().find(|refund| refund.counts()))
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

    fn opened(&self) -> Result<&Opened, PaymentError> {
        self.opened.as_ref().ok_or(PaymentError::NotFound)
    }

    fn decide(&self, command: PaymentCommand) -> Result<Vec<PaymentEvent>, PaymentError> {
        match command {
            PaymentCommand::Create(create) => self.create(create),
            PaymentCommand::Submit { at } => self.submit(at),
            PaymentCommand::RecordOutcome { outcome } => self.record(outcome),
            PaymentCommand::Refund {
                refund_id,
                cause,
                at,
            } => self.request_refund(refund_id, cause, at),
            PaymentCommand::SubmitRefund { refund_id, at } => self.submit_refund(refund_id, at),
            PaymentCommand::RecordRefundOutcome { refund_id, outcome } => {
                self.record_refund(refund_id, outcome)
            }
        }
    }

    fn create(&self, create: CreatePayment) -> Result<Vec<PaymentEvent>, PaymentError> {
        if self.opened.is_some() {
            return Ok(Vec::new());
        }
        let held = create.payable_state == PayableState::Held && create.at < create.pay_by;
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
            created_at: create.at,
        }])
    }

    fn submit(&self, at: DateTime<Utc>) -> Result<Vec<PaymentEvent>, PaymentError> {
        let opened = self.opened()?;
        if opened.state != PaymentState::Created {
            return Ok(Vec::new());
        }
        if at >= opened.pay_by {
            return Ok(vec![PaymentEvent::PaymentCanceled {
                payable: opened.payable,
                reason: CancelReason::HoldExpired,
                canceled_at: at,
            }]);
        }
        Ok(vec![PaymentEvent::PaymentSubmitted {
            idempotency_key: opened.payment_id,
            submitted_at: at,
        }])
    }

    /// Money that was taken is never overlooked: success counts even after a refusal. Whatever
    /// the order in which answers come, the state is the same in the end.
    fn record(&self, outcome: Outcome) -> Result<Vec<PaymentEvent>, PaymentError> {
        let opened = self.opened()?;
        match (opened.state, outcome) {
            (PaymentState::Created | PaymentState::Canceled, _) => Err(PaymentError::NotSubmitted),
            (
                PaymentState::Processing | PaymentState::Unknown | PaymentState::Failed,
                Outcome::Succeeded { reference, at },
            ) => Ok(self.succeed(opened, reference, at)),
            (PaymentState::Processing | PaymentState::Unknown, Outcome::Declined { code, at }) => {
                Ok(vec![PaymentEvent::PaymentFailed {
                    payable: opened.payable,
                    failure_code: code,
                    failed_at: at,
                }])
            }
            (PaymentState::Processing, Outcome::Unknown { at }) => {
                Ok(vec![PaymentEvent::PaymentOutcomeUnknown {
                    unknown_since: at,
                }])
            }
            (PaymentState::Unknown | PaymentState::Failed, Outcome::Unknown { .. })
            | (PaymentState::Failed, Outcome::Declined { .. })
            | (PaymentState::Succeeded, _) => Ok(Vec::new()),
        }
    }

    fn succeed(&self, opened: &Opened, reference: String, at: DateTime<Utc>) -> Vec<PaymentEvent> {
        let succeeded = PaymentEvent::PaymentSucceeded {
            payable: opened.payable,
            amount: opened.amount.clone(),
            provider_reference: reference,
            succeeded_at: at,
        };
        let refund = self
            .deferred
            .map(|(refund_id, cause)| PaymentEvent::RefundRequested {
                refund_id,
                amount: opened.amount.clone(),
                cause,
                requested_at: at,
            });
        std::iter::once(succeeded).chain(refund).collect()
    }

    fn request_refund(
        &self,
        refund_id: Uuid,
        cause: RefundCause,
        at: DateTime<Utc>,
    ) -> Result<Vec<PaymentEvent>, PaymentError> {
        let opened = self.opened()?;
        let same = |refund: &Refund| {
            refund.cause.event_id == cause.event_id || refund.refund_id == refund_id
        };
        if self.refunds.iter().any(same) {
            return Ok(Vec::new());
        }
        let events = match opened.state {
            PaymentState::Created => vec![PaymentEvent::PaymentCanceled {
                payable: opened.payable,
                reason: CancelReason::RefundRequested,
                canceled_at: at,
            }],
            PaymentState::Processing | PaymentState::Unknown | PaymentState::Failed => {
                let first = self.deferred.is_none();
                let deferred = || PaymentEvent::RefundDeferred {
                    refund_id,
                    cause,
                    deferred_at: at,
                };
                first.then(deferred).into_iter().collect()
            }
            PaymentState::Succeeded => {
                let amount = self.refundable(&opened.amount);
                let wanted = !amount.is_zero();
                let requested = || PaymentEvent::RefundRequested {
                    refund_id,
                    amount,
                    cause,
                    requested_at: at,
                };
                wanted.then(requested).into_iter().collect()
            }
            PaymentState::Canceled => Vec::new(),
        };
        Ok(events)
    }

    fn submit_refund(
        &self,
        refund_id: Uuid,
        at: DateTime<Utc>,
    ) -> Result<Vec<PaymentEvent>, PaymentError> {
        self.opened()?;
        let refund = self.refund(refund_id).ok_or(PaymentError::RefundNotFound)?;
        let first = refund.state == RefundState::Requested;
        let submitted = || PaymentEvent::RefundSubmitted {
            refund_id,
            idempotency_key: refund_id,
            submitted_at: at,
        };
        Ok(first.then(submitted).into_iter().collect())
    }

    /// The provider's first final word on a refund stands.
    fn record_refund(
        &self,
        refund_id: Uuid,
        outcome: Outcome,
    ) -> Result<Vec<PaymentEvent>, PaymentError> {
        let opened = self.opened()?;
        let refund = self.refund(refund_id).ok_or(PaymentError::RefundNotFound)?;
        match (refund.state, outcome) {
            (RefundState::Requested, _) => Err(PaymentError::NotSubmitted),
            (
                RefundState::Submitted | RefundState::Unknown,
                Outcome::Succeeded { reference, at },
            ) => Ok(vec![PaymentEvent::RefundSucceeded {
                refund_id,
                payable: opened.payable,
                amount: refund.amount.clone(),
                provider_reference: reference,
                succeeded_at: at,
            }]),
            (RefundState::Submitted | RefundState::Unknown, Outcome::Declined { code, at }) => {
                Ok(vec![PaymentEvent::RefundFailed {
                    refund_id,
                    failure_code: code,
                    failed_at: at,
                }])
            }
            (RefundState::Submitted, Outcome::Unknown { at }) => {
                Ok(vec![PaymentEvent::RefundOutcomeUnknown {
                    refund_id,
                    unknown_since: at,
                }])
            }
            (RefundState::Unknown, Outcome::Unknown { .. })
            | (RefundState::Succeeded | RefundState::Failed, _) => Ok(Vec::new()),
        }
    }

    fn set_state(&mut self, state: PaymentState) {
        if let Some(opened) = &mut self.opened {
            opened.state = state;
        }
    }

    fn set_refund_state(&mut self, refund_id: Uuid, state: RefundState) {
        if let Some(refund) = self.refund_mut(refund_id) {
            refund.state = state;
        }
    }

    fn refund_mut(&mut self, refund_id: Uuid) -> Option<&mut Refund> {
        self.refunds
            .iter_mut()
            .find(|refund| refund.refund_id == refund_id)
    }
}

impl Aggregate for Payment {
    const TYPE: &'static str = "payment";
    type Command = PaymentCommand;
    type Event = PaymentEvent;
    type Error = PaymentError;
    type Services = ();

    async fn handle(
        &mut self,
        command: Self::Command,
        _services: &Self::Services,
        sink: &EventSink<Self>,
    ) -> Result<(), Self::Error> {
        for event in self.decide(command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: Self::Event) {
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
                    refund_id,
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

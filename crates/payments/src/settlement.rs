//! Takes a payment or a refund to its end at the provider, from wherever it is.
//!
//! First the log says under which key, then the provider is called, then the log says what
//! came of it. Whatever is lost in between, the next call goes on from the log: an operation
//! that was sent is sent again under its key, one whose outcome is unknown is asked about.

use std::sync::{Mutex, PoisonError};

use eventsourcing::{Context, ExecuteError, Repository};
use service::{Recorded, now};
use thiserror::Error;
use uuid::Uuid;
use values::{PaymentId, RefundId};

use crate::domain::payment::{
    Outcome, Payment, PaymentCommand, PaymentError, PaymentState, Refund, RefundState,
};
use crate::provider::{Provider, SandboxError};

/// Drives payments and refunds through the provider. Cheap to clone.
#[derive(Clone)]
pub struct Settlement {
    payments: Repository<Payment>,
    provider: Provider,
}

/// Why a payment or a refund could not go on.
#[derive(Debug, Error)]
pub enum SettleError {
    #[error(transparent)]
    Execute(#[from] ExecuteError<PaymentError>),
    #[error(transparent)]
    Provider(#[from] SandboxError),
}

impl Settlement {
    pub fn new(payments: Repository<Payment>, provider: Provider) -> Self {
        Self { payments, provider }
    }

    /// Submits a payment that was not submitted, asks about one whose outcome is unknown, and leaves
    /// a settled one alone.
    pub async fn advance(
        &self,
        payment_id: PaymentId,
        context: Context,
    ) -> Result<Recorded<PaymentState>, SettleError> {
        let (payment, position) = self
            .execute(payment_id, &context, PaymentCommand::Submit { now: now() })
            .await?;
        let state = payment
            .state()
            .ok_or(ExecuteError::Refused(PaymentError::NotFound))?;
        let Some(charge) = payment.charge() else {
            return Ok(stands(state, position));
        };
        let (key, amount, method) = (
            charge.idempotency_key,
            &charge.amount,
            charge.payment_method.as_str(),
        );
        let outcome = match state {
            PaymentState::Processing => self.provider.charge(key, amount, method).await?,
            PaymentState::Unknown => self.provider.resolve_charge(key, amount, method).await?,
            PaymentState::Created
            | PaymentState::Succeeded
            | PaymentState::Failed
            | PaymentState::Canceled => return Ok(stands(state, position)),
        };
        if let Outcome::Unknown { .. } = outcome {
            tracing::warn!(payment.id = %payment_id, "the provider has not said what became of a payment");
        }
        let record = PaymentCommand::RecordOutcome { outcome };
        let (payment, position) = self.execute(payment_id, &context, record).await?;
        Ok(stands(payment.state().unwrap_or(state), position))
    }

    /// Does the same for a refund.
    pub async fn advance_refund(
        &self,
        payment_id: PaymentId,
        refund_id: RefundId,
        context: Context,
    ) -> Result<Recorded<RefundState>, SettleError> {
        let submit = PaymentCommand::SubmitRefund {
            refund_id,
            now: now(),
        };
        let (payment, position) = self.execute(payment_id, &context, submit).await?;
        let refund = find(&payment, refund_id)?;
        let (state, amount) = (refund.state, &refund.amount);
        let Some((charge, key)) = payment
            .charge()
            .map(|charge| charge.idempotency_key)
            .zip(refund.idempotency_key)
        else {
            return Ok(stands(state, position));
        };
        let outcome = match state {
            RefundState::Submitted => self.provider.refund(key, charge, amount).await?,
            RefundState::Unknown => self.provider.resolve_refund(key, charge, amount).await?,
            RefundState::Requested | RefundState::Succeeded | RefundState::Failed => {
                return Ok(stands(state, position));
            }
        };
        if let Outcome::Unknown { .. } = outcome {
            tracing::warn!(refund.id = %refund_id, "the provider has not said what became of a refund");
        }
        let record = PaymentCommand::RecordRefundOutcome { refund_id, outcome };
        let (payment, position) = self.execute(payment_id, &context, record).await?;
        Ok(stands(find(&payment, refund_id)?.state, position))
    }

    /// Executes one step. Returns the payment after it, and the position.
    ///
    /// A step is already done when it is repeated, so it needs no request id of its own.
    async fn execute(
        &self,
        payment_id: PaymentId,
        context: &Context,
        command: PaymentCommand,
    ) -> Result<(Payment, i64), ExecuteError<PaymentError>> {
        let context = Context {
            command_id: Uuid::now_v7(),
            request: None,
            ..context.clone()
        };
        let after = Mutex::new(Payment::default());
        let keep = |payment: &Payment, _events: &[_]| {
            after
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone_from(payment);
            Vec::new()
        };
        let committed = self
            .payments
            .execute(&payment_id.to_string(), context, command, keep)
            .await?;
        Ok((
            after.into_inner().unwrap_or_else(PoisonError::into_inner),
            committed.position,
        ))
    }
}

/// Where a payment or a refund stands after its last event.
fn stands<S>(state: S, position: i64) -> Recorded<S> {
    Recorded {
        outcome: state,
        position,
    }
}

fn find(payment: &Payment, refund_id: RefundId) -> Result<&Refund, ExecuteError<PaymentError>> {
    payment
        .refund(refund_id)
        .ok_or(ExecuteError::Refused(PaymentError::RefundNotFound))
}

#[cfg(test)]
mod tests;

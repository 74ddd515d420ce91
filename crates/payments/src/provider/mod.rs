//! The payment provider, spoken to under the idempotency keys of the log and with a deadline.

mod method;
mod sandbox;
#[cfg(test)]
mod tests;

use std::{future::Future, time::Duration};

use chrono::Utc;
use sqlx::PgPool;
use tokio::time::timeout;
use uuid::Uuid;
use values::Money;

pub use method::Method;
pub use sandbox::SandboxError;

use crate::domain::payment::Outcome;
use sandbox::{Answer, Sandbox};

/// The provider behind its deadline. Cheap to clone.
#[derive(Clone)]
pub struct Provider {
    sandbox: Sandbox,
    deadline: Duration,
}

impl Provider {
    /// The sandbox with its books in `pool`; a call that takes longer than `deadline` has an
    /// unknown outcome.
    pub fn sandbox(pool: PgPool, deadline: Duration) -> Self {
        Self {
            sandbox: Sandbox::new(pool),
            deadline,
        }
    }

    /// Whether real money moves.
    #[expect(clippy::unused_self, reason = "another provider will move real money")]
    pub fn is_live(&self) -> bool {
        false
    }

    /// Charges `amount` to a payment method, once per key however often it is called.
    ///
    /// # Errors
    /// When the key was used for something else, or the provider cannot be reached at all.
    pub async fn charge(
        &self,
        key: Uuid,
        amount: &Money,
        method: &str,
    ) -> Result<Outcome, SandboxError> {
        self.answer(self.sandbox.charge(key, amount, method)).await
    }

    /// Asks what became of a charge. One that the provider has never seen is sent again under its
    /// key: it cannot be taken twice.
    ///
    /// # Errors
    /// As [`Provider::charge`].
    pub async fn resolve_charge(
        &self,
        key: Uuid,
        amount: &Money,
        method: &str,
    ) -> Result<Outcome, SandboxError> {
        match self.sandbox.find(key).await? {
            Some(answer) => Ok(outcome(answer)),
            None => self.charge(key, amount, method).await,
        }
    }

    /// Gives `amount` of a charge back, once per key however often it is called.
    ///
    /// # Errors
    /// As [`Provider::charge`], and when there is no such charge.
    pub async fn refund(
        &self,
        key: Uuid,
        charge: Uuid,
        amount: &Money,
    ) -> Result<Outcome, SandboxError> {
        self.answer(self.sandbox.refund(key, charge, amount)).await
    }

    /// Asks what became of a refund. One that the provider has never seen is sent again.
    ///
    /// # Errors
    /// As [`Provider::refund`].
    pub async fn resolve_refund(
        &self,
        key: Uuid,
        charge: Uuid,
        amount: &Money,
    ) -> Result<Outcome, SandboxError> {
        match self.sandbox.find(key).await? {
            Some(answer) => Ok(outcome(answer)),
            None => self.refund(key, charge, amount).await,
        }
    }

    async fn answer(
        &self,
        call: impl Future<Output = Result<Answer, SandboxError>>,
    ) -> Result<Outcome, SandboxError> {
        match timeout(self.deadline, call).await {
            Ok(answer) => answer.map(outcome),
            Err(_elapsed) => Ok(Outcome::Unknown { since: Utc::now() }),
        }
    }
}

fn outcome(answer: Answer) -> Outcome {
    match answer {
        Answer::Succeeded { reference, at } => Outcome::Succeeded {
            reference,
            succeeded_at: at,
        },
        Answer::Declined { code, at } => Outcome::Declined {
            code,
            declined_at: at,
        },
        Answer::Pending => Outcome::Unknown { since: Utc::now() },
    }
}

//! The payment provider, spoken to under the idempotency keys of the log and with a deadline.

mod method;
mod sandbox;

use std::{future::Future, time::Duration};

use chrono::Utc;
use sqlx::PgPool;
use tokio::time::timeout;
use uuid::Uuid;

pub use method::{Method, UnknownMethod};
pub use sandbox::SandboxError;

use crate::domain::{Money, payment::Outcome};
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
    pub fn is_live(&self) -> bool {
        false
    }

    /// Charges `amount` to a payment method, once per key however often it is called.
    ///
    /// Fails when the provider refuses to talk at all: a key used for something else, or its
    /// books out of reach.
    pub async fn charge(
        &self,
        key: Uuid,
        amount: &Money,
        method: &str,
    ) -> Result<Outcome, SandboxError> {
        self.answer(self.sandbox.charge(key, amount, method)).await
    }

    /// What became of a charge. One that the provider has never seen is sent again under its
    /// key: it cannot be taken twice.
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

    /// Gives `amount` of a charge back, once per key however often it is called. Fails as
    /// `charge` does, and when there is no such charge.
    pub async fn refund(
        &self,
        key: Uuid,
        charge: Uuid,
        amount: &Money,
    ) -> Result<Outcome, SandboxError> {
        self.answer(self.sandbox.refund(key, charge, amount)).await
    }

    /// What became of a refund; one that the provider has never seen is sent again.
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
            Err(_elapsed) => Ok(Outcome::Unknown { at: Utc::now() }),
        }
    }
}

fn outcome(answer: Answer) -> Outcome {
    match answer {
        Answer::Succeeded { reference, at } => Outcome::Succeeded { reference, at },
        Answer::Declined { code, at } => Outcome::Declined { code, at },
        Answer::Pending => Outcome::Unknown { at: Utc::now() },
    }
}

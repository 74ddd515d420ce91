use serde::{Deserialize, Serialize};
use uuid::Uuid;
use values::{Money, RefundId};

use super::event::RefundCause;

/// Where a refund stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RefundState {
    /// It is wanted and was not sent to the provider yet.
    Requested,
    /// It was sent, and no answer is recorded yet.
    Submitted,
    /// The provider has not answered in time.
    Unknown,
    /// The money has gone back.
    Succeeded,
    /// The provider has refused.
    Failed,
}

/// Money of a payment that goes back, or went back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    pub id: RefundId,
    pub amount: Money,
    pub cause: RefundCause,
    pub state: RefundState,
    /// The key at the provider; `None` before it is submitted.
    pub idempotency_key: Option<Uuid>,
}

impl Refund {
    /// Whether its money is gone, or may be: everything but a failed one counts against what
    /// was captured.
    pub fn counts(&self) -> bool {
        self.state != RefundState::Failed
    }
}

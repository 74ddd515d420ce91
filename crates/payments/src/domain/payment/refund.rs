use serde::{Deserialize, Serialize};
use strum::{Display, EnumString};
use uuid::Uuid;

use super::event::RefundCause;
use crate::domain::Money;

/// Where a refund stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Display, EnumString)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum RefundState {
    /// Wanted, not yet sent.
    Requested,
    /// Sent, no answer recorded yet.
    Submitted,
    /// The provider did not say in time.
    Unknown,
    /// The money went back.
    Succeeded,
    /// The provider refused.
    Failed,
}

/// Money of a payment that goes back, or went back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    pub refund_id: Uuid,
    pub amount: Money,
    pub cause: RefundCause,
    pub state: RefundState,
    /// The provider's key; none before it was submitted.
    pub idempotency_key: Option<Uuid>,
}

impl Refund {
    /// Whether its money is gone, or may be: everything but a failed one counts against what
    /// was captured.
    pub fn counts(&self) -> bool {
        self.state != RefundState::Failed
    }
}

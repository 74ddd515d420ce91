//! The RPCs: each parses, looks up, executes.

mod payment;
mod refusals;
mod settlement;

pub use payment::PaymentRpcs;
pub use settlement::SettlementRpcs;

use contracts::common::v1::Role;
use service::{Call, role_not_allowed};
use tonic::Status;

use crate::domain::Acting;

const WHO_HAS_PAYMENTS: &str = "only parents pay, and only parents and admins see payments";

/// On whose behalf a call acts.
fn acting(call: &Call) -> Result<Acting, Status> {
    match call.user() {
        Some((Role::Admin, _)) => Ok(Acting::Admin),
        Some((Role::Parent, id)) => Ok(Acting::Parent(id)),
        _ => Err(role_not_allowed(WHO_HAS_PAYMENTS)),
    }
}

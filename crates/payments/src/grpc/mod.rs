//! The RPCs: each parses, looks up, executes.

mod payment;
mod refusals;
mod settlement;

pub use payment::PaymentRpcs;
pub use settlement::SettlementRpcs;

use contracts::common::v1::{ErrorReason, Role};
use service::{Call, refused};
use tonic::{Code, Status};
use values::UserId;

use crate::domain::Acting;

/// On whose behalf a call acts.
fn acting(call: &Call) -> Result<Acting, Status> {
    match (call.principal.role(), call.user_id()) {
        (Role::Admin, _) => Ok(Acting::Admin),
        (Role::Parent, Some(id)) => Ok(Acting::Parent(id.into())),
        _ => Err(no_part_in_payments()),
    }
}

/// The parent who calls; only parents pay.
fn parent(call: &Call) -> Result<UserId, Status> {
    match acting(call)? {
        Acting::Parent(id) => Ok(id),
        Acting::Admin => Err(no_part_in_payments()),
    }
}

fn no_part_in_payments() -> Status {
    refused(
        Code::PermissionDenied,
        ErrorReason::RoleNotAllowed,
        "only parents pay, and only parents and admins see payments",
    )
}

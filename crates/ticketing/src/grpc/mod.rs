//! The RPCs: each parses, looks up, executes.

mod event;
mod refusals;
mod ticket;

pub use event::EventRpcs;
pub use ticket::TicketRpcs;

use contracts::common::v1::{ErrorReason, Role};
use service::{Call, refused};
use tonic::{Code, Status};
use values::UserId;

use crate::domain::Acting;

/// On whose behalf a call acts on tickets.
fn acting(call: &Call) -> Result<Acting, Status> {
    match (call.principal.role(), call.user_id()) {
        (Role::Admin, _) => Ok(Acting::Admin),
        (Role::Parent, Some(id)) => Ok(Acting::Parent(id.into())),
        _ => Err(no_part_in_tickets()),
    }
}

/// The parent who calls; only parents take places.
fn parent(call: &Call) -> Result<UserId, Status> {
    match acting(call)? {
        Acting::Parent(id) => Ok(id),
        Acting::Admin => Err(no_part_in_tickets()),
    }
}

fn no_part_in_tickets() -> Status {
    refused(
        Code::PermissionDenied,
        ErrorReason::RoleNotAllowed,
        "only parents take places, and only parents and admins see tickets",
    )
}

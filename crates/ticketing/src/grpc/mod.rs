//! The RPCs: each parses, looks up, executes.

mod event;
mod refusals;
mod ticket;

pub use event::EventRpcs;
pub use ticket::TicketRpcs;

use contracts::common::v1::ErrorReason;
use service::{Call, refused};
use tonic::{Code, Status};
use values::UserId;

/// On whose behalf a call acts on tickets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Acting {
    /// This parent.
    Parent(UserId),
    /// Any admin.
    Admin,
}

fn acting(call: &Call) -> Result<Acting, Status> {
    if call.is_admin() {
        return Ok(Acting::Admin);
    }
    parent(call).map(Acting::Parent)
}

/// The parent who calls.
fn parent(call: &Call) -> Result<UserId, Status> {
    call.user_id().map(UserId::from).ok_or_else(|| {
        let message = "only a user can do this";
        refused(Code::PermissionDenied, ErrorReason::RoleNotAllowed, message)
    })
}

//! The RPCs: each parses, looks up, executes.

mod event;
mod refusals;
mod ticket;

pub use event::EventRpcs;
pub use ticket::TicketRpcs;

use contracts::common::v1::Role;
use service::{Call, role_not_allowed};
use tonic::Status;

use crate::domain::Acting;

const WHO_HAS_TICKETS: &str = "only parents take places, and only parents and admins see tickets";

/// On whose behalf a call acts on tickets.
fn acting(call: &Call) -> Result<Acting, Status> {
    match call.user() {
        Some((Role::Admin, _)) => Ok(Acting::Admin),
        Some((Role::Parent, id)) => Ok(Acting::Parent(id)),
        _ => Err(role_not_allowed(WHO_HAS_TICKETS)),
    }
}

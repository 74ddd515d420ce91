//! The RPCs: each parses, looks up, executes.

mod location;
mod refusals;
mod schedule;
mod session;
mod trainer_calendar;

pub use location::LocationRpcs;
pub use schedule::ScheduleRpcs;
pub use session::SessionRpcs;
pub use trainer_calendar::TrainerCalendarRpcs;

use contracts::common::v1::{ErrorReason, Role};
use service::{Call, refused};
use tonic::{Code, Status};
use values::UserId;

use crate::domain::session::Acting;

/// On whose behalf a call acts on a session.
fn acting(call: &Call) -> Result<Acting, Status> {
    match (call.principal.role(), call.user_id()) {
        (Role::Admin, _) => Ok(Acting::Admin),
        (Role::Trainer, Some(id)) => Ok(Acting::Trainer(id.into())),
        (Role::Parent, Some(id)) => Ok(Acting::Parent(id.into())),
        _ => Err(no_part("only users have sessions")),
    }
}

/// The parent who calls; only parents book.
fn parent(call: &Call) -> Result<UserId, Status> {
    match acting(call)? {
        Acting::Parent(id) => Ok(id),
        Acting::Trainer(_) | Acting::Admin => Err(no_part("only parents book sessions")),
    }
}

fn no_part(why: &str) -> Status {
    refused(Code::PermissionDenied, ErrorReason::RoleNotAllowed, why)
}

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

use contracts::common::v1::Role;
use service::{Call, role_not_allowed};
use tonic::Status;
use values::TrainerId;

use crate::domain::session::Acting;

/// On whose behalf a call acts on a session.
fn acting(call: &Call) -> Result<Acting, Status> {
    match call.user() {
        Some((Role::Admin, _)) => Ok(Acting::Admin),
        Some((Role::Trainer, id)) => Ok(Acting::Trainer(id.into())),
        Some((Role::Parent, id)) => Ok(Acting::Parent(id)),
        _ => Err(role_not_allowed("only users have sessions")),
    }
}

/// Whose calendar a call sees: a trainer their own, an admin everybody's, which is `None`.
fn calendar_owner(call: &Call) -> Result<Option<TrainerId>, Status> {
    match acting(call)? {
        Acting::Admin => Ok(None),
        Acting::Trainer(id) => Ok(Some(id)),
        Acting::Parent(_) => Err(role_not_allowed("only trainers and admins see calendars")),
    }
}

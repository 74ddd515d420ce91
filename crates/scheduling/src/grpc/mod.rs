//! The RPCs: each parses, executes, replies.

mod convert;
mod errors;
mod location_service;
mod open_schedule;
mod schedule_service;
mod session_service;
mod trainer_calendar_service;

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use contracts::common::v1::{ErrorReason, LogPosition};
use eventsourcing::{Checkpoints, Committed, Repository};
use prost::Message;
use service::{Call, Runtime, checkpoint_status, internal, not_found, refused};
use sqlx::PgPool;
use tonic::{Code, Response, Status};
use uuid::Uuid;

use crate::domain::location::Location;
use crate::domain::schedule::Schedule;
use crate::domain::session::{Acting, CancellationPolicy, Session};
use crate::domain::trainer_calendar::TrainerCalendar;
use crate::query::Directory;

/// Everything that a handler works with. Cheap to clone.
#[derive(Clone)]
pub struct Api {
    pool: PgPool,
    checkpoints: Checkpoints,
    directory: Directory,
    locations: Repository<Location>,
    trainer_calendars: Repository<TrainerCalendar>,
    schedules: Repository<Schedule>,
    sessions: Repository<Session>,
    hold_for: TimeDelta,
    policy: CancellationPolicy,
}

impl Api {
    /// Over the log and the read tables of the service.
    pub fn new(runtime: &Runtime, directory: Directory) -> Self {
        Self {
            pool: runtime.pool.clone(),
            checkpoints: runtime.checkpoints.clone(),
            directory,
            locations: Repository::new(&runtime.log),
            trainer_calendars: Repository::new(&runtime.log),
            schedules: Repository::new(&runtime.log),
            sessions: Repository::new(&runtime.log),
            hold_for: TimeDelta::from_std(runtime.settings.hold).unwrap_or(TimeDelta::MAX),
            policy: CancellationPolicy {
                notice_hours: runtime.settings.cancellation_notice_hours,
            },
        }
    }

    /// The trainer must exist, and be the caller unless that is an admin.
    async fn check_trainer(
        &self,
        call: &Call,
        id: Uuid,
    ) -> Result<crate::projector::KnownTrainerRow, Status> {
        let unknown = || not_found("trainer", &id.to_string());
        if !call.is_admin() && call.user_id() != Some(id) {
            return Err(unknown());
        }
        let trainer = self.directory.trainer(id).await;
        trainer.map_err(checkpoint_status)?.ok_or_else(unknown)
    }
}

/// The moment of a command, in the microseconds that Postgres keeps.
fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(6)
}

/// On whose behalf a call acts on a session.
fn acting(call: &Call) -> Result<Acting, Status> {
    use contracts::common::v1::Role;
    match (call.principal.role(), call.user_id()) {
        (Role::Admin, _) => Ok(Acting::Admin),
        (Role::Trainer, Some(id)) => Ok(Acting::Trainer(id)),
        (Role::Parent, Some(id)) => Ok(Acting::Parent(id)),
        _ => Err(refused(
            Code::PermissionDenied,
            ErrorReason::RoleNotAllowed,
            "only users have sessions",
        )),
    }
}

/// The stored answer of a command, with its position.
fn answer<M: Message + Default>(
    committed: &Committed,
    position: impl FnOnce(&mut M) -> &mut Option<LogPosition>,
) -> Result<Response<M>, Status> {
    let mut message = M::decode(committed.reply.as_slice()).map_err(internal)?;
    *position(&mut message) = Some(LogPosition {
        service: crate::NAME.to_owned(),
        position: committed.position,
    });
    Ok(Response::new(message))
}

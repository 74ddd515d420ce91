//! What a command has to know of other things than its aggregate, one look-up for each command.
//!
//! What would be a refusal is looked up again once the read table has everything that happened
//! before the question: a parent who adds a child and books at once finds it.

mod booking;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono_tz::Tz;
use eventsourcing::{ExecuteError, Feed, Repository};
use service::{Call, Reads, Runtime, internal, not_found, status};
use sqlx::types::Json;
use tonic::Status;
use values::{LocationId, TrainerId, UserId};

use crate::domain::SchedulingLogEvent;
use crate::domain::location::Location;
use crate::domain::schedule::ScheduleError;
use crate::domain::trainer_calendar::TrainerCalendar;
use crate::projector::{Calendar, KnownTrainerRow, Reference, ReferenceEvent};

/// Looks up what commands depend on. Cheap to clone.
#[derive(Clone)]
pub struct References {
    known: Reads<Reference>,
    identity: Arc<dyn Feed<ReferenceEvent>>,
    calendar: Reads<Calendar>,
    own: Arc<dyn Feed<SchedulingLogEvent>>,
    locations: Repository<Location>,
    trainer_calendars: Repository<TrainerCalendar>,
}

impl References {
    /// Over the read tables and the feeds that they are folded from.
    pub fn on(
        runtime: &Runtime,
        identity: &Arc<dyn Feed<ReferenceEvent>>,
        own: &Arc<dyn Feed<SchedulingLogEvent>>,
    ) -> Self {
        Self {
            known: Reads::on(runtime),
            identity: Arc::clone(identity),
            calendar: Reads::on(runtime),
            own: Arc::clone(own),
            locations: Repository::new(&runtime.log),
            trainer_calendars: Repository::new(&runtime.log),
        }
    }

    /// The trainer whose calendar the caller changes: their own, or any for an admin.
    ///
    /// # Errors
    /// `NOT_FOUND` when there is no such trainer, or it is somebody else.
    pub async fn trainer_of(&self, call: &Call, id: TrainerId) -> Result<KnownTrainerRow, Status> {
        let unknown = || not_found("trainer", &id.to_string());
        if !call.is_admin() && call.user_id().map(UserId::from) != Some(id.into()) {
            return Err(unknown());
        }
        let mut trainer = self.find_trainer(id).await?;
        if !trainer.as_ref().is_some_and(KnownTrainerRow::bookable) {
            self.known.catch_up(&*self.identity).await?;
            trainer = self.find_trainer(id).await?;
        }
        trainer.ok_or_else(unknown)
    }

    /// Checks that there is a location.
    ///
    /// # Errors
    /// `NOT_FOUND` when there is none.
    pub async fn location(&self, id: LocationId) -> Result<(), Status> {
        let id = id.to_string();
        let location = self.locations.load(&id).await.map_err(internal)?;
        location.map(drop).ok_or_else(|| not_found("location", &id))
    }

    /// Where a trainer works.
    pub async fn assigned_locations(
        &self,
        trainer_id: TrainerId,
    ) -> Result<BTreeSet<LocationId>, Status> {
        let calendar = self.trainer_calendars.load(&trainer_id.to_string()).await;
        let calendar = calendar.map_err(internal)?.unwrap_or_default();
        Ok(calendar.locations().clone())
    }

    /// The zones of locations to which a trainer is assigned.
    ///
    /// # Errors
    /// `LOCATION_NOT_ASSIGNED` for the first one that is not `assigned`.
    pub async fn zones(
        &self,
        locations: BTreeSet<LocationId>,
        assigned: &BTreeSet<LocationId>,
    ) -> Result<BTreeMap<LocationId, Tz>, Status> {
        let mut zones = BTreeMap::new();
        for location_id in locations {
            if !assigned.contains(&location_id) {
                let refused = ScheduleError::LocationNotAssigned { location_id };
                return Err(status(ExecuteError::Refused(refused)));
            }
            let location = self.locations.load(&location_id.to_string()).await;
            let location = location.map_err(internal)?.unwrap_or_default();
            let zone = location.time_zone().unwrap_or_default();
            zones.insert(location_id, zone.parse().map_err(internal)?);
        }
        Ok(zones)
    }

    async fn find_trainer(&self, id: TrainerId) -> Result<Option<KnownTrainerRow>, Status> {
        let row: Option<Json<KnownTrainerRow>> =
            sqlx::query_scalar("select to_jsonb(t) from known_trainers t where trainer_id = $1")
                .bind(id.uuid())
                .fetch_optional(self.known.pool())
                .await
                .map_err(internal)?;
        Ok(row.map(|row| row.0))
    }
}

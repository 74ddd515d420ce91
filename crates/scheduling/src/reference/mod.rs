//! What a command has to know of other things than its aggregate, one look-up for each command.
//!
//! What would be a refusal is looked up again once the read table has everything that happened
//! before the question, so that a parent can book for a child as soon as they have added it.

mod booking;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use eventsourcing::{Feed, Repository};
use service::{Call, CatchUp, Reads, Runtime, Source, internal, json_row, not_found};
use sqlx::PgPool;
use tonic::Status;
use values::{LocationId, TrainerId, UserId, Zone};

use crate::domain::SchedulingLogEvent;
use crate::domain::location::Location;
use crate::domain::trainer_calendar::TrainerCalendar;
use crate::projector::{Calendar, KnownTrainerRow, Reference, ReferenceEvent};

/// What a window takes from elsewhere.
#[derive(Debug)]
pub struct Opening {
    /// Every location where the trainer works.
    pub assigned_locations: BTreeSet<LocationId>,
    /// The zones of those of them that the window names.
    pub zones: BTreeMap<LocationId, Zone>,
}

/// Looks up what commands depend on. Cheap to clone.
#[derive(Clone)]
pub struct References {
    known: Reads<Reference>,
    bookable: Reads<(Calendar, Reference)>,
    identity: Source<Reference>,
    own: Source<Calendar>,
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
            bookable: Reads::on(runtime),
            identity: Source::on(runtime, identity),
            own: Source::on(runtime, own),
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
        let found = self.known.definite(
            |pool| find_trainer(pool, id),
            |trainer| {
                let bookable = trainer.as_ref().is_some_and(KnownTrainerRow::bookable);
                (!bookable).then_some(&self.identity as &dyn CatchUp)
            },
        );
        found.await?.ok_or_else(unknown)
    }

    /// Checks that a trainer whose calendar the caller changes can be assigned to a location.
    ///
    /// # Errors
    /// `NOT_FOUND` when there is no such trainer or location, or the trainer is somebody else.
    pub async fn assignment(
        &self,
        call: &Call,
        trainer_id: TrainerId,
        location_id: LocationId,
    ) -> Result<(), Status> {
        self.trainer_of(call, trainer_id).await?;
        let id = location_id.to_string();
        let location = self.locations.load(&id).await.map_err(internal)?;
        location.map(drop).ok_or_else(|| not_found("location", &id))
    }

    /// What a window depends on that a trainer whose calendar the caller changes opens at these
    /// locations.
    ///
    /// # Errors
    /// `NOT_FOUND` when there is no such trainer, or it is somebody else.
    pub async fn opening(
        &self,
        call: &Call,
        trainer_id: TrainerId,
        locations: BTreeSet<LocationId>,
    ) -> Result<Opening, Status> {
        self.trainer_of(call, trainer_id).await?;
        let calendar = self.trainer_calendars.load(&trainer_id.to_string()).await;
        let calendar = calendar.map_err(internal)?.unwrap_or_default();
        let assigned = calendar.locations();
        let mut zones = BTreeMap::new();
        for location_id in locations.intersection(assigned) {
            let location = self.locations.load(&location_id.to_string()).await;
            let location = location.map_err(internal)?.unwrap_or_default();
            let zone = location.time_zone().unwrap_or_default();
            zones.insert(*location_id, zone.parse().map_err(internal)?);
        }
        Ok(Opening {
            assigned_locations: assigned.clone(),
            zones,
        })
    }
}

async fn find_trainer(
    pool: &PgPool,
    id: TrainerId,
) -> Result<Option<KnownTrainerRow>, sqlx::Error> {
    sqlx::query("select to_jsonb(t) from known_trainers t where trainer_id = $1")
        .bind(id.uuid())
        .try_map(json_row)
        .fetch_optional(pool)
        .await
}

//! What a command has to know of other things than its aggregate, one look-up for each command.
//!
//! What would be a refusal is looked up again once the read table has everything that happened
//! before the question, so that a parent can take a place for a child as soon as they have added it.

mod guardians;

use std::{collections::HashMap, sync::Arc};

use eventsourcing::Feed;
use service::{CatchUp, Reads, Runtime, Source, internal, not_found};
use sqlx::PgPool;
use tonic::Status;
use uuid::Uuid;
use values::{ChildId, EventId, HoldId, LocationId, UserId, Zone};

use guardians::{Guarded, Guardians};

use crate::domain::TicketingLogEvent;
use crate::domain::camp::Line;
use crate::projector::{ChildEvent, Children, LocationRow, Locations, Sales};

/// What a hold takes from elsewhere.
#[derive(Debug)]
pub struct Holding {
    /// The first of the children that takes part in nothing new.
    pub archived_child: Option<ChildId>,
}

/// Looks up what commands depend on. Cheap to clone.
#[derive(Clone)]
pub struct References {
    guardians: Arc<Guardians>,
    identity: Source<Children>,
    locations: Reads<Locations>,
    scheduling: Source<Locations>,
    sales: Reads<Sales>,
    own: Source<Sales>,
}

impl References {
    /// Over the read tables and the feeds that they are folded from.
    pub fn on(
        runtime: &Runtime,
        identity: &Arc<dyn Feed<ChildEvent>>,
        scheduling: &Arc<dyn Feed<LocationRow>>,
        own: &Arc<dyn Feed<TicketingLogEvent>>,
    ) -> Self {
        Self {
            guardians: Arc::new(Guardians::new(Reads::on(runtime))),
            identity: Source::on(runtime, identity),
            locations: Reads::on(runtime),
            scheduling: Source::on(runtime, scheduling),
            sales: Reads::on(runtime),
            own: Source::on(runtime, own),
        }
    }

    /// The zone of a location, by its id as it was sent; `None` if there is no such location.
    pub async fn zone(&self, location_id: &str) -> Result<Option<Zone>, Status> {
        let Ok(id) = Uuid::parse_str(location_id) else {
            return Ok(None);
        };
        let id = LocationId::from(id);
        let zone = self.locations.definite(
            |pool| find_zone(pool, id),
            |zone| zone.is_none().then_some(&self.scheduling as &dyn CatchUp),
        );
        let known = |zone: String| zone.parse().map_err(|_| internal(UnknownZone { id, zone }));
        zone.await?.map(known).transpose()
    }

    /// What the parent's hold of tickets for their children depends on. Children seen a moment ago
    /// cost nothing, others one query together.
    ///
    /// # Errors
    /// `NOT_FOUND` for the first child that is somebody else's or nobody's.
    pub async fn holding(&self, parent_id: UserId, lines: &[Line]) -> Result<Holding, Status> {
        let ids: Vec<ChildId> = lines.iter().map(|line| line.child_id).collect();
        let mut known = self.guardians.of(&ids).await?;
        if stranger(parent_id, &ids, &known)
            .or(archived(&ids, &known))
            .is_some()
        {
            self.identity.catch_up().await?;
            known = self.guardians.now_of(&ids).await?;
        }
        match stranger(parent_id, &ids, &known) {
            Some(id) => Err(not_found("child", &id.to_string())),
            None => Ok(Holding {
                archived_child: archived(&ids, &known),
            }),
        }
    }

    /// The event that a hold belongs to.
    ///
    /// # Errors
    /// `NOT_FOUND` when there is no such hold.
    pub async fn event_of(&self, hold_id: HoldId) -> Result<EventId, Status> {
        let event = self.sales.definite(
            |pool| find_event(pool, hold_id),
            |event| event.is_none().then_some(&self.own as &dyn CatchUp),
        );
        let event = event.await?;
        event.ok_or_else(|| not_found("ticket hold", &hold_id.to_string()))
    }
}

async fn find_zone(pool: &PgPool, id: LocationId) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar("select time_zone from locations where location_id = $1")
        .bind(id.uuid())
        .fetch_optional(pool)
        .await
}

async fn find_event(pool: &PgPool, id: HoldId) -> Result<Option<EventId>, sqlx::Error> {
    let event: Option<Uuid> = sqlx::query_scalar("select event_id from ticket_holds where id = $1")
        .bind(id.uuid())
        .fetch_optional(pool)
        .await?;
    Ok(event.map(EventId::from))
}

/// The first child for whom the parent does not answer.
fn stranger(
    parent_id: UserId,
    children: &[ChildId],
    known: &HashMap<ChildId, Guarded>,
) -> Option<ChildId> {
    let is_own = |id| known.get(id).is_some_and(|it| it.guardian_id == parent_id);
    children.iter().find(|id| !is_own(*id)).copied()
}

/// The first child that was archived.
fn archived(children: &[ChildId], known: &HashMap<ChildId, Guarded>) -> Option<ChildId> {
    let is_archived = |id| known.get(id).is_some_and(|it| it.archived);
    children.iter().find(|id| is_archived(*id)).copied()
}

#[derive(Debug, thiserror::Error)]
#[error("location {id} is in {zone:?}, which is not a known zone")]
struct UnknownZone {
    id: LocationId,
    zone: String,
}

//! What commands have to know beforehand, from read tables. A miss is made definite by
//! catching up with the log that would have the answer.

mod guardians;

use std::{collections::HashMap, sync::Arc};

use chrono_tz::Tz;
use eventsourcing::{CheckpointError, Checkpoints, Feed, Projection};
use sqlx::PgPool;
use uuid::Uuid;

use guardians::{Guarded, Guardians};

use crate::{
    domain::{ChildId, EventId, HoldId, LocationId, TicketingLogEvent, UserId},
    projector::{ChildEvent, Children, LocationRow, Locations, Sales},
    query,
};

/// Looks up what commands have to know.
#[derive(Clone)]
pub struct References {
    pool: PgPool,
    checkpoints: Checkpoints,
    children: Arc<dyn Feed<ChildEvent>>,
    locations: Arc<dyn Feed<LocationRow>>,
    sales: Arc<dyn Feed<TicketingLogEvent>>,
    guardians: Arc<Guardians>,
}

/// Something that cannot be looked up now.
#[derive(Debug, thiserror::Error)]
pub enum LookupError {
    /// The read table does not answer.
    #[error("a reference table cannot be read")]
    Table(#[from] sqlx::Error),
    /// The log behind it does not answer.
    #[error("a reference table cannot be brought up to date")]
    CatchUp(#[from] CheckpointError),
    /// A location has a zone that this program does not know.
    #[error("location {0} is in {1:?}, which is not a known zone")]
    Zone(LocationId, String),
}

/// Why nothing can be booked for a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// It is somebody else's, or there is none.
    Stranger(ChildId),
    /// It takes part in nothing new.
    Archived(ChildId),
}

fn first_obstacle(
    guardian: UserId,
    children: &[ChildId],
    known: &HashMap<Uuid, Guarded>,
) -> Option<Obstacle> {
    children
        .iter()
        .find_map(|child| match known.get(&child.uuid()) {
            Some(guarded) if guarded.guardian != guardian.uuid() => {
                Some(Obstacle::Stranger(*child))
            }
            Some(guarded) => guarded.archived.then_some(Obstacle::Archived(*child)),
            None => Some(Obstacle::Stranger(*child)),
        })
}

impl References {
    /// Over the read tables and the feeds that they are folded from.
    pub fn new(
        pool: PgPool,
        checkpoints: Checkpoints,
        children: Arc<dyn Feed<ChildEvent>>,
        locations: Arc<dyn Feed<LocationRow>>,
        sales: Arc<dyn Feed<TicketingLogEvent>>,
    ) -> Self {
        Self {
            guardians: Arc::new(Guardians::new(pool.clone())),
            pool,
            checkpoints,
            children,
            locations,
            sales,
        }
    }

    /// Why this user cannot book for all of these children, if she cannot. What would be a
    /// refusal is looked up again once everything that identity has said is known.
    ///
    /// The children are distinct. Those seen a moment ago cost nothing, others one query together.
    ///
    /// # Errors
    /// When a child cannot be looked up.
    pub async fn obstacle(
        &self,
        guardian: UserId,
        children: &[ChildId],
    ) -> Result<Option<Obstacle>, LookupError> {
        let ids: Vec<Uuid> = children.iter().map(|child| child.uuid()).collect();
        if first_obstacle(guardian, children, &self.guardians.of(&ids).await?).is_none() {
            return Ok(None);
        }
        self.checkpoints
            .catch_up(Children::NAME, &*self.children)
            .await?;
        self.guardians.forget(&ids);
        let known = self.guardians.of(&ids).await?;
        Ok(first_obstacle(guardian, children, &known))
    }

    /// The zone of a location; `None` if there is no such location.
    ///
    /// # Errors
    /// When it cannot be looked up.
    pub async fn zone(&self, location: LocationId) -> Result<Option<Tz>, LookupError> {
        let mut zone = query::time_zone(&self.pool, location.uuid()).await?;
        if zone.is_none() {
            self.checkpoints
                .catch_up(Locations::NAME, &*self.locations)
                .await?;
            zone = query::time_zone(&self.pool, location.uuid()).await?;
        }
        zone.map(|zone| zone.parse().map_err(|_| LookupError::Zone(location, zone)))
            .transpose()
    }

    /// The event that a hold belongs to; `None` if there is no such hold.
    ///
    /// # Errors
    /// When it cannot be looked up.
    pub async fn event_of(&self, hold: HoldId) -> Result<Option<EventId>, LookupError> {
        let mut event = query::event_of_hold(&self.pool, hold.uuid()).await?;
        if event.is_none() {
            self.checkpoints.catch_up(Sales::NAME, &*self.sales).await?;
            event = query::event_of_hold(&self.pool, hold.uuid()).await?;
        }
        Ok(event.map(EventId::from))
    }
}

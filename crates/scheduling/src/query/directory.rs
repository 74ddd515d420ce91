//! What a command needs to know of other things than its aggregate. What would be a refusal is
//! looked up again once the projection has everything that happened before the question: who
//! adds a child and books at once finds it.

use std::sync::Arc;

use eventsourcing::{CheckpointError, Checkpoints, Feed, Projection};
use sqlx::PgPool;
use sqlx::types::Json;
use uuid::Uuid;

use crate::domain::SchedulingLogEvent;
use crate::projector::{
    Calendar, KnownChildRow, KnownTrainerRow, Reference, ReferenceEvent, SlotRow,
};

/// Looks up trainers, children and slots.
#[derive(Clone)]
pub struct Directory {
    pool: PgPool,
    checkpoints: Checkpoints,
    identity: Arc<dyn Feed<ReferenceEvent>>,
    own: Arc<dyn Feed<SchedulingLogEvent>>,
}

impl Directory {
    /// Over the read tables of the pool, with the feeds that fill them.
    pub fn new(
        pool: PgPool,
        checkpoints: Checkpoints,
        identity: Arc<dyn Feed<ReferenceEvent>>,
        own: Arc<dyn Feed<SchedulingLogEvent>>,
    ) -> Self {
        Self {
            pool,
            checkpoints,
            identity,
            own,
        }
    }

    /// A trainer; `None` when there is none. One who takes no bookings is looked up again.
    pub async fn trainer(&self, id: Uuid) -> Result<Option<KnownTrainerRow>, CheckpointError> {
        const QUERY: &str = "select to_jsonb(t) from known_trainers t where trainer_id = any($1)";
        let found: Option<KnownTrainerRow> = self.find(QUERY, &[id]).await?.pop();
        if !found.as_ref().is_some_and(KnownTrainerRow::bookable) {
            self.catch_up_with_identity().await?;
            return Ok(self.find(QUERY, &[id]).await?.pop());
        }
        Ok(found)
    }

    /// Those of the children that exist. If `guardian` cannot book for each of them they are
    /// looked up again.
    pub async fn children(
        &self,
        ids: &[Uuid],
        guardian: Option<Uuid>,
    ) -> Result<Vec<KnownChildRow>, CheckpointError> {
        const QUERY: &str = "select to_jsonb(c) from known_children c where child_id = any($1)";
        let found: Vec<KnownChildRow> = self.find(QUERY, ids).await?;
        let can_book =
            |child: &KnownChildRow| Some(child.guardian_id) == guardian && !child.archived;
        if found.len() < ids.len() || !found.iter().all(can_book) {
            self.catch_up_with_identity().await?;
            return self.find(QUERY, ids).await;
        }
        Ok(found)
    }

    /// A slot; `None` when there is none.
    pub async fn slot(&self, id: Uuid) -> Result<Option<SlotRow>, CheckpointError> {
        const QUERY: &str = "select to_jsonb(s) from slots s where id = any($1)";
        let found = self.find(QUERY, &[id]).await?;
        if found.is_empty() {
            let own = self.own.as_ref();
            self.checkpoints.catch_up(Calendar::NAME, own).await?;
            return Ok(self.find(QUERY, &[id]).await?.pop());
        }
        Ok(found.into_iter().next())
    }

    async fn catch_up_with_identity(&self) -> Result<(), CheckpointError> {
        let identity = self.identity.as_ref();
        self.checkpoints.catch_up(Reference::NAME, identity).await
    }

    async fn find<R>(&self, query: &'static str, ids: &[Uuid]) -> Result<Vec<R>, CheckpointError>
    where
        R: serde::de::DeserializeOwned + Send + Unpin + 'static,
    {
        let rows: Vec<Json<R>> = sqlx::query_scalar(query)
            .bind(ids)
            .fetch_all(&self.pool)
            .await?;
        Ok(rows.into_iter().map(|row| row.0).collect())
    }
}

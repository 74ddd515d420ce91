//! Snapshots: states of long-lived aggregates, so that loading one does not read its whole life.
//!
//! Derived data. A snapshot from another fold version is ignored, and a lost one costs time only.

use std::sync::Arc;

use crate::{
    claims::ClaimingEvent as _, decide::Decide, error::LogError, event::without_values,
    log::EventLog,
};

/// Events between two snapshots of one aggregate.
const INTERVAL: i64 = 1_000;

/// A state that will be stored once the events up to it are durable.
pub(crate) struct Pending {
    aggregate_type: &'static str,
    aggregate_id: Arc<str>,
    sequence: i64,
    fold_version: i32,
    payload: String,
}

/// The state to keep if a command has crossed a snapshot's place.
pub(crate) fn due<A: Decide>(
    id: &Arc<str>,
    before: i64,
    after: i64,
    aggregate: &A,
) -> Result<Option<Pending>, LogError> {
    if before / INTERVAL == after / INTERVAL {
        return Ok(None);
    }
    let payload = serde_json::to_string(aggregate)
        .map_err(|error| LogError::Unstorable(error.to_string()))?;
    Ok(Some(Pending {
        aggregate_type: A::TYPE,
        aggregate_id: Arc::clone(id),
        sequence: after,
        fold_version: A::Event::FOLD_VERSION,
        payload,
    }))
}

impl Pending {
    /// Stores the snapshot in the background. One that cannot be stored is only slower to load.
    pub(crate) fn store(self, log: &EventLog) {
        let pool = log.pool().clone();
        tokio::spawn(async move {
            let stored = sqlx::query(
                "insert into snapshots (aggregate_type, aggregate_id, last_sequence, fold_version, payload) \
                 values ($1, $2, $3, $4, $5::json) on conflict (aggregate_type, aggregate_id) do update \
                 set last_sequence = excluded.last_sequence, fold_version = excluded.fold_version, \
                     payload = excluded.payload \
                 where snapshots.last_sequence < excluded.last_sequence \
                    or snapshots.fold_version <> excluded.fold_version",
            )
            .bind(self.aggregate_type)
            .bind(&*self.aggregate_id)
            .bind(self.sequence)
            .bind(self.fold_version)
            .bind(self.payload)
            .execute(&pool)
            .await;
            if let Err(error) = stored {
                tracing::warn!(%error, aggregate.id = %self.aggregate_id, "a snapshot was not stored");
            }
        });
    }
}

/// The state of an aggregate from its snapshot and the events after it, and the sequence of
/// the last of them; sequence 0 if there is none.
pub(crate) async fn load<A: Decide>(log: &EventLog, id: &str) -> Result<(A, i64), LogError> {
    let (mut aggregate, mut sequence) = stored::<A>(log, id).await?.unwrap_or_default();
    for event in log.read_aggregate(A::TYPE, id, sequence).await? {
        aggregate.apply(event.decode()?);
        sequence = event.sequence;
    }
    Ok((aggregate, sequence))
}

async fn stored<A: Decide>(log: &EventLog, id: &str) -> Result<Option<(A, i64)>, LogError> {
    let row: Option<(i64, String)> = sqlx::query_as(
        "select last_sequence, payload::text from snapshots \
         where aggregate_type = $1 and aggregate_id = $2 and fold_version = $3",
    )
    .bind(A::TYPE)
    .bind(id)
    .bind(A::Event::FOLD_VERSION)
    .fetch_optional(log.pool())
    .await?;
    let Some((sequence, payload)) = row else {
        return Ok(None);
    };
    match serde_json::from_str(&payload) {
        Ok(aggregate) => Ok(Some((aggregate, sequence))),
        Err(error) => {
            let error = without_values(&error);
            tracing::warn!(
                error,
                aggregate.id = id,
                "a snapshot cannot be read, reading all events"
            );
            Ok(None)
        }
    }
}

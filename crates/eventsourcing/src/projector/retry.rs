//! Parked events folded after all.

use std::collections::HashMap;

use sqlx::Row as _;

use crate::{
    feed::{Batch, Delivered, FeedError},
    projector::{Locked, Projection, Projector, ProjectorError, State, store},
};

impl<P: Projection> Projector<P> {
    /// Folds the events of a parked key in order and frees it, in one transaction. All or
    /// none: if one fails again, the key stays parked with the new error.
    pub async fn retry(&self, key: &str) -> Result<(), ProjectorError> {
        let mut state = self.state.lock().await;
        self.own(&mut state).await?;
        self.retry_in(&mut state, key).await
    }

    pub(super) async fn retry_in(
        &self,
        state: &mut State<P>,
        key: &str,
    ) -> Result<(), ProjectorError> {
        match self.try_retry(state, key).await {
            Err(ProjectorError::StillParked { key, error }) => {
                self.stays_parked(&key, &error).await?;
                Err(ProjectorError::StillParked { key, error })
            }
            other => other,
        }
    }

    async fn try_retry(&self, state: &mut State<P>, key: &str) -> Result<(), ProjectorError> {
        let owner = state.owner.as_ref().ok_or(ProjectorError::Fenced)?;
        let mut locked = store::begin(&self.pool, owner.ownership).await?;
        match self.fold_parked(state, &mut locked, key).await {
            Ok(events) => {
                locked.transaction.commit().await?;
                tracing::info!(
                    projection = P::NAME,
                    key,
                    events,
                    "a parked key is free again"
                );
                crate::checkpoints::moved(P::NAME);
                Ok(())
            }
            Err(error) => {
                locked.transaction.rollback().await?;
                Err(error)
            }
        }
    }

    /// Folds what waits with a key and frees it. Returns how many events there were.
    async fn fold_parked(
        &self,
        state: &mut State<P>,
        locked: &mut Locked,
        key: &str,
    ) -> Result<usize, ProjectorError> {
        let mut others = std::mem::take(&mut locked.parked);
        if !others.iter().any(|parked| parked == key) {
            return Err(ProjectorError::NotParked(key.to_owned()));
        }
        others.retain(|parked| parked != key);
        let waiting: Vec<(String, i64)> = sqlx::query(
            "select source, position from parked_events where projection = $1 and key = $2 order by number",
        )
        .bind(P::NAME)
        .bind(key)
        .fetch_all(&mut *locked.transaction)
        .await?
        .iter()
        .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
        .collect::<Result<_, sqlx::Error>>()?;
        let mut events = Vec::with_capacity(waiting.len());
        for (source, position) in waiting {
            events.extend(self.read_again(key, &source, position).await?);
        }
        let count = events.len();
        let batch = Batch::new(events, 0);
        let tables = &mut state.tables;
        let parking = self
            .fold_in(&mut locked.transaction, tables, &batch, others)
            .await?;
        if let Some(failed) = parking.new_keys.first() {
            return Err(ProjectorError::StillParked {
                key: key.to_owned(),
                error: failed.error.clone(),
            });
        }
        store::write(&mut locked.transaction, tables).await?;
        // Those that another parked key holds go on waiting, with that key.
        let mut held: HashMap<&str, Vec<i64>> = HashMap::new();
        for event in &parking.new_events {
            held.entry(&event.key).or_default().push(event.position);
        }
        for (other, positions) in held {
            sqlx::query(
                "update parked_events set key = $3 where projection = $1 and key = $2 and position = any($4)",
            )
            .bind(P::NAME)
            .bind(key)
            .bind(other)
            .bind(positions)
            .execute(&mut *locked.transaction)
            .await?;
        }
        for sql in [
            "delete from parked_events where projection = $1 and key = $2",
            "delete from parked_keys where projection = $1 and key = $2",
        ] {
            sqlx::query(sql)
                .bind(P::NAME)
                .bind(key)
                .execute(&mut *locked.transaction)
                .await?;
        }
        Ok(count)
    }

    /// Reads one parked event again. `None` when the feed no longer finds it of interest.
    async fn read_again(
        &self,
        key: &str,
        source: &str,
        position: i64,
    ) -> Result<Option<Delivered<P::Event>>, ProjectorError> {
        let Some(feed) = self.feeds.iter().find(|feed| feed.source() == source) else {
            return Err(ProjectorError::StillParked {
                key: key.to_owned(),
                error: format!("nothing reads the log of {source} any more"),
            });
        };
        let batch = feed.read(position - 1, 1).await?;
        if batch.upto < position {
            return Err(ProjectorError::Feed(FeedError::Broken {
                source_name: feed.source(),
                reason: format!("position {position} is gone"),
            }));
        }
        if let Some(unreadable) = batch
            .undecodable
            .into_iter()
            .find(|event| event.position == position)
        {
            return Err(ProjectorError::StillParked {
                key: key.to_owned(),
                error: unreadable.error,
            });
        }
        Ok(batch
            .events
            .into_iter()
            .find(|event| event.position == position))
    }

    async fn stays_parked(&self, key: &str, error: &str) -> Result<(), ProjectorError> {
        sqlx::query(
            "update parked_keys set error = $3, retry_requested = false where projection = $1 and key = $2",
        )
        .bind(P::NAME)
        .bind(key)
        .bind(error)
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}

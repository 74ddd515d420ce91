//! Parked events folded after all.

use sqlx::{Postgres, Transaction};

use crate::{
    feed::{Batch, Delivered, FeedError},
    projector::{Locked, Projection, Projector, ProjectorError, State, store},
};

impl<P: Projection> Projector<P> {
    /// Folds the events of a parked key, and of the keys that wait together with it, in order and
    /// frees them, in one transaction. All or none: if one fails again, the key stays parked with
    /// the new error.
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
        let retried = match self.try_retry(state, key).await {
            Err(error) if error.is_of_the_rows() => Err(ProjectorError::StillParked {
                key: key.to_owned(),
                error: error.to_string(),
            }),
            other => other,
        };
        match retried {
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
        let group = waiting_together(&mut locked.transaction, P::NAME, key).await?;
        others.retain(|parked| !group.contains(parked));
        let mut events = Vec::new();
        for (source, position) in parked_events(&mut locked.transaction, P::NAME, &group).await? {
            events.extend(self.read_again(key, &source, position).await?);
        }
        let count = events.len();
        let batch = Batch::new(events, 0);
        let tables = &mut state.tables;
        let parking = self
            .fold_in(&mut locked.transaction, tables, &batch, others)
            .await?;
        if let Some(error) = parking.failure {
            return Err(ProjectorError::StillParked {
                key: key.to_owned(),
                error,
            });
        }
        store::write(&mut locked.transaction, tables).await?;
        for sql in [
            "delete from parked_events where projection = $1 and key = any($2)",
            "delete from parked_keys where projection = $1 and key = any($2)",
        ] {
            sqlx::query(sql)
                .bind(P::NAME)
                .bind(&group)
                .execute(&mut *locked.transaction)
                .await?;
        }
        // The keys of an event may be others now than when it was parked: those that belong to a
        // key that is parked still go on waiting, with that key.
        store::write_parking(&mut locked.transaction, P::NAME, &parking).await?;
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

/// A key and all that wait together with it: keys that share a waiting event, and so on.
async fn waiting_together(
    transaction: &mut Transaction<'static, Postgres>,
    projection: &str,
    key: &str,
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "with recursive together (key) as ( \
             select $2::text \
             union \
             select other.key from together \
             join parked_events mine on mine.projection = $1 and mine.key = together.key \
             join parked_events other on other.projection = $1 \
                 and other.source = mine.source and other.position = mine.position) \
         select key from together",
    )
    .bind(projection)
    .bind(key)
    .fetch_all(&mut **transaction)
    .await
}

/// The events that wait with some keys, each once, in the order in which they came.
async fn parked_events(
    transaction: &mut Transaction<'static, Postgres>,
    projection: &str,
    keys: &[String],
) -> Result<Vec<(String, i64)>, sqlx::Error> {
    sqlx::query_as(
        "select source, position from parked_events where projection = $1 and key = any($2) \
         group by source, position order by min(number)",
    )
    .bind(projection)
    .bind(keys)
    .fetch_all(&mut **transaction)
    .await
}

//! Read tables computed anew from the logs.

use crate::{
    projector::{Projection, Projector, ProjectorError, State, Step, reader::Reader, store},
    tables::TableSet,
};

/// How far a rebuild has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Positions replayed, over all sources.
    pub done: i64,
    /// Positions to replay, over all sources.
    pub total: i64,
}

impl<P: Projection> Projector<P> {
    /// Takes the read tables offline, empties them and replays every log to the head that it
    /// has now. Killed in the middle, the next owner goes on where it stopped.
    ///
    /// Fails when a log ends below its target.
    pub async fn rebuild(
        &self,
        mut progress: impl FnMut(Progress) + Send,
    ) -> Result<(), ProjectorError> {
        let mut state = self.state.lock().await;
        self.own(&mut state).await?;
        self.begin_rebuild(&mut state).await?;
        loop {
            let step = self.step_of(&mut state).await;
            if matches!(step, Err(ProjectorError::Fenced)) {
                state.owner = None;
            }
            let step = step?;
            let Some(owner) = &state.owner else {
                return Err(ProjectorError::Fenced);
            };
            let Some(targets) = &owner.targets else {
                return Ok(());
            };
            let done = owner
                .positions
                .iter()
                .zip(targets)
                .map(|(at, end)| at.min(end));
            progress(Progress {
                done: done.sum(),
                total: targets.iter().sum(),
            });
            if step == Step::Idle {
                state.changed(&owner.positions).await;
            }
        }
    }

    /// Takes the read tables offline and empties them, in one transaction.
    pub(super) async fn begin_rebuild(&self, state: &mut State<P>) -> Result<(), ProjectorError> {
        if !P::REBUILDABLE {
            return Err(ProjectorError::NotRebuildable);
        }
        let mut targets = Vec::with_capacity(self.feeds.len());
        for feed in &self.feeds {
            targets.push(feed.head().await?);
        }
        let owner = state.owner.as_mut().ok_or(ProjectorError::Fenced)?;
        owner.settled = false;
        let mut transaction = store::begin(&self.pool, owner.ownership).await?.transaction;
        let mut tables = P::Tables::default();
        for table in tables.tables() {
            sqlx::query(&format!("truncate {}", table.name()))
                .execute(&mut *transaction)
                .await?;
        }
        for sql in [
            "delete from parked_events where projection = $1",
            "delete from parked_keys where projection = $1",
        ] {
            sqlx::query(sql)
                .bind(P::NAME)
                .execute(&mut *transaction)
                .await?;
        }
        sqlx::query(
            "update projections set state = 'REBUILDING', rebuild_requested = false, fold_version = $2, \
             rebuilds = rebuilds + 1 where projection = $1",
        )
        .bind(P::NAME)
        .bind(P::FOLD_VERSION)
        .execute(&mut *transaction)
        .await?;
        sqlx::query(
            "update checkpoints c set position = 0, head = t.target, target = t.target \
             from unnest($2::text[], $3::bigint[]) as t (source, target) \
             where c.projection = $1 and c.source = t.source",
        )
        .bind(P::NAME)
        .bind(self.sources())
        .bind(&targets)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        tracing::info!(projection = P::NAME, ?targets, "a rebuild has begun");
        owner.positions.fill(0);
        owner.stored.fill(0);
        state.passed = None;
        owner.settled = true;
        owner.targets = Some(targets);
        state.readers.iter_mut().for_each(Reader::forget);
        Ok(())
    }

    /// Puts the read tables online once the replay has reached its targets.
    pub(super) async fn end_rebuild(&self, state: &mut State<P>) -> Result<(), ProjectorError> {
        let Some(owner) = state.owner.as_mut().filter(|owner| owner.complete()) else {
            return Ok(());
        };
        let mut transaction = store::begin(&self.pool, owner.ownership).await?.transaction;
        for sql in [
            "update projections set state = 'LIVE' where projection = $1",
            "update checkpoints set target = null where projection = $1",
        ] {
            sqlx::query(sql)
                .bind(P::NAME)
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        owner.targets = None;
        tracing::info!(projection = P::NAME, "a rebuild has ended");
        crate::checkpoints::moved(P::NAME);
        Ok(())
    }

    /// Called when no feed has more: a replay that ends below its target is an error.
    pub(super) async fn reach_targets(&self, state: &mut State<P>) -> Result<(), ProjectorError> {
        let Some(owner) = &state.owner else {
            return Ok(());
        };
        let Some(targets) = &owner.targets else {
            return Ok(());
        };
        let stands = owner.positions.iter().zip(targets);
        for ((feed, reader), (position, target)) in
            self.feeds.iter().zip(&state.readers).zip(stands)
        {
            if position < target && !reader.is_late() {
                ends_below(feed.source(), *position, *target, feed.head().await?)?;
            }
        }
        Ok(())
    }
}

fn ends_below(
    source_name: &'static str,
    position: i64,
    target: i64,
    head: i64,
) -> Result<(), ProjectorError> {
    if head >= target {
        return Ok(());
    }
    Err(ProjectorError::BelowTarget {
        source_name,
        position,
        target,
    })
}

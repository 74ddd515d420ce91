//! One batch in one transaction: lock, load, fold, write, checkpoint.

use std::{sync::atomic::Ordering, time::Instant};

use sqlx::{Postgres, Transaction};
use tracing::Instrument;

use crate::{
    feed::Batch,
    projector::{
        Locked, Owner, Projection, Projector, ProjectorError, State,
        fold::{self, Care, Parking, Spoilt},
        store,
    },
    tables::TableSet,
    trace,
};

impl<P: Projection> Projector<P> {
    /// Commits a batch, in pieces where the database does not take the rows of some event.
    pub(super) async fn commit_batch(
        &self,
        state: &mut State<P>,
        index: usize,
        batch: Batch<P::Event>,
    ) -> Result<(), ProjectorError> {
        if batch.is_empty() {
            return self.pass(state, index, batch.upto).await;
        }
        let mut pieces = vec![batch];
        while let Some(piece) = pieces.pop() {
            let Err(error) = self.transact(state, index, &piece, None).await else {
                continue;
            };
            if !error.is_of_the_rows() {
                return Err(error);
            }
            match piece.halves() {
                Ok((first, second)) => pieces.extend([second, first]),
                Err(single) => {
                    let reason = error.to_string();
                    self.transact(state, index, &single, Some(&reason)).await?;
                }
            }
        }
        Ok(())
    }

    /// Goes past events of no interest. The checkpoint follows later, except during a rebuild.
    async fn pass(
        &self,
        state: &mut State<P>,
        index: usize,
        upto: i64,
    ) -> Result<(), ProjectorError> {
        let owner = state.owner.as_mut().ok_or(ProjectorError::Fenced)?;
        owner.positions[index] = upto;
        let rebuilding = owner.targets.is_some();
        state.passed.get_or_insert_with(Instant::now);
        if rebuilding {
            self.store_passed(state).await?;
        }
        Ok(())
    }

    /// Moves the checkpoints past events of no interest, if they are behind.
    pub(super) async fn store_passed(&self, state: &mut State<P>) -> Result<(), ProjectorError> {
        let (Some(owner), Some(_)) = (&mut state.owner, state.passed) else {
            return Ok(());
        };
        if !owner.settled {
            // It looks where the checkpoints are before it goes on.
            return Ok(());
        }
        owner.settled = false;
        let sources: Vec<_> = self.feeds.iter().map(|feed| feed.source()).collect();
        let Owner {
            ownership,
            stored,
            positions,
            ..
        } = owner;
        store::pass(&self.pool, *ownership, &sources, stored, positions).await?;
        owner.stored.clone_from(&owner.positions);
        owner.settled = true;
        state.passed = None;
        crate::checkpoints::moved(P::NAME);
        Ok(())
    }

    /// Folds a batch in one transaction. With `refused`, parks its events for that reason.
    async fn transact(
        &self,
        state: &mut State<P>,
        index: usize,
        batch: &Batch<P::Event>,
        refused: Option<&str>,
    ) -> Result<(), ProjectorError> {
        let source = self.feeds[index].source();
        let State {
            owner,
            tables,
            passed,
            ..
        } = state;
        let owner = owner.as_mut().ok_or(ProjectorError::Fenced)?;
        owner.settled = false;
        let span = tracing::info_span!(
            "fold",
            otel.kind = "consumer",
            projection = P::NAME,
            source,
            events = batch.len(),
            upto = batch.upto,
            trace_context = batch.trace_contexts().next()
        );
        // A rebuild is no part of the traces of what it replays.
        if owner.targets.is_none() {
            trace::follow(&span, batch.trace_contexts());
        }
        async {
            let mut locked = store::begin(&self.pool, owner.ownership).await?;
            let parked = std::mem::take(&mut locked.parked);
            let parking = match refused {
                Some(reason) => {
                    clear(tables);
                    let mut parking = Parking::new(parked);
                    fold::park_all(&self.projection, batch, &mut parking, reason);
                    parking
                }
                None => {
                    self.fold_in(&mut locked.transaction, tables, batch, parked)
                        .await?
                }
            };
            let Locked {
                mut transaction, ..
            } = locked;
            store::write(&mut transaction, tables).await?;
            store::write_parking(&mut transaction, P::NAME, &parking).await?;
            let from = owner.stored[index];
            store::advance(&mut transaction, P::NAME, source, from, batch.upto).await?;
            transaction.commit().await?;
            owner.positions[index] = batch.upto;
            owner.stored[index] = batch.upto;
            owner.settled = true;
            if owner.stored == owner.positions {
                *passed = None;
            }
            crate::checkpoints::moved(P::NAME);
            Ok(())
        }
        .instrument(span)
        .await
    }

    /// Folds a batch, and folds it again whenever it has looked for rows that were not loaded;
    /// where an event fails, again from the loaded rows, each event by itself.
    pub(super) async fn fold_in(
        &self,
        transaction: &mut Transaction<'static, Postgres>,
        tables: &mut P::Tables,
        batch: &Batch<P::Event>,
        parked: Vec<String>,
    ) -> Result<Parking, ProjectorError> {
        let mut parking = Parking::new(parked);
        let mut care = Care::Fast;
        clear(tables);
        loop {
            store::load(transaction, tables).await?;
            let folded = fold::fold(&self.projection, batch, tables, &mut parking, care);
            if !fold::misses(tables) {
                match folded {
                    Ok(()) => return Ok(parking),
                    Err(Spoilt) => care = Care::EachByItself,
                }
            }
            parking = parking.again();
            for table in tables.tables() {
                table.rewind();
            }
        }
    }

    /// Folds events that are not from a feed, such as timers, in a transaction that the caller
    /// begins and commits. Returns what has been parked.
    pub(crate) async fn fold_apart(
        &self,
        state: &mut State<P>,
        locked: &mut Locked,
        batch: &Batch<P::Event>,
    ) -> Result<(), ProjectorError> {
        let parked = std::mem::take(&mut locked.parked);
        let tables = &mut state.tables;
        let parking = self
            .fold_in(&mut locked.transaction, tables, batch, parked)
            .await?;
        store::write(&mut locked.transaction, tables).await?;
        // They are not in a log: what they wait for is looked up again when the key is free.
        let parking = parking.without_events();
        store::write_parking(&mut locked.transaction, P::NAME, &parking).await
    }

    /// The state of the projector with a transaction as the owner.
    pub(crate) async fn begin_apart(
        &self,
    ) -> Result<(tokio::sync::MutexGuard<'_, State<P>>, Locked), ProjectorError> {
        if self.standing_by.load(Ordering::SeqCst) {
            return Err(ProjectorError::Fenced);
        }
        let mut state = self.state.lock().await;
        self.own(&mut state).await?;
        let owner = state.owner.as_ref().ok_or(ProjectorError::Fenced)?;
        let locked = store::begin(&self.pool, owner.ownership).await?;
        Ok((state, locked))
    }
}

fn clear(tables: &mut impl TableSet) {
    for table in tables.tables() {
        table.clear();
    }
}

impl Owner {
    /// Whether a rebuild has come to its end.
    pub(super) fn complete(&self) -> bool {
        self.targets.as_ref().is_some_and(|targets| {
            self.positions
                .iter()
                .zip(targets)
                .all(|(at, end)| at >= end)
        })
    }
}

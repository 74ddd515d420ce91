//! Processes: events to commands across services, with timers.

mod definition;
mod dispatch;
mod outbox;
mod projection;

use std::{pin::pin, sync::Arc, time::Duration};

use futures::{StreamExt, future, stream::FuturesUnordered};
use sqlx::PgPool;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, field};

pub use self::{
    definition::{ASK, Effect, Input, Process},
    outbox::{Outbox, OutboxItem},
};
use self::{
    outbox::Command,
    projection::{Cause, ProcessFold, Stimuli, Stimulus},
};
use crate::{
    Batch, Bus, Delivered, Feed, Projector, ProjectorError, Step,
    timers::{self, DueTimer},
    trace,
};

/// Commands under way at the same time.
const UNDER_WAY: usize = 32;
/// How often the outbox and the timers are looked at without a wake.
const POLL: Duration = Duration::from_millis(250);
/// Where timers come from, in the place of a log's name.
const TIMERS: &str = "timers";

/// Runs one process: folds events into its instances, fires its timers, sends its commands.
///
/// State, timers, outgoing commands and checkpoint move in one transaction. A command's request
/// id follows from what caused it, so that one that is sent again does nothing twice.
pub struct ProcessRunner<P: Process> {
    pool: PgPool,
    bus: Bus,
    projector: Projector<ProcessFold<P>>,
    /// Wakes the dispatcher and the timers after a commit.
    commands: Notify,
    timers: Notify,
}

impl<P: Process> ProcessRunner<P> {
    /// A process over one or more logs, kept in the schema of the pool.
    pub fn new(process: P, pool: PgPool, feeds: Vec<Arc<dyn Feed<P::Event>>>, bus: Bus) -> Self {
        let process = Arc::new(process);
        let stimuli = feeds.into_iter().map(|feed| {
            let process = Arc::clone(&process);
            Arc::new(Stimuli { process, feed }) as Arc<dyn Feed<Stimulus<P::Event>>>
        });
        let projector = Projector::new(
            ProcessFold(Arc::clone(&process)),
            pool.clone(),
            stimuli.collect(),
        );
        Self {
            pool,
            bus,
            projector,
            commands: Notify::new(),
            timers: Notify::new(),
        }
    }

    /// Runs until the shutdown. Commands under way are then waited for.
    pub async fn run(&self, shutdown: CancellationToken) {
        future::join3(
            self.projector.run_then(shutdown.clone(), || self.wake()),
            self.fire(shutdown.clone()),
            self.dispatch(shutdown),
        )
        .await;
    }

    /// Folds one batch of events.
    pub async fn step(&self) -> Result<Step, ProjectorError> {
        let step = self.projector.step().await?;
        if matches!(step, Step::Folded { events: 1.., .. }) {
            self.wake();
        }
        Ok(step)
    }

    /// Folds until it has everything that the logs held when it was called.
    pub async fn drain(&self) -> Result<(), ProjectorError> {
        self.projector.drain().await?;
        self.wake();
        Ok(())
    }

    /// Folds the events of a parked key after all. See [`Projector::retry`].
    pub async fn retry(&self, key: &str) -> Result<(), ProjectorError> {
        self.projector.retry(key).await?;
        self.wake();
        Ok(())
    }

    /// Fires the timers that are due. Returns how many were.
    pub async fn fire_due(&self) -> Result<usize, ProjectorError> {
        let (mut state, mut locked) = self.projector.begin_apart().await?;
        let due = timers::due(&mut locked.transaction, P::NAME).await?;
        if due.is_empty() {
            locked.transaction.rollback().await?;
            return Ok(0);
        }
        let fired = due.len();
        let batch = Batch::new(due.into_iter().map(stimulus).collect(), 0);
        let span = tracing::info_span!("fire", process = P::NAME, timers = fired);
        trace::follow(&span, batch.trace_contexts());
        async {
            self.projector
                .fold_apart(&mut state, &mut locked, &batch)
                .await?;
            locked.transaction.commit().await?;
            Ok::<_, ProjectorError>(())
        }
        .instrument(span)
        .await?;
        drop(state);
        self.wake();
        Ok(fired)
    }

    /// Sends every command whose time it is, and records the answers. Returns how many were
    /// sent.
    pub async fn dispatch_ready(&self) -> Result<usize, sqlx::Error> {
        let commands = outbox::take(&self.pool, P::NAME, limit(UNDER_WAY)).await?;
        let sent = commands.len();
        let sends = commands.into_iter().map(|command| self.send(command));
        future::try_join_all(sends).await?;
        Ok(sent)
    }

    fn wake(&self) {
        self.commands.notify_one();
        self.timers.notify_one();
    }

    async fn send(&self, command: Command) -> Result<(), sqlx::Error> {
        let span = tracing::info_span!(
            "send",
            otel.name = command.method.as_str(),
            otel.kind = "client",
            otel.status_code = field::Empty,
            rpc.system = "grpc",
            rpc.grpc.status = field::Empty,
            process = P::NAME,
            service = command.service.as_str(),
            request_id = %command.request_id,
            attempt = command.attempts,
        );
        trace::follow(&span, command.trace_context.as_deref());
        let outcome = span.clone();
        async {
            let answer = dispatch::send(&self.bus, &command).await;
            if let Err(status) = &answer {
                outcome.record("otel.status_code", "ERROR");
                outcome.record("rpc.grpc.status", i32::from(status.code()));
            }
            outbox::settle(&self.pool, P::NAME, &command, answer).await
        }
        .instrument(span)
        .await
    }

    /// Fires timers until the shutdown.
    async fn fire(&self, shutdown: CancellationToken) {
        loop {
            let pause = match self.fire_if_due().await {
                Ok(pause) => pause,
                // Its owner fires them.
                Err(ProjectorError::Fenced) => 4 * POLL,
                Err(error) => {
                    tracing::warn!(process = P::NAME, error = %error, "timers cannot fire now");
                    POLL
                }
            };
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
                () = self.timers.notified() => {}
            }
        }
    }

    /// Fires what is due. Returns how long it is until the next timer, or the next look.
    async fn fire_if_due(&self) -> Result<Duration, ProjectorError> {
        loop {
            match timers::until_next(&self.pool, P::NAME).await? {
                Some(Duration::ZERO) => {
                    self.fire_due().await?;
                }
                Some(pause) => return Ok(pause.min(4 * POLL)),
                None => return Ok(4 * POLL),
            }
        }
    }

    /// Takes over what an earlier run has left under way. Whether it could.
    async fn release(&self) -> bool {
        let released = outbox::release(&self.pool, P::NAME).await;
        if let Err(error) = &released {
            tracing::warn!(process = P::NAME, error = %error, "the outbox cannot be taken over");
        }
        released.is_ok()
    }

    /// Sends commands until the shutdown, many at a time, in order for each key.
    async fn dispatch(&self, shutdown: CancellationToken) {
        let mut under_way = FuturesUnordered::new();
        let mut full = false;
        let mut released = false;
        loop {
            // Before anything is under way.
            released = released || self.release().await;
            let free = UNDER_WAY - under_way.len();
            if released && free > 0 && !shutdown.is_cancelled() {
                let mut take = pin!(outbox::take(&self.pool, P::NAME, limit(free)));
                // Those under way go on meanwhile: they may hold the connections it waits for.
                let taken = loop {
                    tokio::select! {
                        taken = &mut take => break taken,
                        Some(settled) = under_way.next(), if !under_way.is_empty() => {
                            recorded::<P>(settled);
                        }
                    }
                };
                match taken {
                    Ok(commands) => {
                        full = commands.len() == free;
                        under_way.extend(commands.into_iter().map(|command| self.send(command)));
                    }
                    Err(error) => {
                        tracing::warn!(process = P::NAME, error = %error, "the outbox cannot be read");
                    }
                }
            }
            if shutdown.is_cancelled() && under_way.is_empty() {
                return;
            }
            tokio::select! {
                Some(settled) = under_way.next(), if !under_way.is_empty() => {
                    recorded::<P>(settled);
                }
                () = shutdown.cancelled(), if !shutdown.is_cancelled() => {}
                () = self.commands.notified() => {}
                () = tokio::time::sleep(POLL), if !full || under_way.is_empty() => {}
            }
        }
    }
}

/// A command whose answer is not recorded is sent again when its lease ends.
fn recorded<P: Process>(settled: Result<(), sqlx::Error>) {
    if let Err(error) = settled {
        tracing::warn!(process = P::NAME, error = %error, "an answer is not recorded");
    }
}

fn limit(commands: usize) -> i64 {
    i64::try_from(commands).unwrap_or(i64::MAX)
}

fn stimulus<E>(timer: DueTimer) -> Delivered<Stimulus<E>> {
    Delivered {
        source: TIMERS,
        position: 0,
        event_id: timer.causation_id,
        recorded_at: timer.due,
        actor: "system".to_owned(),
        aggregate_id: timer.key.clone(),
        sequence: 0,
        correlation_id: timer.correlation_id,
        trace_context: timer.trace_context,
        event: Stimulus {
            key: timer.key,
            cause: Cause::Timer {
                name: timer.name,
                due: timer.due,
            },
        },
    }
}

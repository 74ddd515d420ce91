//! The relay: public events from the log to the broker.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use prost::Message;
use sqlx::{Connection, PgConnection, Row as _};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, Span, field};

use crate::{
    DecodeError, EventLog, LogError, Publish, RecordedEvent,
    broker::{Acknowledgement, Broker, BrokerError},
    log_service::PublicLog,
    tail::Tail,
    trace,
};

/// Events read, published and acknowledged together.
const WINDOW: i64 = 512;
/// How often one that has nothing to do says that it is alive, or tries to become active.
const BEAT: Duration = Duration::from_secs(1);
/// So many failures in a row are reported as an error.
const PERSISTENT: u32 = 4;
/// Its name among the checkpoints.
const NAME: &str = "relay";

/// Publishes the public events of one service's log to the broker, in order.
///
/// The log is the outbox: the checkpoint moves after the acknowledgements. Of several relays of
/// one service the one that holds the lock is active; the lock lives on the connection that
/// moves the checkpoint, so that one that has lost it cannot go on. What two of them publish at
/// the turn is recognised by its message id, and by the consumers by its position.
pub struct Relay {
    public: PublicLog,
    broker: Broker,
    tail: Arc<Tail>,
    active: Mutex<Option<Active>>,
}

struct Active {
    /// Holds the advisory lock.
    connection: PgConnection,
    position: i64,
    public_position: i64,
    stream_ensured: bool,
    beaten: Instant,
}

/// What one step has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RelayStep {
    /// So many events are published, up to a position.
    Published {
        /// Events that stay private are not counted.
        events: usize,
        /// Everything up to here is published.
        position: i64,
    },
    /// The log has nothing more.
    Idle,
    /// Another relay is active.
    Passive,
}

/// Why a relay cannot go on now. It tries again by itself.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// An event cannot be made public. Nothing after it is published: the order is part of the
    /// contract.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The connection that holds the lock is lost.
    #[error("the relay's connection: {0}")]
    Connection(#[from] sqlx::Error),
    #[error(transparent)]
    Broker(#[from] BrokerError),
}

impl Relay {
    /// A relay of the log of `service`.
    pub fn new(log: &EventLog, service: &'static str, broker: Broker, publish: Publish) -> Self {
        Self {
            public: PublicLog {
                service,
                log: log.clone(),
                publish,
            },
            broker,
            tail: Tail::of(log),
            active: Mutex::new(None),
        }
    }

    /// Publishes until the shutdown, then gives the lock back.
    pub async fn run(&self, shutdown: CancellationToken) {
        let mut failures: u32 = 0;
        while !shutdown.is_cancelled() {
            let mut published = None;
            let pause = match self.step().await {
                Ok(RelayStep::Published { .. } | RelayStep::Idle) => {
                    failures = 0;
                    published = self.position().await;
                    BEAT
                }
                Ok(RelayStep::Passive) => BEAT,
                Err(error) => {
                    failures += 1;
                    self.report(&error, failures).await;
                    Duration::from_millis(50 << failures.min(5)).min(BEAT)
                }
            };
            let woken = async {
                match published {
                    Some(position) => self.tail.beyond(position).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = shutdown.cancelled() => break,
                () = tokio::time::sleep(pause) => {}
                () = woken => {}
            }
        }
        if let Some(active) = self.active.lock().await.take() {
            let _ = active.connection.close().await;
        }
    }

    /// Publishes one window, if this relay is or can become the active one.
    pub async fn step(&self) -> Result<RelayStep, RelayError> {
        let mut slot = self.active.lock().await;
        if slot.is_none() {
            *slot = self.become_active().await?;
        }
        let Some(active) = slot.as_mut() else {
            return Ok(RelayStep::Passive);
        };
        let step = self.publish_window(active).await;
        match &step {
            // The lock has gone with the connection.
            Err(RelayError::Connection(_)) => *slot = None,
            // A refusal may mean that the stream is gone.
            Err(RelayError::Broker(_)) => active.stream_ensured = false,
            _ => {}
        }
        step
    }

    async fn position(&self) -> Option<i64> {
        let active = self.active.lock().await;
        active.as_ref().map(|active| active.position)
    }

    async fn publish_window(&self, active: &mut Active) -> Result<RelayStep, RelayError> {
        if !active.stream_ensured {
            self.broker.ensure_stream(self.public.service).await?;
            active.stream_ensured = true;
        }
        let events = self
            .tail
            .read(&self.public.log, active.position, WINDOW)
            .await?;
        let Some(last) = events.last() else {
            self.beat(active).await?;
            return Ok(RelayStep::Idle);
        };
        let span = tracing::info_span!(
            "relay",
            otel.kind = "producer",
            service = self.public.service,
            events = events.len(),
            upto = last.position,
            published = field::Empty,
        );
        let trace_contexts = events
            .iter()
            .filter_map(|event| event.trace_context.as_deref());
        trace::follow(&span, trace_contexts);
        let published = self.publish_events(active, &events, last.position);
        published.instrument(span).await
    }

    /// Publishes the public ones of the events up to a position, and moves the checkpoint.
    async fn publish_events(
        &self,
        active: &mut Active,
        events: &[Arc<RecordedEvent>],
        upto: i64,
    ) -> Result<RelayStep, RelayError> {
        let mut position = upto;
        let mut public_position = active.public_position;
        let mut sent: Vec<Acknowledgement> = Vec::new();
        let mut failure: Option<RelayError> = None;
        for event in events {
            match self.public.envelope(event, public_position) {
                Ok(None) => {}
                Ok(Some(envelope)) => {
                    let published = self.broker.publish(
                        self.public.service,
                        &envelope.event_type,
                        &envelope.event_id,
                        envelope.encode_to_vec(),
                    );
                    sent.push(published.await?);
                    public_position = event.position;
                }
                Err(error) => {
                    position = event.position - 1;
                    failure = Some(error.into());
                    break;
                }
            }
        }
        let published = sent.len();
        Span::current().record("published", published);
        for acknowledgement in sent {
            acknowledgement.stored().await?;
        }
        if position > active.position {
            save(
                &mut active.connection,
                self.public.service,
                position,
                public_position,
            )
            .await?;
            active.position = position;
            active.public_position = public_position;
            crate::checkpoints::moved(NAME);
        }
        match failure {
            Some(error) => Err(error),
            None => Ok(RelayStep::Published {
                events: published,
                position,
            }),
        }
    }

    /// Takes the lock on a connection of its own. `None` when another relay holds it.
    async fn become_active(&self) -> Result<Option<Active>, RelayError> {
        // From the pool, so that it has its role and schema, and out of it for good.
        let mut connection = self.public.log.pool().acquire().await?.detach();
        let locked: bool = sqlx::query_scalar(
            "select pg_try_advisory_lock(hashtextextended(current_schema() || '.relay', 0))",
        )
        .fetch_one(&mut connection)
        .await?;
        if !locked {
            connection.close().await?;
            return Ok(None);
        }
        sqlx::query(
            "insert into projections (projection, kind, fold_version, state) values ($1, 'RELAY', 0, 'LIVE') \
             on conflict do nothing",
        )
        .bind(NAME)
        .execute(&mut connection)
        .await?;
        sqlx::query(
            "insert into checkpoints (projection, source) values ($1, $2) on conflict do nothing",
        )
        .bind(NAME)
        .bind(self.public.service)
        .execute(&mut connection)
        .await?;
        let row = sqlx::query(
            "select position, public_position from checkpoints where projection = $1 and source = $2",
        )
        .bind(NAME)
        .bind(self.public.service)
        .fetch_one(&mut connection)
        .await?;
        tracing::info!(
            service = self.public.service,
            "this relay is the active one"
        );
        Ok(Some(Active {
            position: row.try_get(0)?,
            public_position: row.try_get(1)?,
            connection,
            stream_ensured: false,
            beaten: Instant::now(),
        }))
    }

    /// Says that it is alive, on the connection that holds the lock, once a second.
    async fn beat(&self, active: &mut Active) -> Result<(), RelayError> {
        if active.beaten.elapsed() < BEAT {
            return Ok(());
        }
        let Active {
            position,
            public_position,
            ..
        } = *active;
        save(
            &mut active.connection,
            self.public.service,
            position,
            public_position,
        )
        .await?;
        active.beaten = Instant::now();
        Ok(())
    }

    async fn report(&self, error: &RelayError, failures: u32) {
        let service = self.public.service;
        // Once may be a broker that is still starting; again is somebody's business.
        if failures == PERSISTENT {
            tracing::error!(service, error = %error, "the relay cannot go on");
        }
        let shown = sqlx::query(
            "with p as (update projections set seen_at = clock_timestamp(), error = $2 where projection = $1) \
             update checkpoints set looked_at = clock_timestamp(), head = (select position from log_head) \
             where projection = $1",
        )
            .bind(NAME)
            .bind(error.to_string())
            .execute(self.public.log.pool())
            .await;
        if let Err(error) = shown {
            tracing::debug!(service, error = %error, "the relay's status cannot be written");
        }
    }
}

async fn save(
    connection: &mut PgConnection,
    service: &'static str,
    position: i64,
    public_position: i64,
) -> Result<(), sqlx::Error> {
    let moved = sqlx::query(
        "with p as (update projections set seen_at = clock_timestamp(), error = null where projection = $1) \
         update checkpoints c set position = $3, public_position = $4, looked_at = clock_timestamp(), \
                head = h.position, \
                complete_at = case when $3 >= h.position then clock_timestamp() else complete_at end \
         from log_head h \
         where projection = $1 and source = $2 and c.position <= $3",
    )
    .bind(NAME)
    .bind(service)
    .bind(position)
    .bind(public_position)
    .execute(connection)
    .await?;
    if moved.rows_affected() == 1 {
        Ok(())
    } else {
        Err(sqlx::Error::RowNotFound)
    }
}

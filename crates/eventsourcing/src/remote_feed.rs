//! Another service's log as a feed: the broker for speed, `EventLogService` for truth.
//!
//! A [`Remote`] keeps the newest public events in memory, an unbroken stretch of the log: every
//! message names the position of the one before it, and one that does not fit begins a new
//! stretch. A reader inside the stretch is served from it; one before it reads the log itself
//! over gRPC. So it does not matter what the broker loses, repeats or reorders, when a reader
//! starts, or whether there is a broker at all.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::{Duration, Instant},
};

use contracts_core::log::v1::{
    Envelope, HeadRequest, ReadRequest, event_log_service_client::EventLogServiceClient,
};
use contracts_core::{EventKind, wire};
use futures::{StreamExt, future::BoxFuture};
use prost::Message as _;
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::{Request, Status};
use uuid::Uuid;

use crate::{
    Broker, Bus, DecodeError, Received,
    feed::{Batch, Delivered, Feed, FeedError, Undecodable},
};

/// After so long without a message the log is asked for its head.
const SILENCE: Duration = Duration::from_secs(1);
/// The same while the broker is not connected.
const WITHOUT_BROKER: Duration = Duration::from_millis(200);
/// A call that has not answered by then is given up.
const DEADLINE: Duration = Duration::from_secs(5);
/// How much of the log is kept in memory.
const KEPT_EVENTS: usize = 8_192;
const KEPT_BYTES: usize = 8 * 1024 * 1024;

/// Another service's log. Cheap to clone; all remotes of one service on one bus share what they
/// have heard.
#[derive(Clone)]
pub struct Remote {
    inner: Arc<Inner>,
}

struct Inner {
    service: &'static str,
    bus: Bus,
    tail: Mutex<Tail>,
    /// Raised whenever more is known.
    news: watch::Sender<u64>,
    _listener: DropGuard,
}

/// The newest public events, and what is known of the head.
#[derive(Default)]
struct Tail {
    /// The stretch `(floor, last]` is complete.
    floor: i64,
    last: i64,
    events: VecDeque<Arc<Envelope>>,
    bytes: usize,
    /// All public events up to `head` are at or below `public_head`.
    head: i64,
    public_head: i64,
    heard: Option<Instant>,
}

impl Remote {
    /// The log of `service`. Starts to listen to the broker.
    pub fn new(service: &'static str, broker: &Broker, bus: &Bus) -> Self {
        let name = format!("remote {} {service}", broker.prefix());
        let mut started = None;
        let inner = bus.shared(name, || {
            let stop = CancellationToken::new();
            started = Some(stop.clone());
            Inner {
                service,
                bus: bus.clone(),
                tail: Mutex::default(),
                news: watch::Sender::new(0),
                _listener: stop.drop_guard(),
            }
        });
        if let Some(stop) = started {
            let listener = listen(Arc::downgrade(&inner), service, broker.clone(), stop);
            tokio::spawn(listener);
        }
        Self { inner }
    }

    pub fn service(&self) -> &'static str {
        self.inner.service
    }
}

impl Inner {
    fn tail(&self) -> MutexGuard<'_, Tail> {
        self.tail.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn client(&self) -> EventLogServiceClient<crate::bus::BusChannel> {
        EventLogServiceClient::new(self.bus.channel(self.service))
    }

    fn unanswered(&self, status: Status) -> FeedError {
        FeedError::Remote {
            service: self.service,
            status: Box::new(status),
        }
    }

    fn broken(&self, reason: String) -> FeedError {
        FeedError::Broken {
            source_name: self.service,
            reason,
        }
    }

    /// Asks the log for its head.
    async fn ask_head(&self) -> Result<i64, FeedError> {
        let mut request = Request::new(HeadRequest {});
        request.set_timeout(DEADLINE);
        let head = self
            .client()
            .head(request)
            .await
            .map_err(|status| self.unanswered(status))?
            .into_inner();
        let mut tail = self.tail();
        tail.heard = Some(Instant::now());
        if head.position > tail.head {
            tail.head = head.position;
            tail.public_head = head.public_position;
            drop(tail);
            self.news.send_modify(|news| *news += 1);
        }
        Ok(head.position)
    }

    /// Takes a message of the broker.
    fn hear(&self, envelope: Envelope) {
        if self.tail().push(envelope) {
            self.news.send_modify(|news| *news += 1);
        }
    }

    /// Reads from the log itself, and checks that nothing is missing in the answer.
    async fn ask_events(&self, after: i64, limit: usize) -> Result<Vec<Arc<Envelope>>, FeedError> {
        let request = Request::new(ReadRequest {
            after_position: after,
            limit: i32::try_from(limit).unwrap_or(i32::MAX),
        });
        let late = |_| self.unanswered(Status::deadline_exceeded("no answer in time"));
        let mut client = self.client();
        let mut answers = tokio::time::timeout(DEADLINE, client.read(request))
            .await
            .map_err(late)?
            .map_err(|status| self.unanswered(status))?
            .into_inner();
        let mut events: Vec<Arc<Envelope>> = Vec::new();
        let mut previous = None;
        loop {
            let answer = tokio::time::timeout(DEADLINE, answers.message()).await;
            let envelope = match answer.map_err(late)? {
                Ok(Some(answer)) => answer.envelope,
                Ok(None) => return Ok(events),
                // What came before the failure is good.
                Err(_) if !events.is_empty() => return Ok(events),
                Err(status) => return Err(self.unanswered(status)),
            };
            let envelope =
                envelope.ok_or_else(|| self.broken("an answer without an event".into()))?;
            let fits = previous.map_or(envelope.previous_position <= after, |previous| {
                envelope.previous_position == previous
            });
            if !fits || envelope.position <= previous.unwrap_or(after) {
                return Err(self.broken(format!(
                    "{} after {} does not follow {}",
                    envelope.position,
                    envelope.previous_position,
                    previous.unwrap_or(after)
                )));
            }
            previous = Some(envelope.position);
            events.push(Arc::new(envelope));
        }
    }
}

impl Tail {
    /// Takes a public event. Returns whether it was new.
    fn push(&mut self, envelope: Envelope) -> bool {
        self.heard = Some(Instant::now());
        if envelope.position <= self.last {
            return false;
        }
        if envelope.previous_position != self.last || self.last == 0 {
            self.events.clear();
            self.bytes = 0;
            self.floor = envelope.previous_position;
        }
        self.last = envelope.position;
        self.bytes += envelope.payload.len();
        self.events.push_back(Arc::new(envelope));
        while self.events.len() > KEPT_EVENTS || self.bytes > KEPT_BYTES {
            let Some(oldest) = self.events.pop_front() else {
                break;
            };
            self.bytes -= oldest.payload.len();
            self.floor = oldest.position;
        }
        true
    }

    /// What follows a position, as far as it is known for certain: the events, and up to where
    /// there are no others. `None` when the log itself has to be asked.
    fn serve(&self, after: i64, limit: usize) -> Option<(Vec<Arc<Envelope>>, i64)> {
        if after >= self.floor && after < self.last {
            let first = self.events.partition_point(|event| event.position <= after);
            let events: Vec<_> = self
                .events
                .iter()
                .skip(first)
                .take(limit)
                .cloned()
                .collect();
            let upto = match events.last() {
                Some(event) if event.position < self.last => event.position,
                _ => self.complete_to(self.last),
            };
            return Some((events, upto));
        }
        (after >= self.last.max(self.public_head)).then(|| (Vec::new(), self.complete_to(after)))
    }

    /// The position up to which nothing public follows `last`.
    fn complete_to(&self, last: i64) -> i64 {
        if last >= self.public_head {
            last.max(self.head)
        } else {
            last
        }
    }

    fn knows_more_than(&self, position: i64) -> bool {
        self.last.max(self.head) > position
    }
}

/// Follows the broker, and asks for the head when it is silent, until nobody wants it.
async fn listen(
    remote: Weak<Inner>,
    service: &'static str,
    broker: Broker,
    stop: CancellationToken,
) {
    let mut tick = tokio::time::interval(WITHOUT_BROKER);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut messages = None;
    loop {
        if messages.is_none() {
            messages = broker.subscribe(service).await.ok();
        }
        let message = async {
            match &mut messages {
                Some(messages) => messages.next().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            message = message => {
                let Some(message) = message else {
                    messages = None;
                    tick.tick().await;
                    continue;
                };
                let Some(remote) = remote.upgrade() else { return };
                match Envelope::decode(message.payload) {
                    Ok(envelope) => remote.hear(envelope),
                    // The event is missing in the chain then, and is read from the log.
                    Err(error) => tracing::warn!(service, error = %error, "a message is no envelope"),
                }
            }
            _ = tick.tick() => {
                let Some(remote) = remote.upgrade() else { return };
                let silence = if broker.is_connected() { SILENCE } else { WITHOUT_BROKER };
                let heard = remote.tail().heard;
                if heard.is_none_or(|heard| heard.elapsed() >= silence)
                    && let Err(error) = remote.ask_head().await
                {
                    tracing::debug!(service, error = %error, "the log does not answer");
                }
            }
        }
    }
}

type Decode<E> = dyn Fn(&Envelope) -> Result<Option<E>, DecodeError> + Send + Sync;

/// Another service's public events.
pub struct RemoteFeed<E> {
    remote: Remote,
    decode: Box<Decode<E>>,
}

impl<E> RemoteFeed<E> {
    /// A feed of another service's log. `read` takes what the fold needs of an event, `None` when
    /// it needs nothing. What this program does not know yet it does not see.
    pub fn new<V: EventKind + 'static>(
        remote: &Remote,
        read: fn(Received<'_>, V) -> Result<Option<E>, DecodeError>,
    ) -> Self
    where
        E: 'static,
    {
        Self {
            remote: remote.clone(),
            decode: Box::new(move |envelope| Received::read(envelope, read)),
        }
    }

    async fn read_batch(&self, after: i64, limit: usize) -> Result<Batch<E>, FeedError> {
        let remote = &self.remote.inner;
        let served = remote.tail().serve(after, limit);
        if let Some((events, upto)) = served {
            return Ok(self.decode_batch(&events, upto));
        }
        let events = remote.ask_events(after, limit).await?;
        let last = events
            .last()
            .map(|event| event.position)
            .ok_or_else(|| remote.broken(format!("there must be a public event after {after}")))?;
        let upto = remote.tail().complete_to(last);
        Ok(self.decode_batch(&events, upto))
    }

    fn decode_batch(&self, envelopes: &[Arc<Envelope>], upto: i64) -> Batch<E> {
        let mut batch = Batch::new(Vec::with_capacity(envelopes.len()), upto);
        for envelope in envelopes {
            match self.deliver(envelope) {
                Ok(Some(event)) => batch.events.push(event),
                Ok(None) => {}
                Err(error) => batch.undecodable.push(Undecodable {
                    source: self.remote.inner.service,
                    position: envelope.position,
                    aggregate_id: envelope.aggregate_id.clone(),
                    error,
                }),
            }
        }
        batch
    }

    fn deliver(&self, envelope: &Envelope) -> Result<Option<Delivered<E>>, String> {
        let Some(event) = (self.decode)(envelope).map_err(|error| error.to_string())? else {
            return Ok(None);
        };
        let id = |text: &str| Uuid::parse_str(text).map_err(|error| format!("{text}: {error}"));
        let recorded_at = envelope
            .recorded_at
            .as_ref()
            .and_then(wire::instant)
            .ok_or("it does not say when it was recorded")?;
        let trace = &envelope.trace_context;
        Ok(Some(Delivered {
            source: self.remote.inner.service,
            position: envelope.position,
            event_id: id(&envelope.event_id)?,
            recorded_at,
            actor: envelope.actor.clone(),
            aggregate_id: envelope.aggregate_id.clone(),
            sequence: envelope.sequence,
            correlation_id: id(&envelope.correlation_id)?,
            trace_context: (!trace.is_empty()).then(|| trace.clone()),
            event,
        }))
    }
}

impl<E: Send + Sync> Feed<E> for RemoteFeed<E> {
    fn source(&self) -> &'static str {
        self.remote.inner.service
    }

    fn read(&self, after: i64, limit: usize) -> BoxFuture<'_, Result<Batch<E>, FeedError>> {
        Box::pin(self.read_batch(after, limit))
    }

    fn head(&self) -> BoxFuture<'_, Result<i64, FeedError>> {
        Box::pin(self.remote.inner.ask_head())
    }

    fn changed(&self, after: i64) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let remote = &self.remote.inner;
            let mut news = remote.news.subscribe();
            let more = async {
                while !remote.tail().knows_more_than(after) {
                    if news.changed().await.is_err() {
                        std::future::pending::<()>().await;
                    }
                }
            };
            let _ = tokio::time::timeout(SILENCE, more).await;
        })
    }
}

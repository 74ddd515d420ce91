//! `EventLogService`: a service's public events, from its log.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use contracts_core::EventKind;
use contracts_core::common::v1::ErrorReason;
use contracts_core::log::v1::{
    Envelope, HeadRequest, HeadResponse, ReadRequest, ReadResponse,
    event_log_service_server::{EventLogService, EventLogServiceServer},
};
use contracts_core::wire::timestamp;
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use prost::Message as _;
use tokio::sync::Mutex;
use tonic::{Code, Request, Response, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt as _};

use crate::{DecodeError, EventLog, LogError, RecordedEvent, tail::read_up_to_undecodable};

/// How many events are read at once.
const CHUNK: i64 = 1_000;

/// What a service tells the others of one event, computed from the event alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// Name of the public event; the last token of its subject.
    pub event_type: &'static str,
    /// The encoded `divinetime.<service>.events.v1.<Service>Event`.
    pub payload: Vec<u8>,
}

impl Published {
    /// A public event with its name.
    pub fn of<V: EventKind>(event: V) -> Self {
        let event_type = event.name();
        Self {
            event_type,
            payload: V::Message::from(event).encode_to_vec(),
        }
    }
}

/// The public event that an event of the log is published as, `None` when it is private.
pub type Publish = fn(&RecordedEvent) -> Result<Option<Published>, DecodeError>;

/// The gRPC service over a log.
#[derive(Clone)]
pub struct LogService {
    public: PublicLog,
    last_seen: Arc<Mutex<Seen>>,
}

/// How far the log has been searched for its last public event.
#[derive(Default)]
struct Seen {
    position: i64,
    public_position: i64,
}

/// A log as the others see it.
#[derive(Clone)]
pub(crate) struct PublicLog {
    pub service: &'static str,
    pub log: EventLog,
    pub publish: Publish,
}

impl LogService {
    /// Serves the public events of a service's log.
    pub fn new(service: &'static str, log: &EventLog, publish: Publish) -> Self {
        Self {
            public: PublicLog {
                service,
                log: log.clone(),
                publish,
            },
            last_seen: Arc::default(),
        }
    }

    /// The tonic service to add to a server.
    pub fn server(self) -> EventLogServiceServer<Self> {
        EventLogServiceServer::new(self)
    }

    async fn heads(&self) -> Result<HeadResponse, LogError> {
        let mut seen = self.last_seen.lock().await;
        let position = self.public.log.head().await?;
        if position > seen.position {
            let newer = self.public.last_public(seen.position, position).await?;
            seen.public_position = newer.unwrap_or(seen.public_position);
            seen.position = position;
        }
        Ok(HeadResponse {
            position,
            public_position: seen.public_position,
        })
    }
}

impl PublicLog {
    /// The last public position in `(after, upto]`, searched from the end.
    pub async fn last_public(&self, after: i64, upto: i64) -> Result<Option<i64>, LogError> {
        let mut end = upto;
        let mut size = 50;
        while end > after {
            let start = (end - size).max(after);
            let (events, undecodable) = self.read_from_end(start, end).await?;
            for event in events.iter().rev() {
                if (self.publish)(event)?.is_some() {
                    return Ok(Some(event.position));
                }
            }
            if let Some(error) = undecodable {
                return Err(error.into());
            }
            end = start;
            size = (size * 4).min(CHUNK);
        }
        Ok(None)
    }

    /// The events in `(after, upto]` behind the last that cannot be read, and what is wrong with
    /// that one.
    async fn read_from_end(
        &self,
        mut after: i64,
        upto: i64,
    ) -> Result<(Vec<RecordedEvent>, Option<DecodeError>), LogError> {
        let mut undecodable = None;
        loop {
            match self.log.read(after, upto - after).await {
                Ok(events) => return Ok((events, undecodable)),
                Err(LogError::Decode(error)) if error.position > after => {
                    after = error.position;
                    undecodable = Some(error);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// The envelope of a public event.
    pub fn envelope(
        &self,
        event: &RecordedEvent,
        previous_position: i64,
    ) -> Result<Option<Envelope>, DecodeError> {
        let Some(published) = (self.publish)(event)? else {
            return Ok(None);
        };
        Ok(Some(Envelope {
            event_id: event.event_id.to_string(),
            service: self.service.to_owned(),
            position: event.position,
            previous_position,
            recorded_at: Some(timestamp(event.recorded_at)),
            aggregate_type: event.aggregate_type.clone(),
            aggregate_id: event.aggregate_id.clone(),
            sequence: event.sequence,
            command_id: event.command_id.to_string(),
            actor: event.actor.clone(),
            correlation_id: event.correlation_id.to_string(),
            causation_id: event
                .causation_id
                .map(|id| id.to_string())
                .unwrap_or_default(),
            trace_context: event.trace_context.clone().unwrap_or_default(),
            event_type: published.event_type.to_owned(),
            payload: published.payload,
        }))
    }
}

/// A stream of envelopes in the making.
struct Reading {
    public: PublicLog,
    /// Everything up to here has been read.
    position: i64,
    previous: i64,
    head: i64,
    left: usize,
    ready: VecDeque<Envelope>,
}

impl Reading {
    async fn next(mut self) -> Option<(Result<ReadResponse, Status>, Self)> {
        while self.ready.is_empty() {
            if self.position >= self.head || self.left == 0 {
                return None;
            }
            if let Err(error) = self.fill().await {
                self.head = self.position;
                return Some((Err(status(&error)), self));
            }
        }
        let envelope = self.ready.pop_front();
        Some((Ok(ReadResponse { envelope }), self))
    }

    async fn fill(&mut self) -> Result<(), LogError> {
        let limit = CHUNK.min(self.head - self.position);
        let events = read_up_to_undecodable(&self.public.log, self.position, limit).await?;
        if events.is_empty() {
            return Err(LogError::Unavailable(
                "the log has no events below its head".into(),
            ));
        }
        for event in events {
            self.position = event.position;
            if self.left == 0 {
                break;
            }
            match self.public.envelope(&event, self.previous) {
                Ok(Some(envelope)) => {
                    self.previous = event.position;
                    self.left -= 1;
                    self.ready.push_back(envelope);
                }
                Ok(None) => {}
                Err(error) => {
                    // What comes before it is sent; the next read fails at it.
                    self.position = event.position - 1;
                    return if self.ready.is_empty() {
                        Err(error.into())
                    } else {
                        Ok(())
                    };
                }
            }
        }
        Ok(())
    }
}

#[tonic::async_trait]
impl EventLogService for LogService {
    type ReadStream = BoxStream<'static, Result<ReadResponse, Status>>;

    async fn read(
        &self,
        request: Request<ReadRequest>,
    ) -> Result<Response<Self::ReadStream>, Status> {
        let ReadRequest {
            after_position,
            limit,
        } = request.into_inner();
        let limit = usize::try_from(limit).map_err(|_| negative("limit"))?;
        if after_position < 0 {
            return Err(negative("after_position"));
        }
        let head = self
            .public
            .log
            .head()
            .await
            .map_err(|error| status(&error))?;
        let before = after_position.min(head);
        let previous = self.public.last_public(0, before).await;
        let reading = Reading {
            public: self.public.clone(),
            position: after_position,
            previous: previous.map_err(|error| status(&error))?.unwrap_or(0),
            head,
            left: if limit == 0 { usize::MAX } else { limit },
            ready: VecDeque::new(),
        };
        Ok(Response::new(
            stream::unfold(reading, Reading::next).boxed(),
        ))
    }

    async fn head(&self, _: Request<HeadRequest>) -> Result<Response<HeadResponse>, Status> {
        let heads = self.heads().await.map_err(|error| status(&error))?;
        Ok(Response::new(heads))
    }
}

fn status(error: &LogError) -> Status {
    let (code, reason, message) = match error {
        LogError::Unavailable(_) => (
            Code::Unavailable,
            ErrorReason::TemporarilyUnavailable,
            "the event log is not available now".to_owned(),
        ),
        LogError::Decode(error) => {
            tracing::error!(error = %error, "an event cannot be published");
            let message = format!("the event at position {} cannot be read", error.position);
            (Code::DataLoss, ErrorReason::Internal, message)
        }
        error => {
            tracing::error!(error = %error, "the event log cannot be read");
            let message = "the event log cannot be read".to_owned();
            (Code::Internal, ErrorReason::Internal, message)
        }
    };
    Status::with_error_details(code, message, details(reason))
}

fn negative(field: &str) -> Status {
    let mut violation = FieldViolation::new(field, "must not be negative");
    "NEGATIVE".clone_into(&mut violation.reason);
    let message = format!("{field}: must not be negative");
    let mut details = details(ErrorReason::InvalidFields);
    details.set_bad_request(vec![violation]);
    Status::with_error_details(Code::InvalidArgument, message, details)
}

fn details(reason: ErrorReason) -> ErrorDetails {
    let reason = reason.as_str_name().trim_start_matches("ERROR_REASON_");
    ErrorDetails::with_error_info(reason, "divinetime", HashMap::new())
}

//! Another service, as far as its consumers know it.

use std::sync::{Arc, Mutex, MutexGuard};

use chrono::Utc;
use contracts::common::v1::LogPosition;
use contracts::identity::v1::key_service_server::{KeyService, KeyServiceServer};
use contracts::identity::v1::{ListSigningKeysRequest, ListSigningKeysResponse, SigningKey};
use contracts::log::v1::event_log_service_server::{EventLogService, EventLogServiceServer};
use contracts::log::v1::{Envelope, HeadRequest, HeadResponse, ReadRequest, ReadResponse};
use contracts::wire::timestamp;
use contracts::{EventKind, EventsMessage as _};
use eventsourcing::{Delivered, Published};
use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use service::auth::KeyPair;
use tokio::net::TcpListener;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};
use uuid::Uuid;

/// A public log that grows when a test says so, served over gRPC as `EventLogService`. Identity's
/// stand-in serves the key of the users' tokens as well.
#[derive(Clone)]
pub struct StandIn {
    service: &'static str,
    url: String,
    log: Arc<Mutex<Vec<Envelope>>>,
}

impl StandIn {
    pub(crate) async fn start(service: &'static str, users: &KeyPair) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stand_in = Self {
            service,
            url: format!("http://{}", listener.local_addr().unwrap()),
            log: Arc::default(),
        };
        let keys = (service == "identity").then(|| KeyServiceServer::new(Keys(users.clone())));
        let server = Server::builder()
            .add_service(EventLogServiceServer::new(stand_in.clone()))
            .add_optional_service(keys)
            .serve_with_incoming(TcpIncoming::from(listener));
        tokio::spawn(server);
        stand_in
    }

    /// Name of the service.
    pub fn service(&self) -> &'static str {
        self.service
    }

    pub(crate) fn url(&self) -> String {
        self.url.clone()
    }

    /// Something happens to an aggregate of the service, and the others hear of it. Returns the
    /// id of the event.
    pub fn publishes(&self, aggregate_id: impl ToString + Copy, event: impl EventKind) -> Uuid {
        let event_id = Uuid::now_v7();
        let position = self.head() + 1;
        self.append(
            event,
            Envelope {
                event_id: event_id.to_string(),
                position,
                recorded_at: Some(timestamp(Utc::now())),
                aggregate_id: aggregate_id.to_string(),
                sequence: 1,
                command_id: Uuid::now_v7().to_string(),
                actor: "system".to_owned(),
                correlation_id: Uuid::now_v7().to_string(),
                ..Envelope::default()
            },
        );
        event_id
    }

    /// The same with the position, the time and the actor that consumers are to see.
    pub fn publishes_as<T>(&self, delivered: &Delivered<T>, event: impl EventKind) {
        self.append(
            event,
            Envelope {
                event_id: delivered.event_id.to_string(),
                position: delivered.position,
                recorded_at: Some(timestamp(delivered.recorded_at)),
                aggregate_id: delivered.aggregate_id.clone(),
                sequence: delivered.sequence,
                command_id: delivered.event_id.to_string(),
                actor: delivered.actor.clone(),
                correlation_id: delivered.correlation_id.to_string(),
                ..Envelope::default()
            },
        );
    }

    /// The position of its last event.
    pub fn position(&self) -> LogPosition {
        LogPosition {
            service: self.service.to_owned(),
            position: self.head(),
        }
    }

    fn append<E: EventKind>(&self, event: E, envelope: Envelope) {
        assert_eq!(E::Message::SERVICE, self.service, "whose event it is");
        let published = Published::of(event);
        let previous_position = self.head();
        self.log().push(Envelope {
            service: self.service.to_owned(),
            previous_position,
            aggregate_type: "stand_in".to_owned(),
            event_type: published.event_type.to_owned(),
            payload: published.payload,
            ..envelope
        });
    }

    fn head(&self) -> i64 {
        self.log().last().map_or(0, |envelope| envelope.position)
    }

    fn log(&self) -> MutexGuard<'_, Vec<Envelope>> {
        self.log.lock().unwrap()
    }
}

#[tonic::async_trait]
impl EventLogService for StandIn {
    type ReadStream = BoxStream<'static, Result<ReadResponse, Status>>;

    async fn read(
        &self,
        request: Request<ReadRequest>,
    ) -> Result<Response<Self::ReadStream>, Status> {
        let request = request.into_inner();
        let limit = usize::try_from(request.limit).ok().filter(|it| *it > 0);
        let answers: Vec<_> = self
            .log()
            .iter()
            .filter(|envelope| envelope.position > request.after_position)
            .take(limit.unwrap_or(usize::MAX))
            .map(|envelope| {
                Ok(ReadResponse {
                    envelope: Some(envelope.clone()),
                })
            })
            .collect();
        Ok(Response::new(stream::iter(answers).boxed()))
    }

    async fn head(&self, _: Request<HeadRequest>) -> Result<Response<HeadResponse>, Status> {
        let position = Self::head(self);
        Ok(Response::new(HeadResponse {
            position,
            public_position: position,
        }))
    }
}

struct Keys(KeyPair);

#[tonic::async_trait]
impl KeyService for Keys {
    async fn list_signing_keys(
        &self,
        _: Request<ListSigningKeysRequest>,
    ) -> Result<Response<ListSigningKeysResponse>, Status> {
        let key = SigningKey {
            key_id: self.0.id().to_owned(),
            algorithm: "EdDSA".to_owned(),
            public_key: self.0.public_key().to_vec(),
            retired_at: None,
        };
        Ok(Response::new(ListSigningKeysResponse { keys: vec![key] }))
    }
}

//! Identity and payments, as far as scheduling knows them: their public logs, and identity's
//! keys.

use std::sync::{Arc, Mutex};

use chrono::Utc;
use contracts::common::v1::Money;
use contracts::identity::events::v1::identity_event::Event as IdentityEventKind;
use contracts::identity::events::v1::{ChildAdded, IdentityEvent, TrainerCreated};
use contracts::identity::v1::key_service_server::{KeyService, KeyServiceServer};
use contracts::identity::v1::{ListSigningKeysRequest, ListSigningKeysResponse, SigningKey};
use contracts::log::v1::event_log_service_server::{EventLogService, EventLogServiceServer};
use contracts::log::v1::{Envelope, HeadRequest, HeadResponse, ReadRequest, ReadResponse};
use contracts::payments::events::v1::payments_event::Event as PaymentsEventKind;
use contracts::payments::events::v1::{PayableKind, PaymentSucceeded, PaymentsEvent};
use contracts::wire::timestamp;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use prost::Message;
use service::auth::KeyPair;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::Server;
use tonic::{Request, Response, Status};
use uuid::Uuid;

/// A public log that grows when a test says so.
#[derive(Clone)]
pub struct StandIn {
    service: &'static str,
    url: String,
    envelopes: Arc<Mutex<Vec<Envelope>>>,
}

impl StandIn {
    /// Identity with its log and its key.
    pub async fn identity(key: &KeyPair) -> Self {
        let keys = KeyServiceServer::new(Keys(SigningKey {
            key_id: key.id().to_owned(),
            algorithm: "EdDSA".to_owned(),
            public_key: key.public_key().to_vec(),
            retired_at: None,
        }));
        let (log, listener) = Self::bind("identity").await;
        let router = Server::builder()
            .add_service(keys)
            .add_service(EventLogServiceServer::new(log.clone()));
        tokio::spawn(router.serve_with_incoming(TcpListenerStream::new(listener)));
        log
    }

    /// Payments with its log.
    pub async fn payments() -> Self {
        let (log, listener) = Self::bind("payments").await;
        let router = Server::builder().add_service(EventLogServiceServer::new(log.clone()));
        tokio::spawn(router.serve_with_incoming(TcpListenerStream::new(listener)));
        log
    }

    async fn bind(service: &'static str) -> (Self, TcpListener) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let log = Self {
            service,
            url: format!("http://{}", listener.local_addr().unwrap()),
            envelopes: Arc::default(),
        };
        (log, listener)
    }

    /// Where it answers.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// A trainer registers, at 80.00 an hour.
    pub fn trainer_created(&self, trainer_id: Uuid) {
        let created = TrainerCreated {
            trainer_id: trainer_id.to_string(),
            price_per_hour: Some(Money {
                currency_code: "EUR".to_owned(),
                minor_units: 8_000,
            }),
            session_duration_minutes: 60,
            external: false,
            created_at: Some(timestamp(Utc::now())),
        };
        let event = Some(IdentityEventKind::TrainerCreated(created));
        self.publish("TrainerCreated", trainer_id, &IdentityEvent { event });
    }

    /// A guardian adds a child.
    pub fn child_added(&self, guardian_id: Uuid) -> Uuid {
        let child_id = Uuid::now_v7();
        let added = ChildAdded {
            child_id: child_id.to_string(),
            guardian_id: guardian_id.to_string(),
            added_at: Some(timestamp(Utc::now())),
        };
        let event = Some(IdentityEventKind::ChildAdded(added));
        self.publish("ChildAdded", child_id, &IdentityEvent { event });
        child_id
    }

    /// Anything else that identity says of a user or a child.
    pub fn says(&self, aggregate_id: Uuid, event: IdentityEventKind) {
        let event = Some(event);
        self.publish("Anything", aggregate_id, &IdentityEvent { event });
    }

    /// The provider took the money for a session.
    pub fn payment_succeeded(&self, payment_id: Uuid, session_id: &str) {
        let succeeded = PaymentSucceeded {
            payment_id: payment_id.to_string(),
            payable_kind: PayableKind::Session.into(),
            payable_id: session_id.to_owned(),
            amount: None,
            succeeded_at: Some(timestamp(Utc::now())),
        };
        let event = Some(PaymentsEventKind::PaymentSucceeded(succeeded));
        self.publish("PaymentSucceeded", payment_id, &PaymentsEvent { event });
    }

    fn publish(&self, event_type: &str, aggregate_id: Uuid, event: &impl Message) {
        let mut envelopes = self.envelopes.lock().unwrap();
        let previous_position = envelopes.last().map_or(0, |it| it.position);
        envelopes.push(Envelope {
            event_id: Uuid::now_v7().to_string(),
            service: self.service.to_owned(),
            position: previous_position + 1,
            previous_position,
            recorded_at: Some(timestamp(Utc::now())),
            aggregate_type: "stand_in".to_owned(),
            aggregate_id: aggregate_id.to_string(),
            sequence: 1,
            command_id: Uuid::now_v7().to_string(),
            actor: "system".to_owned(),
            correlation_id: Uuid::now_v7().to_string(),
            causation_id: String::new(),
            trace_context: String::new(),
            event_type: event_type.to_owned(),
            payload: event.encode_to_vec(),
        });
    }
}

#[tonic::async_trait]
impl EventLogService for StandIn {
    type ReadStream = BoxStream<'static, Result<ReadResponse, Status>>;

    async fn read(
        &self,
        request: Request<ReadRequest>,
    ) -> Result<Response<Self::ReadStream>, Status> {
        let ReadRequest {
            after_position,
            limit,
        } = request.into_inner();
        let envelopes = self.envelopes.lock().unwrap().clone();
        let limit = usize::try_from(limit).ok().filter(|it| *it > 0);
        let after = envelopes
            .into_iter()
            .filter(move |it| it.position > after_position);
        let answers = after.take(limit.unwrap_or(usize::MAX)).map(|envelope| {
            Ok(ReadResponse {
                envelope: Some(envelope),
            })
        });
        Ok(Response::new(stream::iter(answers).boxed()))
    }

    async fn head(&self, _: Request<HeadRequest>) -> Result<Response<HeadResponse>, Status> {
        let position = self.envelopes.lock().unwrap().len().try_into().unwrap();
        Ok(Response::new(HeadResponse {
            position,
            public_position: position,
        }))
    }
}

struct Keys(SigningKey);

#[tonic::async_trait]
impl KeyService for Keys {
    async fn list_signing_keys(
        &self,
        _: Request<ListSigningKeysRequest>,
    ) -> Result<Response<ListSigningKeysResponse>, Status> {
        Ok(Response::new(ListSigningKeysResponse {
            keys: vec![self.0.clone()],
        }))
    }
}

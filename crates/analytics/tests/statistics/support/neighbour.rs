//! A stand-in for a service that analytics listens to: a log of public events, and identity's
//! keys.

use std::pin::Pin;
use std::sync::{Arc, Mutex};

use analytics::events::PublicEvent;
use contracts::identity::events::v1::IdentityEvent;
use contracts::identity::v1::key_service_server::{KeyService, KeyServiceServer};
use contracts::identity::v1::{ListSigningKeysRequest, ListSigningKeysResponse, SigningKey};
use contracts::log::v1::event_log_service_server::{EventLogService, EventLogServiceServer};
use contracts::log::v1::{Envelope, HeadRequest, HeadResponse, ReadRequest, ReadResponse};
use contracts::payments::events::v1::PaymentsEvent;
use contracts::scheduling::events::v1::SchedulingEvent;
use contracts::ticketing::events::v1::TicketingEvent;
use contracts::wire::timestamp;
use eventsourcing::Delivered;
use futures::{Stream, stream};
use prost::Message as _;
use service::auth::KeyPair;
use tokio::net::TcpListener;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

/// A log that a test appends to. Private events lie between the public ones.
#[derive(Clone, Default)]
pub struct Neighbour {
    log: Arc<Mutex<Vec<Envelope>>>,
}

impl Neighbour {
    /// Serves an empty log and the keys; the address comes with it.
    pub async fn start(keys: KeyPair) -> (Self, String) {
        let neighbour = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let server = tonic::transport::Server::builder()
            .add_service(EventLogServiceServer::new(neighbour.clone()))
            .add_service(KeyServiceServer::new(Keys(keys)))
            .serve_with_incoming(TcpIncoming::from(listener));
        tokio::spawn(server);
        (neighbour, address)
    }

    /// Appends events as they were delivered, positions included.
    pub fn publish(&self, events: &[Delivered<PublicEvent>]) {
        let mut log = self.log.lock().unwrap();
        for event in events {
            let previous_position = log.last().map_or(0, |envelope| envelope.position);
            log.push(envelope(event, previous_position));
        }
    }

    /// The last position.
    pub fn head(&self) -> i64 {
        let log = self.log.lock().unwrap();
        log.last().map_or(0, |envelope| envelope.position)
    }
}

fn envelope(delivered: &Delivered<PublicEvent>, previous_position: i64) -> Envelope {
    let payload = match delivered.event.clone() {
        PublicEvent::Identity(event) => IdentityEvent { event: Some(event) }.encode_to_vec(),
        PublicEvent::Scheduling(event) => SchedulingEvent { event: Some(event) }.encode_to_vec(),
        PublicEvent::Ticketing(event) => TicketingEvent { event: Some(event) }.encode_to_vec(),
        PublicEvent::Payments(event) => PaymentsEvent { event: Some(event) }.encode_to_vec(),
    };
    Envelope {
        event_id: delivered.event_id.to_string(),
        service: delivered.source.to_owned(),
        position: delivered.position,
        previous_position,
        recorded_at: Some(timestamp(delivered.recorded_at)),
        aggregate_type: "neighbour".to_owned(),
        aggregate_id: delivered.aggregate_id.clone(),
        sequence: delivered.sequence,
        command_id: delivered.event_id.to_string(),
        actor: delivered.actor.clone(),
        correlation_id: delivered.correlation_id.to_string(),
        causation_id: String::new(),
        trace_context: String::new(),
        event_type: "Anything".to_owned(),
        payload,
    }
}

#[tonic::async_trait]
impl EventLogService for Neighbour {
    type ReadStream = Pin<Box<dyn Stream<Item = Result<ReadResponse, Status>> + Send>>;

    async fn read(
        &self,
        request: Request<ReadRequest>,
    ) -> Result<Response<Self::ReadStream>, Status> {
        let request = request.into_inner();
        let limit = match usize::try_from(request.limit).unwrap() {
            0 => usize::MAX,
            limit => limit,
        };
        let envelopes: Vec<_> = {
            let log = self.log.lock().unwrap();
            log.iter()
                .filter(|envelope| envelope.position > request.after_position)
                .take(limit)
                .cloned()
                .collect()
        };
        let answers = envelopes.into_iter().map(|envelope| {
            Ok(ReadResponse {
                envelope: Some(envelope),
            })
        });
        Ok(Response::new(Box::pin(stream::iter(answers))))
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
        Ok(Response::new(ListSigningKeysResponse {
            keys: vec![SigningKey {
                key_id: self.0.id().to_owned(),
                algorithm: "EdDSA".to_owned(),
                public_key: self.0.public_key().to_vec(),
                retired_at: None,
            }],
        }))
    }
}

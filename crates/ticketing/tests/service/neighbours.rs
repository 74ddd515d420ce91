//! Stand-ins for the services that ticketing listens to: each serves a log of public events,
//! and identity the key that its tokens are signed with.

use std::{
    pin::Pin,
    sync::{Arc, Mutex},
};

use contracts::{
    identity::v1::{
        ListSigningKeysRequest, ListSigningKeysResponse, SigningKey,
        key_service_server::{KeyService, KeyServiceServer},
    },
    log::v1::{
        Envelope, HeadRequest, HeadResponse, ReadRequest, ReadResponse,
        event_log_service_server::{EventLogService, EventLogServiceServer},
    },
};
use futures::{Stream, stream};
use prost::Message;
use service::auth::KeyPair;
use tokio::net::TcpListener;
use tonic::{Request, Response, Status, transport::server::TcpIncoming};
use uuid::Uuid;

/// A log that tests append to.
#[derive(Clone)]
pub struct Neighbour {
    service: &'static str,
    log: Arc<Mutex<Vec<Envelope>>>,
}

impl Neighbour {
    /// Serves an empty log, and the signing keys where there are some. Returns the address too.
    pub async fn start(service: &'static str, keys: &[KeyPair]) -> (Self, String) {
        let neighbour = Self {
            service,
            log: Arc::default(),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let server = tonic::transport::Server::builder()
            .add_service(EventLogServiceServer::new(neighbour.clone()))
            .add_service(KeyServiceServer::new(Keys(keys.to_vec())))
            .serve_with_incoming(TcpIncoming::from(listener));
        tokio::spawn(server);
        (neighbour, address)
    }

    /// Appends a public event.
    pub fn publish(&self, event_type: &str, aggregate_id: &str, payload: &impl Message) {
        let mut log = self.log.lock().unwrap();
        let previous_position = i64::try_from(log.len()).unwrap();
        log.push(Envelope {
            event_id: Uuid::now_v7().to_string(),
            service: self.service.to_owned(),
            position: previous_position + 1,
            previous_position,
            recorded_at: Some(std::time::SystemTime::now().into()),
            aggregate_type: "neighbour".to_owned(),
            aggregate_id: aggregate_id.to_owned(),
            sequence: 1,
            command_id: Uuid::now_v7().to_string(),
            actor: "system".to_owned(),
            correlation_id: Uuid::now_v7().to_string(),
            causation_id: String::new(),
            trace_context: String::new(),
            event_type: event_type.to_owned(),
            payload: payload.encode_to_vec(),
        });
    }
}

#[tonic::async_trait]
impl EventLogService for Neighbour {
    type ReadStream = Pin<Box<dyn Stream<Item = Result<ReadResponse, Status>> + Send>>;

    async fn read(
        &self,
        request: Request<ReadRequest>,
    ) -> Result<Response<Self::ReadStream>, Status> {
        let ReadRequest {
            after_position,
            limit,
        } = request.into_inner();
        let limit = match usize::try_from(limit).unwrap() {
            0 => usize::MAX,
            limit => limit,
        };
        let after = usize::try_from(after_position).unwrap();
        let envelopes: Vec<_> = {
            let log = self.log.lock().unwrap();
            log.iter().skip(after).take(limit).cloned().collect()
        };
        let responses = envelopes.into_iter().map(|envelope| {
            Ok(ReadResponse {
                envelope: Some(envelope),
            })
        });
        Ok(Response::new(Box::pin(stream::iter(responses))))
    }

    async fn head(&self, _: Request<HeadRequest>) -> Result<Response<HeadResponse>, Status> {
        let position = i64::try_from(self.log.lock().unwrap().len()).unwrap();
        Ok(Response::new(HeadResponse {
            position,
            public_position: position,
        }))
    }
}

struct Keys(Vec<KeyPair>);

#[tonic::async_trait]
impl KeyService for Keys {
    async fn list_signing_keys(
        &self,
        _: Request<ListSigningKeysRequest>,
    ) -> Result<Response<ListSigningKeysResponse>, Status> {
        let keys = self.0.iter().map(|pair| SigningKey {
            key_id: pair.id().to_owned(),
            algorithm: "EdDSA".to_owned(),
            public_key: pair.public_key().to_vec(),
            retired_at: None,
        });
        Ok(Response::new(ListSigningKeysResponse {
            keys: keys.collect(),
        }))
    }
}

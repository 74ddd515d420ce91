//! Neighbours: logs of public events, and the keys of identity.

use std::{
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex},
};

use chrono::{TimeDelta, Utc};
use contracts::{
    common::v1::Money,
    identity::v1::{
        ListSigningKeysRequest, ListSigningKeysResponse, SigningKey,
        key_service_server::{KeyService, KeyServiceServer},
    },
    log::v1::{
        Envelope, HeadRequest, HeadResponse, ReadRequest, ReadResponse,
        event_log_service_server::{EventLogService, EventLogServiceServer},
    },
    scheduling::events::v1::{self as scheduling, SchedulingEvent, scheduling_event},
    ticketing::events::v1::{self as ticketing, TicketingEvent, ticketing_event},
    wire::timestamp,
};
use futures::{Stream, stream};
use prost::Message;
use service::auth::KeyPair;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status, transport::Server};
use uuid::Uuid;

/// The log of another service, in memory.
#[derive(Clone)]
pub struct Peer {
    service: &'static str,
    envelopes: Arc<Mutex<Vec<Envelope>>>,
}

impl Peer {
    pub fn new(service: &'static str) -> Self {
        Self {
            service,
            envelopes: Arc::default(),
        }
    }

    pub fn name(&self) -> &'static str {
        self.service
    }

    /// Something happens there; the id of the event.
    fn happens(&self, event_type: &str, aggregate_id: String, payload: Vec<u8>) -> Uuid {
        let mut envelopes = self.envelopes.lock().unwrap();
        let previous_position = i64::try_from(envelopes.len()).unwrap();
        let event_id = Uuid::now_v7();
        envelopes.push(Envelope {
            event_id: event_id.to_string(),
            service: self.service.to_owned(),
            position: previous_position + 1,
            previous_position,
            recorded_at: Some(timestamp(Utc::now())),
            aggregate_type: "any".to_owned(),
            aggregate_id,
            sequence: 1,
            command_id: Uuid::now_v7().to_string(),
            actor: "system".to_owned(),
            correlation_id: Uuid::now_v7().to_string(),
            causation_id: String::new(),
            trace_context: String::new(),
            event_type: event_type.to_owned(),
            payload,
        });
        event_id
    }

    fn scheduling(&self, event_type: &str, session: Uuid, event: scheduling_event::Event) -> Uuid {
        let payload = SchedulingEvent { event: Some(event) }.encode_to_vec();
        self.happens(event_type, session.to_string(), payload)
    }

    fn ticketing(&self, event_type: &str, hold: Uuid, event: ticketing_event::Event) -> Uuid {
        let payload = TicketingEvent { event: Some(event) }.encode_to_vec();
        self.happens(event_type, hold.to_string(), payload)
    }

    /// A parent holds a session for so long; its id.
    pub fn holds_session(&self, parent: Uuid, trainer: Uuid, lasting: TimeDelta) -> Uuid {
        let session = Uuid::now_v7();
        let now = Utc::now();
        let held = scheduling::SessionHeld {
            session_id: session.to_string(),
            slot_id: Uuid::now_v7().to_string(),
            trainer_id: trainer.to_string(),
            parent_id: parent.to_string(),
            child_ids: vec![Uuid::now_v7().to_string()],
            location_id: Uuid::now_v7().to_string(),
            starts_at: Some(timestamp(now + TimeDelta::days(2))),
            ends_at: Some(timestamp(now + TimeDelta::days(2) + TimeDelta::hours(1))),
            price: Some(usd(7_500)),
            hold_expires_at: Some(timestamp(now + lasting)),
            held_at: Some(timestamp(now)),
        };
        self.scheduling(
            "SessionHeld",
            session,
            scheduling_event::Event::SessionHeld(held),
        );
        session
    }

    pub fn pays_session(&self, session: Uuid, payment: Uuid) {
        let paid = scheduling::SessionPaid {
            session_id: session.to_string(),
            payment_id: payment.to_string(),
            paid_at: Some(timestamp(Utc::now())),
            ..Default::default()
        };
        self.scheduling(
            "SessionPaid",
            session,
            scheduling_event::Event::SessionPaid(paid),
        );
    }

    pub fn expires_session(&self, session: Uuid) {
        let expired = scheduling::SessionHoldExpired {
            session_id: session.to_string(),
            expired_at: Some(timestamp(Utc::now())),
            ..Default::default()
        };
        self.scheduling(
            "SessionHoldExpired",
            session,
            scheduling_event::Event::SessionHoldExpired(expired),
        );
    }

    pub fn cancels_session(&self, session: Uuid, refund: Option<Uuid>) -> Uuid {
        let canceled = scheduling::SessionCanceled {
            session_id: session.to_string(),
            canceled_by: scheduling::CanceledBy::Trainer.into(),
            late: false,
            refund_payment_id: refund
                .map(|payment| payment.to_string())
                .unwrap_or_default(),
            canceled_at: Some(timestamp(Utc::now())),
            ..Default::default()
        };
        self.scheduling(
            "SessionCanceled",
            session,
            scheduling_event::Event::SessionCanceled(canceled),
        )
    }

    pub fn rejects_session_payment(&self, session: Uuid, payment: Uuid) -> Uuid {
        let rejected = scheduling::SessionPaymentRejected {
            session_id: session.to_string(),
            payment_id: payment.to_string(),
            rejected_at: Some(timestamp(Utc::now())),
        };
        let event = scheduling_event::Event::SessionPaymentRejected(rejected);
        self.scheduling("SessionPaymentRejected", session, event)
    }

    /// A parent holds one ticket of an event; the hold's id.
    pub fn holds_ticket(&self, parent: Uuid, event: Uuid) -> Uuid {
        let hold = Uuid::now_v7();
        let now = Utc::now();
        let ticket = ticketing::HeldTicket {
            ticket_id: Uuid::now_v7().to_string(),
            tier_id: Uuid::now_v7().to_string(),
            child_id: Uuid::now_v7().to_string(),
            price: Some(usd(12_000)),
        };
        let tickets = ticketing::TicketsHeld {
            hold_id: hold.to_string(),
            event_id: event.to_string(),
            parent_id: parent.to_string(),
            tickets: vec![ticket],
            total: Some(usd(12_000)),
            hold_expires_at: Some(timestamp(now + TimeDelta::minutes(15))),
            held_at: Some(timestamp(now)),
        };
        self.ticketing(
            "TicketsHeld",
            hold,
            ticketing_event::Event::TicketsHeld(tickets),
        );
        hold
    }

    pub fn rejects_ticket_payment(&self, hold: Uuid, event: Uuid, payment: Uuid) -> Uuid {
        let rejected = ticketing::TicketPaymentRejected {
            hold_id: hold.to_string(),
            event_id: event.to_string(),
            payment_id: payment.to_string(),
            rejected_at: Some(timestamp(Utc::now())),
        };
        let event = ticketing_event::Event::TicketPaymentRejected(rejected);
        self.ticketing("TicketPaymentRejected", hold, event)
    }
}

#[tonic::async_trait]
impl EventLogService for Peer {
    type ReadStream = Pin<Box<dyn Stream<Item = Result<ReadResponse, Status>> + Send>>;

    async fn read(
        &self,
        request: Request<ReadRequest>,
    ) -> Result<Response<Self::ReadStream>, Status> {
        let ReadRequest {
            after_position,
            limit,
        } = request.into_inner();
        let limit = usize::try_from(limit)
            .ok()
            .filter(|limit| *limit > 0)
            .unwrap_or(usize::MAX);
        let envelopes = self.envelopes.lock().unwrap();
        let wanted = envelopes
            .iter()
            .filter(|envelope| envelope.position > after_position)
            .take(limit);
        let answers: Vec<_> = wanted
            .cloned()
            .map(|envelope| {
                Ok(ReadResponse {
                    envelope: Some(envelope),
                })
            })
            .collect();
        Ok(Response::new(Box::pin(stream::iter(answers))))
    }

    async fn head(&self, _request: Request<HeadRequest>) -> Result<Response<HeadResponse>, Status> {
        let position = i64::try_from(self.envelopes.lock().unwrap().len()).unwrap();
        Ok(Response::new(HeadResponse {
            position,
            public_position: position,
        }))
    }
}

/// The keys that identity publishes.
pub struct Keys(pub KeyPair);

#[tonic::async_trait]
impl KeyService for Keys {
    async fn list_signing_keys(
        &self,
        _request: Request<ListSigningKeysRequest>,
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

/// Serves a peer's log and, for all of them, identity's keys.
pub async fn serve(peer: Peer, keys: Keys) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = Server::builder()
        .add_service(EventLogServiceServer::new(peer))
        .add_service(KeyServiceServer::new(keys))
        .serve_with_incoming(TcpListenerStream::new(listener));
    tokio::spawn(server);
    address
}

pub fn usd(minor_units: i64) -> Money {
    Money {
        currency_code: "USD".to_owned(),
        minor_units,
    }
}

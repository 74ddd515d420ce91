//! One test's own database, neighbours and service.

use std::{str::FromStr, time::Duration};

use chrono::{TimeDelta, Utc};
use contracts::{
    common::v1::{LogPosition, Role},
    log::v1::{Envelope, ReadRequest, event_log_service_client::EventLogServiceClient},
    payments::{
        events::v1::{PayableKind, PaymentsEvent, payments_event::Event},
        v1::{
            CreatePaymentRequest, CreatePaymentResponse, GetPaymentRequest, Payment,
            payment_service_client::PaymentServiceClient,
            settlement_service_client::SettlementServiceClient,
        },
    },
};
use prost::Message;
use service::{
    Secret, Settings,
    auth::{Claims, KeyPair, ServiceSigner},
    database,
    host::{self, Mode, Running},
};
use sqlx::{ConnectOptions, Connection, Executor, PgConnection, postgres::PgConnectOptions};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::{
    Request, Status,
    transport::{Channel, Endpoint},
};
use uuid::Uuid;

use crate::peers::{Keys, Peer, serve};

/// How long anything may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(30);

pub struct World {
    pub scheduling: Peer,
    pub ticketing: Peer,
    pub channel: Channel,
    identity_key: KeyPair,
    service_key: KeyPair,
    settings: Settings,
    shutdown: CancellationToken,
    running: Running,
    database: Database,
}

impl World {
    /// Everything started, nothing happened yet.
    pub async fn start() -> Self {
        let database = Database::create().await;
        let (identity_key, service_key) =
            (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
        let (scheduling, ticketing) = (Peer::new("scheduling"), Peer::new("ticketing"));
        let broker =
            std::env::var("TEST_NATS_URL").unwrap_or_else(|_| "nats://127.0.0.1:9".to_owned());
        let mut settings = Settings {
            database_url: database.url(),
            nats_url: Secret::new(broker),
            broker_prefix: format!("payments-{}", Uuid::now_v7().simple()),
            service_key: Some(service_key.clone()),
            provider_deadline: Duration::from_millis(200),
            ..Settings::default()
        };
        for peer in [&scheduling, &ticketing] {
            let address = serve(peer.clone(), Keys(identity_key.clone())).await;
            settings
                .addresses
                .insert(peer.name().to_owned(), format!("http://{address}"));
            settings
                .addresses
                .insert("identity".to_owned(), format!("http://{address}"));
        }
        let definition = payments::definition();
        database::migrate(
            &settings.database_url,
            definition.name,
            &definition.migrations,
        )
        .await
        .unwrap();
        let shutdown = CancellationToken::new();
        let (running, channel) = launch(&mut settings, &shutdown).await;
        Self {
            scheduling,
            ticketing,
            channel,
            identity_key,
            service_key,
            settings,
            shutdown,
            running,
            database,
        }
    }

    /// Ends the service and starts it anew, on the same database.
    pub async fn restart(mut self) -> Self {
        self.shutdown.cancel();
        self.running.stopped().await.unwrap();
        self.shutdown = CancellationToken::new();
        (self.running, self.channel) = launch(&mut self.settings, &self.shutdown).await;
        self
    }

    /// Drains the service and drops its database.
    pub async fn stop(self) {
        self.shutdown.cancel();
        self.running.stopped().await.unwrap();
        self.database.drop().await;
    }

    pub fn payments(&self) -> PaymentServiceClient<Channel> {
        PaymentServiceClient::new(self.channel.clone())
    }

    pub fn settlement(&self) -> SettlementServiceClient<Channel> {
        SettlementServiceClient::new(self.channel.clone())
    }

    /// A request by a person.
    pub fn by<T>(&self, user: Uuid, role: Role, message: T) -> Request<T> {
        let claims = Claims::user(user, role, Utc::now(), TimeDelta::minutes(5));
        with_token(&self.identity_key.sign(&claims), message)
    }

    /// A request by a service.
    pub fn by_service<T>(&self, message: T) -> Request<T> {
        with_token(
            &ServiceSigner::new("payments", self.service_key.clone()).token(),
            message,
        )
    }

    /// A parent opens a payment for a session.
    pub async fn pay_session(
        &self,
        parent: Uuid,
        session: Uuid,
        payment_method: &str,
    ) -> Result<CreatePaymentResponse, Status> {
        self.pay(
            parent,
            create(PayableKind::Session, session, payment_method),
        )
        .await
    }

    /// A parent opens a payment for a hold of tickets.
    pub async fn pay_tickets(
        &self,
        parent: Uuid,
        hold: Uuid,
        payment_method: &str,
    ) -> Result<CreatePaymentResponse, Status> {
        self.pay(
            parent,
            create(PayableKind::TicketHold, hold, payment_method),
        )
        .await
    }

    pub async fn pay(
        &self,
        parent: Uuid,
        request: CreatePaymentRequest,
    ) -> Result<CreatePaymentResponse, Status> {
        let request = self.by(parent, Role::Parent, request);
        self.payments()
            .create_payment(request)
            .await
            .map(tonic::Response::into_inner)
    }

    /// A payment as its parent sees it, at a position or later.
    pub async fn payment(&self, parent: Uuid, payment: Uuid, position: i64) -> Payment {
        let request = GetPaymentRequest {
            payment_id: payment.to_string(),
            min_position: Some(LogPosition {
                service: "payments".to_owned(),
                position,
            }),
        };
        let request = self.by(parent, Role::Parent, request);
        self.payments()
            .get_payment(request)
            .await
            .unwrap()
            .into_inner()
            .payment
            .unwrap()
    }

    /// Waits until payments has told of something; the position of that.
    pub async fn told(&self, what: impl Fn(&Event) -> bool) -> i64 {
        let wait = async {
            let mut after = 0;
            loop {
                for envelope in self.read(after).await {
                    after = envelope.position;
                    let event = PaymentsEvent::decode(envelope.payload.as_slice())
                        .unwrap()
                        .event
                        .unwrap();
                    if what(&event) {
                        return after;
                    }
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(PATIENCE, wait)
            .await
            .expect("it was not told in time")
    }

    /// Every public event of payments so far, in order.
    pub async fn history(&self) -> Vec<Event> {
        let events = self.read(0).await.into_iter();
        events
            .map(|it| {
                PaymentsEvent::decode(it.payload.as_slice())
                    .unwrap()
                    .event
                    .unwrap()
            })
            .collect()
    }

    pub async fn succeeded(&self, payment: Uuid) -> i64 {
        self.told(|event| matches!(event, Event::PaymentSucceeded(it) if it.payment_id == payment.to_string())).await
    }

    pub async fn failed(&self, payment: Uuid) -> i64 {
        self.told(|event| matches!(event, Event::PaymentFailed(it) if it.payment_id == payment.to_string())).await
    }

    pub async fn unknown(&self, payment: Uuid) -> i64 {
        let of = |event: &Event| matches!(event, Event::PaymentOutcomeUnknown(it) if it.payment_id == payment.to_string());
        self.told(of).await
    }

    pub async fn refunded(&self, payment: Uuid) -> i64 {
        self.told(|event| matches!(event, Event::RefundSucceeded(it) if it.payment_id == payment.to_string())).await
    }

    async fn read(&self, after_position: i64) -> Vec<Envelope> {
        let request = self.by_service(ReadRequest {
            after_position,
            limit: 0,
        });
        let mut client = EventLogServiceClient::new(self.channel.clone());
        let mut answers = client.read(request).await.unwrap().into_inner();
        let mut envelopes = Vec::new();
        while let Some(answer) = answers.message().await.unwrap() {
            envelopes.extend(answer.envelope);
        }
        envelopes
    }
}

/// Starts the service on a free port.
async fn launch(settings: &mut Settings, shutdown: &CancellationToken) -> (Running, Channel) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    settings
        .addresses
        .insert("payments".to_owned(), address.clone());
    let started = host::start(
        payments::definition(),
        settings.clone(),
        Mode::Both,
        listener,
        shutdown.clone(),
    );
    let running = started.await.unwrap();
    (
        running,
        Endpoint::from_shared(address).unwrap().connect_lazy(),
    )
}

pub fn create(kind: PayableKind, id: Uuid, payment_method: &str) -> CreatePaymentRequest {
    CreatePaymentRequest {
        request_id: Uuid::now_v7().to_string(),
        payable_kind: kind.into(),
        payable_id: id.to_string(),
        payment_method: payment_method.to_owned(),
    }
}

pub fn id(payment: &CreatePaymentResponse) -> Uuid {
    payment.payment_id.parse().unwrap()
}

fn with_token<T>(token: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request
        .metadata_mut()
        .insert("authorization", format!("Bearer {token}").parse().unwrap());
    request.set_timeout(PATIENCE);
    request
}

/// A database of one's own on the test server.
struct Database {
    server: PgConnectOptions,
    name: String,
}

impl Database {
    async fn create() -> Self {
        let url = std::env::var("TEST_DATABASE_URL").expect("TEST_DATABASE_URL names a server");
        let server = PgConnectOptions::from_str(&url).unwrap();
        let name = format!("payments_{}", Uuid::now_v7().simple());
        let mut connection = PgConnection::connect_with(&server).await.unwrap();
        connection
            .execute(format!("create database {name}").as_str())
            .await
            .unwrap();
        Self { server, name }
    }

    fn url(&self) -> Secret {
        Secret::new(
            self.server
                .clone()
                .database(&self.name)
                .to_url_lossy()
                .to_string(),
        )
    }

    async fn drop(self) {
        let mut connection = PgConnection::connect_with(&self.server).await.unwrap();
        connection
            .execute(format!("drop database {} with (force)", self.name).as_str())
            .await
            .unwrap();
    }
}

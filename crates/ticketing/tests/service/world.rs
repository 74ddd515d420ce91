//! A running ticketing service and its callers.

use std::{str::FromStr, time::Duration};

use chrono::{TimeDelta, Utc};
use contracts::{
    common::v1::{LogPosition, Money, Role},
    google::r#type::Date,
    identity::events::v1::{self as identity, IdentityEvent, identity_event},
    log::v1::{ReadRequest, event_log_service_client::EventLogServiceClient},
    payments::events::v1::{self as payments, PayableKind, PaymentsEvent, payments_event},
    scheduling::events::v1::{self as scheduling, SchedulingEvent, scheduling_event},
    ticketing::v1::{
        CreateEventRequest, CreateEventResponse, Event, EventType, ExpireTicketHoldRequest,
        ExpireTicketHoldResponse, GetEventRequest, HoldTicketsRequest, HoldTicketsResponse,
        ListTicketsRequest, NewTier, PublishEventRequest, PublishEventResponse,
        SettleTicketHoldRequest, SettleTicketHoldResponse, Ticket, TicketLine,
        event_service_client::EventServiceClient, ticket_service_client::TicketServiceClient,
    },
};
use service::{
    Secret, Settings,
    auth::{Claims, KeyPair, ServiceSigner},
    host::{self, Mode, Running},
};
use sqlx::{ConnectOptions, Connection, Executor, PgConnection, postgres::PgConnectOptions};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::{
    Request, Status,
    transport::{Channel, Endpoint},
};
use tonic_types::StatusExt;
use uuid::Uuid;

use crate::neighbours::Neighbour;

/// No answer takes this long unless something is wrong.
const PATIENCE: Duration = Duration::from_secs(20);

/// Who calls.
#[derive(Clone, Copy)]
pub enum Caller {
    Nobody,
    Admin,
    Parent(Uuid),
    Service,
}

/// The service, its database, and the logs that it listens to.
pub struct World {
    channel: Channel,
    pub identity: Neighbour,
    scheduling: Neighbour,
    payments: Neighbour,
    user_key: KeyPair,
    service_key: KeyPair,
    server: PgConnectOptions,
    database: String,
    shutdown: CancellationToken,
    running: Running,
}

impl World {
    /// Starts the service on a database of its own.
    pub async fn start(hold: Duration) -> Self {
        let user_key = KeyPair::generate().unwrap();
        let service_key = KeyPair::generate().unwrap();
        let (identity, identity_address) =
            Neighbour::start("identity", std::slice::from_ref(&user_key)).await;
        let (scheduling, scheduling_address) = Neighbour::start("scheduling", &[]).await;
        let (payments, payments_address) = Neighbour::start("payments", &[]).await;
        let (server, database, database_url) = create_database().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());

        let mut settings = Settings {
            database_url: Secret::new(database_url),
            nats_url: Secret::new(variable("TEST_NATS_URL")),
            broker_prefix: database.clone(),
            service_key: Some(service_key.clone()),
            hold,
            ..Settings::default()
        };
        settings.addresses.extend([
            ("identity".to_owned(), identity_address),
            ("scheduling".to_owned(), scheduling_address),
            ("ticketing".to_owned(), address.clone()),
            ("payments".to_owned(), payments_address),
        ]);
        let definition = ticketing::definition();
        service::database::migrate(
            settings.owner_database_url(),
            definition.name,
            &definition.migrations,
        )
        .await
        .unwrap();
        let shutdown = CancellationToken::new();
        let running = host::start(definition, settings, Mode::Both, listener, shutdown.clone())
            .await
            .unwrap();
        Self {
            channel: Endpoint::from_shared(address).unwrap().connect_lazy(),
            identity,
            scheduling,
            payments,
            user_key,
            service_key,
            server,
            database,
            shutdown,
            running,
        }
    }

    /// Drains the service and drops its database.
    pub async fn stop(self) {
        self.shutdown.cancel();
        self.running.stopped().await.unwrap();
        let mut connection = PgConnection::connect_with(&self.server).await.unwrap();
        let drop = format!("drop database {} with (force)", self.database);
        connection.execute(drop.as_str()).await.unwrap();
    }

    pub fn events(&self) -> EventServiceClient<Channel> {
        EventServiceClient::new(self.channel.clone())
    }

    pub fn tickets(&self) -> TicketServiceClient<Channel> {
        TicketServiceClient::new(self.channel.clone())
    }

    /// A request with the caller's token and a deadline.
    pub fn request<M>(&self, caller: Caller, message: M) -> Request<M> {
        let lifetime = TimeDelta::minutes(5);
        let user = |id, role| {
            let claims = Claims::user(id, role, Utc::now(), lifetime);
            self.user_key.sign(&claims)
        };
        let token = match caller {
            Caller::Nobody => None,
            Caller::Admin => Some(user(Uuid::from_u128(1), Role::Admin)),
            Caller::Parent(id) => Some(user(id, Role::Parent)),
            Caller::Service => {
                Some(ServiceSigner::new("payments", self.service_key.clone()).token())
            }
        };
        let mut request = Request::new(message);
        request.set_timeout(PATIENCE);
        if let Some(token) = token {
            let bearer = format!("Bearer {token}").parse().unwrap();
            request.metadata_mut().insert("authorization", bearer);
        }
        request
    }

    /// identity tells of a new child.
    pub fn add_child(&self, guardian: Uuid) -> Uuid {
        let child = Uuid::now_v7();
        let event = IdentityEvent {
            event: Some(identity_event::Event::ChildAdded(identity::ChildAdded {
                child_id: child.to_string(),
                guardian_id: guardian.to_string(),
                added_at: None,
            })),
        };
        self.identity
            .publish("ChildAdded", &child.to_string(), &event);
        child
    }

    /// scheduling tells of a new location.
    pub fn add_location(&self, time_zone: &str) -> Uuid {
        let location = Uuid::now_v7();
        let created = scheduling::LocationCreated {
            location_id: location.to_string(),
            name: "Field 3".to_owned(),
            time_zone: time_zone.to_owned(),
        };
        let event = SchedulingEvent {
            event: Some(scheduling_event::Event::LocationCreated(created)),
        };
        self.scheduling
            .publish("LocationCreated", &location.to_string(), &event);
        location
    }

    /// payments tells that a hold was paid.
    pub fn pay(&self, hold_id: &str) -> Uuid {
        let payment = Uuid::now_v7();
        let succeeded = payments::PaymentSucceeded {
            payment_id: payment.to_string(),
            payable_kind: PayableKind::TicketHold.into(),
            payable_id: hold_id.to_owned(),
            amount: Some(usd(4_999)),
            succeeded_at: None,
        };
        let event = PaymentsEvent {
            event: Some(payments_event::Event::PaymentSucceeded(succeeded)),
        };
        self.payments
            .publish("PaymentSucceeded", &payment.to_string(), &event);
        payment
    }

    /// Drafts an event.
    pub async fn create(
        &self,
        caller: Caller,
        request: CreateEventRequest,
    ) -> Result<CreateEventResponse, Status> {
        let request = self.request(caller, request);
        let response = self.events().create_event(request).await?;
        Ok(response.into_inner())
    }

    /// Puts an event on sale.
    pub async fn publish(&self, event_id: &str) -> Result<PublishEventResponse, Status> {
        let publish = PublishEventRequest {
            request_id: Uuid::now_v7().to_string(),
            event_id: event_id.to_owned(),
        };
        let request = self.request(Caller::Admin, publish);
        let response = self.events().publish_event(request).await?;
        Ok(response.into_inner())
    }

    /// An event on sale at a new location in New York.
    pub async fn on_sale(&self, max_participants: i32, tiers: Vec<NewTier>) -> CreateEventResponse {
        let request = CreateEventRequest {
            max_participants,
            tiers,
            ..camp(self.add_location("America/New_York"))
        };
        let created = self.create(Caller::Admin, request).await.unwrap();
        self.publish(&created.event_id).await.unwrap();
        created
    }

    /// A parent takes tickets of one tier for children.
    pub async fn hold(
        &self,
        parent: Uuid,
        event_id: &str,
        lines: &[(&str, Uuid)],
    ) -> Result<HoldTicketsResponse, Status> {
        let request = hold_request(event_id, lines);
        let request = self.request(Caller::Parent(parent), request);
        let response = self.tickets().hold_tickets(request).await?;
        Ok(response.into_inner())
    }

    /// A service lets go of a hold.
    pub async fn expire(&self, hold_id: &str, event_id: &str) -> ExpireTicketHoldResponse {
        let request = ExpireTicketHoldRequest {
            request_id: Uuid::now_v7().to_string(),
            hold_id: hold_id.to_owned(),
            event_id: event_id.to_owned(),
        };
        let request = self.request(Caller::Service, request);
        let response = self.tickets().expire_ticket_hold(request).await.unwrap();
        response.into_inner()
    }

    /// A service brings a payment to a hold.
    pub async fn settle(
        &self,
        hold_id: &str,
        payment: Uuid,
    ) -> Result<SettleTicketHoldResponse, Status> {
        let request = SettleTicketHoldRequest {
            request_id: Uuid::now_v7().to_string(),
            hold_id: hold_id.to_owned(),
            payment_id: payment.to_string(),
        };
        let request = self.request(Caller::Service, request);
        let response = self.tickets().settle_ticket_hold(request).await?;
        Ok(response.into_inner())
    }

    /// The event as an admin sees it once a position is folded.
    pub async fn event(&self, event_id: &str, position: i64) -> Event {
        let request = GetEventRequest {
            event_id: event_id.to_owned(),
            min_position: Some(ticketing_position(position)),
        };
        let response = self
            .events()
            .get_event(self.request(Caller::Admin, request))
            .await
            .unwrap();
        response.into_inner().event.unwrap()
    }

    /// A caller's tickets once a position is folded.
    pub async fn tickets_of(&self, caller: Caller, position: i64) -> Vec<Ticket> {
        let request = ListTicketsRequest {
            min_position: Some(ticketing_position(position)),
            ..ListTicketsRequest::default()
        };
        let response = self
            .tickets()
            .list_tickets(self.request(caller, request))
            .await
            .unwrap();
        response.into_inner().tickets
    }

    /// Names of the public events in ticketing's log, in order.
    pub async fn public_events(&self) -> Vec<String> {
        let mut log = EventLogServiceClient::new(self.channel.clone());
        let request = self.request(Caller::Service, ReadRequest::default());
        let mut stream = log.read(request).await.unwrap().into_inner();
        let mut names = Vec::new();
        while let Some(response) = stream.message().await.unwrap() {
            names.push(response.envelope.unwrap().event_type);
        }
        names
    }
}

async fn create_database() -> (PgConnectOptions, String, String) {
    let url = variable("TEST_DATABASE_URL");
    let server = PgConnectOptions::from_str(&url).unwrap();
    let database = format!("test_{}", Uuid::now_v7().simple());
    let mut connection = PgConnection::connect_with(&server).await.unwrap();
    let create = format!("create database {database}");
    connection.execute(create.as_str()).await.unwrap();
    let url = server.clone().database(&database).to_url_lossy();
    (server, database, url.to_string())
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| {
        panic!("{name} is not set: run the tests by ./dev test, which brings the servers")
    })
}

pub fn usd(minor_units: i64) -> Money {
    Money {
        currency_code: "USD".to_owned(),
        minor_units,
    }
}

pub fn tier(name: &str, cents: i64, capacity: i32) -> NewTier {
    NewTier {
        r#type: name.to_owned(),
        price: Some(usd(cents)),
        capacity,
    }
}

pub fn ticketing_position(position: i64) -> LogPosition {
    LogPosition {
        service: "ticketing".to_owned(),
        position,
    }
}

/// A good request: a camp of two days, far ahead.
pub fn camp(location: Uuid) -> CreateEventRequest {
    let date = |day| Date {
        year: 2099,
        month: 7,
        day,
    };
    CreateEventRequest {
        request_id: Uuid::now_v7().to_string(),
        title: "Summer camp".to_owned(),
        description: "Two days of passing and shooting.".to_owned(),
        event_type: EventType::Camp.into(),
        location_id: location.to_string(),
        start_date: Some(date(10)),
        end_date: Some(date(11)),
        start_time: "09:00".to_owned(),
        end_time: "15:30".to_owned(),
        max_participants: 20,
        min_age: Some(8),
        max_age: Some(14),
        skill_levels: vec![1, 2],
        trainer_ids: vec![Uuid::from_u128(300).to_string()],
        tiers: vec![tier("Early Bird", 4_999, 10)],
    }
}

pub fn hold_request(event_id: &str, lines: &[(&str, Uuid)]) -> HoldTicketsRequest {
    let lines = lines.iter().map(|(tier_id, child)| TicketLine {
        tier_id: (*tier_id).to_owned(),
        child_id: child.to_string(),
    });
    HoldTicketsRequest {
        request_id: Uuid::now_v7().to_string(),
        event_id: event_id.to_owned(),
        lines: lines.collect(),
    }
}

/// The documented reason of a refusal.
pub fn reason(status: &Status) -> String {
    let details = status.get_error_details();
    let info = details.error_info().expect("every error has a reason");
    info.reason.clone()
}

/// The malformed fields of a refusal, each with what is wrong with it.
pub fn violations(status: &Status) -> Vec<(String, String)> {
    let details = status.get_error_details();
    let request = details
        .bad_request()
        .expect("the fields of a malformed request");
    let violations = request.field_violations.iter();
    violations
        .map(|violation| (violation.field.clone(), violation.reason.clone()))
        .collect()
}

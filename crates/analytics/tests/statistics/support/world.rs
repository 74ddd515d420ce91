//! A running analytics service on a database of its own, and the four logs it listens to.

use std::str::FromStr as _;
use std::time::Duration;

use analytics::events::SOURCES;
use chrono::{TimeDelta, Utc};
use chrono_tz::Tz;
use contracts::analytics::v1::statistics_service_client::StatisticsServiceClient;
use contracts::common::v1::{LogPosition, Role};
use service::auth::{Claims, KeyPair, ServiceSigner};
use service::host::{self, Mode, Running};
use service::{Secret, Settings};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Executor as _};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::Request;
use tonic::transport::{Channel, Endpoint};
use uuid::Uuid;

use super::neighbour::Neighbour;
use super::season::Season;

/// No answer takes this long unless something is wrong.
const PATIENCE: Duration = Duration::from_secs(20);

/// Who calls.
#[derive(Clone, Copy)]
pub enum Caller {
    Nobody,
    User(Role),
    Service,
}

/// What outlives the service: its database, the logs, the keys.
pub struct World {
    server: PgConnectOptions,
    database: String,
    neighbours: Vec<Neighbour>,
    settings: Settings,
    user_key: KeyPair,
    service_key: KeyPair,
}

/// A service that runs.
pub struct Analytics {
    channel: Channel,
    shutdown: CancellationToken,
    running: Running,
}

impl World {
    pub async fn create() -> Self {
        let url = std::env::var("TEST_DATABASE_URL").expect(
            "TEST_DATABASE_URL is not set: run the tests by ./dev test, which brings a server",
        );
        let server = PgConnectOptions::from_str(&url).unwrap();
        let database = format!("test_{}", Uuid::now_v7().simple());
        let create = format!("create database {database}");
        server
            .connect()
            .await
            .unwrap()
            .execute(create.as_str())
            .await
            .unwrap();

        let user_key = KeyPair::generate().unwrap();
        let service_key = KeyPair::generate().unwrap();
        // Statistics need no broker: where there is none, the logs themselves are read.
        let broker =
            std::env::var("TEST_NATS_URL").unwrap_or_else(|_| "nats://127.0.0.1:9".to_owned());
        let mut settings = Settings {
            database_url: Secret::new(server.clone().database(&database).to_url_lossy()),
            nats_url: Secret::new(broker),
            broker_prefix: database.clone(),
            service_key: Some(service_key.clone()),
            ..Settings::default()
        };
        let mut neighbours = Vec::new();
        for source in SOURCES {
            let (neighbour, address) = Neighbour::start(user_key.clone()).await;
            neighbours.push(neighbour);
            settings.addresses.insert(source.to_owned(), address);
        }
        let definition = analytics::definition();
        service::database::migrate(
            settings.owner_database_url(),
            definition.name,
            &definition.migrations,
        )
        .await
        .unwrap();
        Self {
            server,
            database,
            neighbours,
            settings,
            user_key,
            service_key,
        }
    }

    /// Starts the service with a business zone.
    pub async fn start(&self, business_zone: Tz) -> Analytics {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let settings = Settings {
            business_zone,
            ..self.settings.clone()
        };
        let shutdown = CancellationToken::new();
        let definition = analytics::definition();
        let running = host::start(definition, settings, Mode::Both, listener, shutdown.clone())
            .await
            .unwrap();
        Analytics {
            channel: Endpoint::from_shared(address).unwrap().connect_lazy(),
            shutdown,
            running,
        }
    }

    /// The four services tell of a season.
    pub fn publish(&self, season: &Season) {
        for (neighbour, (_, events)) in self.neighbours.iter().zip(season.logs()) {
            neighbour.publish(&events);
        }
    }

    /// Everything that was told.
    pub fn positions(&self) -> Vec<LogPosition> {
        let heads = SOURCES.iter().zip(&self.neighbours);
        heads
            .map(|(source, neighbour)| LogPosition {
                service: (*source).to_owned(),
                position: neighbour.head(),
            })
            .collect()
    }

    /// A request with the caller's token and a deadline.
    pub fn request<M>(&self, caller: Caller, message: M) -> Request<M> {
        let token = match caller {
            Caller::Nobody => None,
            Caller::User(role) => {
                let lifetime = TimeDelta::minutes(5);
                let claims = Claims::user(Uuid::from_u128(1), role, Utc::now(), lifetime);
                Some(self.user_key.sign(&claims))
            }
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

    pub fn admin<M>(&self, message: M) -> Request<M> {
        self.request(Caller::User(Role::Admin), message)
    }

    /// Drops the database.
    pub async fn drop(self) {
        let drop = format!("drop database {} with (force)", self.database);
        self.server
            .connect()
            .await
            .unwrap()
            .execute(drop.as_str())
            .await
            .unwrap();
    }
}

impl Analytics {
    pub fn statistics(&self) -> StatisticsServiceClient<Channel> {
        StatisticsServiceClient::new(self.channel.clone())
    }

    /// Drains the service.
    pub async fn stop(self) {
        self.shutdown.cancel();
        self.running.stopped().await.unwrap();
    }
}

//! A database of one's own on the server of `TEST_DATABASE_URL`.

use std::str::FromStr as _;

use eventsourcing::{EventLog, Upcasters};
use service::{Definition, Secret, database};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, PgConnection, PgPool};
use uuid::Uuid;

/// Roles belong to the whole server: tests prepare them in turns.
const TURN: &str = "select pg_advisory_lock(7101)";
const CONNECTIONS: u32 = 10;

/// A database with the schema of one service. It is dropped with the value.
pub struct Database {
    server: PgConnectOptions,
    name: String,
    url: Secret,
    service: &'static str,
    upcasters: fn() -> Upcasters,
    pool: PgPool,
}

impl Database {
    /// Creates the database and migrates it for the service.
    ///
    /// # Panics
    /// When `TEST_DATABASE_URL` is not set or the server refuses; `./dev test` brings a server.
    pub async fn of(definition: &Definition) -> Self {
        let server = std::env::var("TEST_DATABASE_URL").expect(
            "TEST_DATABASE_URL is not set: run the tests by ./dev test, which brings a server",
        );
        let server = PgConnectOptions::from_str(&server).expect("TEST_DATABASE_URL is a URL");
        let service = definition.name;
        let name = format!("{service}_{}", Uuid::now_v7().simple());
        let mut turn = PgConnection::connect_with(&server).await.unwrap();
        turn.execute(TURN).await.unwrap();
        let create = format!("create database {name}");
        turn.execute(create.as_str()).await.unwrap();
        let url = Secret::new(server.clone().database(&name).to_url_lossy());
        database::migrate(&url, service, &definition.migrations)
            .await
            .unwrap();
        turn.close().await.unwrap();
        let pool = database::connect(&url, service, CONNECTIONS).await.unwrap();
        Self {
            server,
            name,
            url,
            service,
            upcasters: definition.upcasters,
            pool,
        }
    }

    /// Where it is.
    pub fn url(&self) -> Secret {
        self.url.clone()
    }

    /// Connections in the service's role and schema.
    pub fn pool(&self) -> PgPool {
        self.pool.clone()
    }

    /// Connections of the owner of the schema, who may do what the service's role may not.
    pub async fn owner(&self) -> PgPool {
        let path = format!("{},public", self.service);
        let options = self.server.clone().database(&self.name);
        PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .connect_with(options.options([("search_path", path)]))
            .await
            .unwrap()
    }

    /// The log, read through the upcasters of the service.
    pub async fn log(&self) -> EventLog {
        EventLog::open(self.pool(), (self.upcasters)())
            .await
            .unwrap()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        // A runtime of its own: the test's may be ending. What is left behind, if the server is
        // gone already, goes with the server.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(async {
                let mut connection = PgConnection::connect_with(&server).await?;
                let drop = format!("drop database {name} with (force)");
                connection.execute(drop.as_str()).await?;
                Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
            })
        });
        let _ = dropped.join();
    }
}

//! A database of a service on the server of `TEST_DATABASE_URL`.

use eventsourcing::{EventLog, Upcasters};
use service::{Definition, Secret, database};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions as _, PgPool};
use testing_core::{TemporaryDatabase, test_server};

const CONNECTIONS: u32 = 10;

/// A database with the schema of one service. It is dropped with the value.
pub struct Database {
    temporary: TemporaryDatabase,
    service: &'static str,
    upcasters: fn() -> Upcasters,
    pool: PgPool,
}

impl Database {
    /// Copies a database that was migrated for the service.
    ///
    /// # Panics
    /// When `TEST_DATABASE_URL` is not set or the server refuses; `./dev test` brings a server.
    pub async fn of(definition: &Definition) -> Self {
        let service = definition.name;
        let migrate = async |options: PgConnectOptions| {
            let url = Secret::new(options.to_url_lossy());
            database::migrate(&url, service, &definition.migrations)
                .await
                .unwrap();
        };
        let temporary = TemporaryDatabase::copy(test_server(), service, migrate).await;
        let url = Secret::new(temporary.options().to_url_lossy());
        let pool = database::connect(&url, service, CONNECTIONS).await.unwrap();
        Self {
            temporary,
            service,
            upcasters: definition.upcasters,
            pool,
        }
    }

    /// The login of the URL owns the schema.
    pub fn url(&self) -> Secret {
        Secret::new(self.temporary.options().to_url_lossy())
    }

    /// Connections in the service's role and schema.
    pub fn pool(&self) -> PgPool {
        self.pool.clone()
    }

    /// Connections of the owner of the schema, who may do what the service's role may not.
    pub async fn owner(&self) -> PgPool {
        let path = format!("{},public", self.service);
        let options = self.temporary.options();
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

//! A database with a log and no service.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::str::FromStr as _;

use eventsourcing::{EventLog, Migration, Upcasters};
use sqlx::PgPool;
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::{TemporaryDatabase, test_server};

const CONNECTIONS: u32 = 10;

/// A database with the log, the runtime's tables, and whatever else it is given. It is dropped with
/// the value.
pub struct LogDatabase {
    temporary: TemporaryDatabase,
    pool: PgPool,
}

impl LogDatabase {
    /// Copies a database that was migrated with these further migrations, on the server of
    /// `TEST_DATABASE_URL`.
    ///
    /// # Panics
    /// When `TEST_DATABASE_URL` is not set or the server refuses; `./dev test` brings a server.
    pub async fn of(further: &[Migration]) -> Self {
        let family = format!("log_{:016x}", fingerprint(further));
        let temporary = TemporaryDatabase::copy(test_server(), &family, async |options| {
            migrate(options, further).await;
        });
        Self::new(temporary.await).await
    }

    /// A new one on the server of a URL.
    ///
    /// # Panics
    /// When the server refuses.
    pub async fn new_at(url: &str) -> Self {
        let server = PgConnectOptions::from_str(url).expect("the URL is one of Postgres");
        let temporary = TemporaryDatabase::new(server, "log", async |options| {
            migrate(options, &[]).await;
        });
        Self::new(temporary.await).await
    }

    async fn new(temporary: TemporaryDatabase) -> Self {
        let pool = pool_of(&temporary, CONNECTIONS).await;
        Self { temporary, pool }
    }

    /// Connections of its owner.
    pub fn pool(&self) -> PgPool {
        self.pool.clone()
    }

    /// Connects anew with more connections.
    ///
    /// # Panics
    /// When the server refuses.
    pub async fn pool_of(&self, connections: u32) -> PgPool {
        pool_of(&self.temporary, connections).await
    }

    /// The log, without upcasters.
    ///
    /// # Panics
    /// When the log cannot be opened.
    pub async fn log(&self) -> EventLog {
        EventLog::open(self.pool(), Upcasters::none())
            .await
            .expect("the log opens")
    }
}

/// Tells sets of migrations apart.
fn fingerprint(migrations: &[Migration]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for migration in migrations {
        migration.checksum.hash(&mut hasher);
    }
    hasher.finish()
}

async fn migrate(options: PgConnectOptions, further: &[Migration]) {
    let pool = PgPool::connect_with(options).await.unwrap();
    sqlx::query("create extension btree_gist")
        .execute(&pool)
        .await
        .expect("btree_gist is available");
    let mut all = eventsourcing::migrations();
    all.extend_from_slice(further);
    Migrator {
        migrations: all.into(),
        ..Migrator::DEFAULT
    }
    .run(&pool)
    .await
    .expect("the migrations apply");
    pool.close().await;
}

async fn pool_of(temporary: &TemporaryDatabase, connections: u32) -> PgPool {
    PgPoolOptions::new()
        .max_connections(connections)
        .connect_with(temporary.options())
        .await
        .expect("the test server takes connections")
}

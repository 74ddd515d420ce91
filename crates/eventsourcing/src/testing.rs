//! For tests: a schema of one's own on a real server, and values that look sealed.

use std::str::FromStr;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sqlx::{
    Connection, Executor, PgConnection, PgPool,
    migrate::{Migration, Migrator},
    postgres::{PgConnectOptions, PgPoolOptions},
};
use uuid::Uuid;

use crate::{EventLog, Upcasters, personal::Personal};

/// A schema with a log, and whatever else it is given, on the server of `TEST_DATABASE_URL`.
/// It is dropped when the value is.
pub struct TestDatabase {
    options: PgConnectOptions,
    schema: String,
    pool: PgPool,
}

impl TestDatabase {
    /// Creates the schema: the log, the runtime's tables, then the given migrations.
    ///
    /// # Panics
    /// When `TEST_DATABASE_URL` is not set or the server refuses; `./dev test` brings a server.
    pub async fn create(migrations: &[Migration]) -> Self {
        let url = std::env::var("TEST_DATABASE_URL").expect(
            "TEST_DATABASE_URL is not set: run the tests by ./dev test, which brings a server",
        );
        Self::create_at(&url, migrations).await
    }

    /// The same on the server of a URL.
    ///
    /// # Panics
    /// When the server refuses.
    pub async fn create_at(url: &str, migrations: &[Migration]) -> Self {
        let schema = format!("test_{}", Uuid::now_v7().simple());
        let server = PgConnectOptions::from_str(url).expect("the URL is one of Postgres");
        let mut connection = PgConnection::connect_with(&server)
            .await
            .expect("the test server answers");
        // Another test may be creating the extension at the same moment; the lock goes with the connection.
        for statement in [
            "select pg_advisory_lock(7101)",
            "create extension if not exists btree_gist with schema public",
            "select pg_advisory_unlock(7101)",
        ] {
            connection
                .execute(statement)
                .await
                .expect("btree_gist is available");
        }
        connection
            .execute(format!("create schema {schema}").as_str())
            .await
            .expect("a schema can be created");
        let options = server
            .options([("search_path", format!("{schema},public"))])
            .application_name(&schema);
        let pool = PgPoolOptions::new()
            .max_connections(10)
            .connect_with(options.clone())
            .await
            .expect("the test server takes connections");
        let mut all = crate::migrations();
        all.extend_from_slice(migrations);
        Migrator {
            migrations: all.into(),
            ..Migrator::DEFAULT
        }
        .run(&pool)
        .await
        .expect("the migrations apply");
        Self {
            options,
            schema,
            pool,
        }
    }

    /// A pool whose connections have the schema first in their search path.
    pub fn pool(&self) -> PgPool {
        self.pool.clone()
    }

    /// Connects anew with more connections.
    ///
    /// # Panics
    /// When the server refuses.
    pub async fn pool_of(&self, connections: u32) -> PgPool {
        PgPoolOptions::new()
            .max_connections(connections)
            .connect_with(self.options.clone())
            .await
            .expect("the test server takes connections")
    }

    /// Name of the schema.
    pub fn schema(&self) -> &str {
        &self.schema
    }

    /// A log in the schema, without upcasters.
    ///
    /// # Panics
    /// When the log cannot be opened.
    pub async fn log(&self) -> EventLog {
        EventLog::open(self.pool(), Upcasters::none())
            .await
            .expect("the log opens")
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let options = self.options.clone();
        let schema = self.schema.clone();
        // A runtime of its own: the test's may be ending. What is left behind, if the server is
        // gone already, goes with the server.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(async {
                let mut connection = PgConnection::connect_with(&options).await?;
                // Whoever still works in the schema would keep its locks: the runtime that could
                // end it may be the one that waits here.
                sqlx::query(
                    "select pg_terminate_backend(pid) from pg_stat_activity \
                     where application_name = $1 and pid <> pg_backend_pid()",
                )
                .bind(&schema)
                .execute(&mut connection)
                .await?;
                connection
                    .execute("set client_min_messages = warning")
                    .await?;
                connection
                    .execute(format!("drop schema {schema} cascade").as_str())
                    .await?;
                Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
            })
        });
        let _ = dropped.join();
    }
}

/// What a sealed value looks like, for tests that need no keys: always the same for the same
/// subject and label, and opened by no key.
pub fn sealed<T>(subject: Uuid, label: &str) -> Personal<T> {
    let text = format!(
        "sealed:1:{}:{}",
        subject.as_simple(),
        URL_SAFE_NO_PAD.encode(label)
    );
    Personal::from_sealed(&text).unwrap_or_else(|_| unreachable!("it has the sealed form"))
}

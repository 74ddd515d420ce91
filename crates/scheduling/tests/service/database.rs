//! A database of one's own on the server of `TEST_DATABASE_URL`.

use std::str::FromStr;

use service::Secret;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, Executor, PgConnection};
use uuid::Uuid;

/// Roles belong to the whole server: tests prepare them in turns.
const TURN: &str = "select pg_advisory_lock(7102)";

/// Dropped with the value.
pub struct Database {
    server: PgConnectOptions,
    name: String,
    url: String,
}

impl Database {
    /// Creates it, and the schema of the service in it.
    pub async fn migrated() -> Self {
        let server = std::env::var("TEST_DATABASE_URL").expect("TEST_DATABASE_URL is set");
        let server = PgConnectOptions::from_str(&server).expect("TEST_DATABASE_URL is a URL");
        let name = format!("scheduling_{}", Uuid::now_v7().simple());
        let mut turn = PgConnection::connect_with(&server).await.unwrap();
        turn.execute(TURN).await.unwrap();
        turn.execute(format!("create database {name}").as_str())
            .await
            .unwrap();
        let url = server.clone().database(&name).to_url_lossy().to_string();
        let database = Self { server, name, url };
        let definition = scheduling::definition();
        service::database::migrate(&database.url(), definition.name, &definition.migrations)
            .await
            .unwrap();
        turn.close().await.unwrap();
        database
    }

    /// Where it is.
    pub fn url(&self) -> Secret {
        Secret::new(self.url.clone())
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        // A runtime of its own: the test's may be ending.
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

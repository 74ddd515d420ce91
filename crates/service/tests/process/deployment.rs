//! A database of one's own on the server of `TEST_DATABASE_URL`.

use service::Secret;
use service::database::{connect, migrate};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Executor as _, PgConnection, PgPool};
use uuid::Uuid;

/// The service that the tests migrate.
pub const SERVICE: &str = "probe";

/// A database that is dropped with the value.
pub struct Deployment {
    server: PgConnectOptions,
    name: String,
    pub url: Secret,
}

impl Deployment {
    pub async fn create() -> Self {
        let url = std::env::var("TEST_DATABASE_URL").expect(
            "TEST_DATABASE_URL is not set: run the tests by ./dev test, which brings a server",
        );
        let server: PgConnectOptions = url.parse().unwrap();
        let name = format!("test_{}", Uuid::now_v7().simple());
        let mut connection = server.connect().await.unwrap();
        connection
            .execute(format!("create database {name}").as_str())
            .await
            .unwrap();
        let url = Secret::new(server.clone().database(&name).to_url_lossy());
        Self { server, name, url }
    }

    /// Migrates the service with a table of its own.
    pub async fn migrated() -> Self {
        let deployment = Self::create().await;
        migrate(&deployment.url, SERVICE, &migrations())
            .await
            .unwrap();
        deployment
    }

    pub async fn owner(&self) -> PgConnection {
        self.server
            .clone()
            .database(&self.name)
            .connect()
            .await
            .unwrap()
    }

    pub async fn pool(&self) -> PgPool {
        connect(&self.url, SERVICE, 4).await.unwrap()
    }
}

pub fn migrations() -> Vec<eventsourcing::Migration> {
    vec![eventsourcing::migration(
        100,
        "notes",
        "create table notes (id bigint primary key);
         create view all_notes as select * from notes;
         create function count_notes() returns bigint language sql stable as
             'select count(*) from notes'",
    )]
}

impl Drop for Deployment {
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        // A runtime of its own: the test's is ending.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(async {
                let mut connection = server.connect().await?;
                connection
                    .execute(format!("drop database {name} with (force)").as_str())
                    .await?;
                Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
            })
        });
        let _ = dropped.join();
    }
}

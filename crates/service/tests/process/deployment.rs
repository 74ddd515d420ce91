//! A database of one's own on the server of `TEST_DATABASE_URL`.

use service::Secret;
use service::database::{connect, migrate};
use sqlx::{ConnectOptions as _, PgConnection, PgPool};
use testing_core::{TemporaryDatabase, test_server};

/// The service that the tests migrate.
pub const SERVICE: &str = "probe";

/// A database that is dropped with the value.
pub struct Deployment {
    database: TemporaryDatabase,
    pub url: Secret,
}

impl Deployment {
    pub async fn create() -> Self {
        let database = TemporaryDatabase::new(test_server(), SERVICE, async |_| {}).await;
        let url = Secret::new(database.options().to_url_lossy());
        Self { database, url }
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
        self.database.options().connect().await.unwrap()
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

//! A restored backup: a copy of identity's schema with another state of the keys.

use std::{collections::BTreeSet, str::FromStr as _};

use eventsourcing::personal::{Keyring, LocalMasterKey, MasterKeys, Opened, Personal};
use serde_json::Value;
use service::MasterKeyText;
use sqlx::{
    PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use uuid::Uuid;

use e2e::system::System;

const SEALED: &str = "sealed:1:[0-9a-f]{32}:[A-Za-z0-9+/=_-]+";

/// What of a backup can be read by somebody who has the master key.
pub struct Reading {
    /// Sealed values in all its tables.
    pub sealed: usize,
    /// Subjects of whom something can be read.
    pub open: BTreeSet<Uuid>,
}

/// Restores identity's schema as it is, with its keys or without, and reads all that it can.
pub async fn restore(system: &System, with_keys: bool) -> Reading {
    let database = system.database().await;
    let schema = if with_keys { "restored" } else { "keyless" };
    copy(&database, schema, with_keys).await;
    let options =
        PgConnectOptions::clone(&database.connect_options()).options([("search_path", schema)]);
    let restored = PgPoolOptions::new()
        .max_connections(2)
        .connect_with(options)
        .await
        .expect("the copy");
    read(&restored, schema, &master_key(system)).await
}

async fn copy(database: &PgPool, schema: &str, with_keys: bool) {
    run(database, &format!("create schema {schema}")).await;
    for table in tables(database, "identity").await {
        let data = if table == "subject_keys" && !with_keys {
            "no data"
        } else {
            "data"
        };
        let sql = format!("create table {schema}.{table} as table identity.{table} with {data}");
        run(database, &sql).await;
    }
}

async fn run(database: &PgPool, sql: &str) {
    sqlx::query(sql)
        .execute(database)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
}

async fn tables(database: &PgPool, schema: &str) -> Vec<String> {
    let sql = "select table_name::text from information_schema.tables \
               where table_schema = $1 and table_type = 'BASE TABLE'";
    sqlx::query_scalar(sql)
        .bind(schema)
        .fetch_all(database)
        .await
        .expect("the tables")
}

fn master_key(system: &System) -> [u8; 32] {
    let text = std::fs::read_to_string(system.directory().join("keys/master.key"));
    let key = MasterKeyText::parse(&text.expect("the master key")).expect("a master key");
    key.expose()
}

async fn read(restored: &PgPool, schema: &str, master: &[u8; 32]) -> Reading {
    let mut sealed = BTreeSet::new();
    for table in tables(restored, schema).await {
        let sql =
            format!("select (regexp_matches(row_to_json(t)::text, $1, 'g'))[1] from {table} t");
        let found: Vec<String> = sqlx::query_scalar(&sql)
            .bind(format!("({SEALED})"))
            .fetch_all(restored)
            .await
            .expect("its rows");
        sealed.extend(found);
    }
    let master = LocalMasterKey::new(*master).expect("a master key");
    let keyring = Keyring::new(restored.clone(), MasterKeys::new(master));
    let mut open = BTreeSet::new();
    for text in &sealed {
        let value: Personal<Value> = Personal::from_sealed(text).expect("a sealed value");
        let opener = keyring.opener([value.subject()]).await.expect("an opener");
        if let Opened::Known(_) = opener.open(&value).expect("a sealed value") {
            open.insert(value.subject());
        }
    }
    Reading {
        sealed: sealed.len(),
        open,
    }
}

pub fn uuid(text: &str) -> Uuid {
    Uuid::from_str(text).expect("a UUID")
}

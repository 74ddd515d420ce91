//! A service's schema, its role and its connections.

use std::collections::BTreeSet;
use std::str::FromStr as _;
use std::time::Duration;

use eventsourcing::Migration;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, PgConnection, PgPool};

use crate::config::Secret;

/// Taken while a schema is prepared: services of one database take turns.
const PREPARATION_LOCK: i64 = 0x0064_6976_696e_6574;

/// The tables of the log that the service's role may only read. Everything in them is written by
/// [`LOG_FUNCTIONS`].
const LOG_TABLES: [&str; 6] = [
    "log_head",
    "events",
    "batches",
    "requests",
    "unique_claims",
    "interval_claims",
];

/// The functions of the log that the service's role may call.
const LOG_FUNCTIONS: [&str; 3] = ["append_batch", "judge_batch", "resolve_batch"];

const ACQUIRE_LIMIT: Duration = Duration::from_secs(5);

/// Why a schema cannot be prepared or used.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// Not a Postgres URL. The URL itself is not shown: it may hold a password.
    #[error("DATABASE_URL is not a Postgres URL")]
    Url,
    /// The server does not answer or refuses.
    #[error("the database of {service} cannot be used: {source}")]
    Refused {
        service: &'static str,
        /// What the server said.
        source: sqlx::Error,
    },
    /// A migration fails or differs from the one that was applied.
    #[error("the schema of {service} cannot be migrated: {source}")]
    Migration {
        service: &'static str,
        source: MigrateError,
    },
}

/// Brings the schema of a service up to date, as the owner: creates the schema and the service's
/// role, applies the log's and the service's migrations, and grants the role what it needs. It
/// reads everything in the schema, calls the functions that write nothing, writes the tables of the service and of the runtime, and
/// changes the log through its functions only.
pub async fn migrate(
    owner_url: &Secret,
    service: &'static str,
    migrations: &[Migration],
) -> Result<(), DatabaseError> {
    let options = options(owner_url)?.application_name("divinetime migrate");
    let refused = |source| DatabaseError::Refused { service, source };
    let mut connection = options.connect().await.map_err(refused)?;
    prepare(&mut connection, service).await.map_err(refused)?;
    migrator(migrations)
        .run_direct(&mut connection)
        .await
        .map_err(|source| DatabaseError::Migration { service, source })?;
    grant(&mut connection, service).await.map_err(refused)?;
    // The lock goes with the session.
    connection.close().await.map_err(refused)
}

/// Opens connections that work as the service's role in its schema.
pub async fn connect(
    url: &Secret,
    service: &'static str,
    connections: u32,
) -> Result<PgPool, DatabaseError> {
    let options = options(url)?.application_name(&format!("divinetime {service}"));
    let role = format!("set role {service}_service; set search_path to {service}, public");
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_LIMIT)
        .after_connect(move |connection, _| {
            let role = role.clone();
            Box::pin(async move { connection.execute(role.as_str()).await.map(drop) })
        })
        .connect_with(options)
        .await
        .map_err(|source| DatabaseError::Refused { service, source })
}

fn options(url: &Secret) -> Result<PgConnectOptions, DatabaseError> {
    PgConnectOptions::from_str(url.expose()).map_err(|_| DatabaseError::Url)
}

/// Service names are our own constants, so they need no quoting.
async fn prepare(connection: &mut PgConnection, service: &str) -> Result<(), sqlx::Error> {
    sqlx::query("select pg_advisory_lock($1)")
        .bind(PREPARATION_LOCK)
        .execute(&mut *connection)
        .await?;
    connection
        .execute(
            format!(
                "set client_min_messages = warning;
                 create extension if not exists btree_gist with schema public;
                 create schema if not exists {service};
                 do $$ begin
                     create role {service}_service nologin;
                 exception when duplicate_object or unique_violation then null;
                 end $$;
                 grant {service}_service to current_user;
                 set search_path to {service}, public"
            )
            .as_str(),
        )
        .await
        .map(drop)
}

fn migrator(migrations: &[Migration]) -> Migrator {
    let mut all = eventsourcing::migrations();
    all.extend_from_slice(migrations);
    all.sort_by_key(|migration| migration.version);
    Migrator {
        migrations: all.into(),
        ..Migrator::DEFAULT
    }
}

async fn grant(connection: &mut PgConnection, service: &str) -> Result<(), sqlx::Error> {
    let role = format!("{service}_service");
    let present: Vec<String> =
        sqlx::query_scalar("select tablename::text from pg_tables where schemaname = $1")
            .bind(service)
            .fetch_all(&mut *connection)
            .await?;
    let reading: Vec<String> = sqlx::query_scalar(
        "select oid::regprocedure::text from pg_proc
         where pronamespace = $1::regnamespace and provolatile in ('s', 'i')",
    )
    .bind(service)
    .fetch_all(&mut *connection)
    .await?;
    let log: BTreeSet<&str> = LOG_TABLES.into_iter().chain(["_sqlx_migrations"]).collect();
    let mut statements = vec![
        format!("grant usage on schema {service} to {role}"),
        format!("grant select on all tables in schema {service} to {role}"),
        format!("grant usage, select on all sequences in schema {service} to {role}"),
        format!("revoke execute on all functions in schema {service} from public, {role}"),
    ];
    for table in present.iter().filter(|table| !log.contains(table.as_str())) {
        statements.push(format!(
            "grant insert, update, delete, truncate on {service}.\"{table}\" to {role}"
        ));
    }
    for function in LOG_FUNCTIONS
        .map(|name| format!("{service}.{name}"))
        .into_iter()
        .chain(reading)
    {
        statements.push(format!("grant execute on function {function} to {role}"));
    }
    let mut transaction = connection.begin().await?;
    for statement in statements {
        transaction.execute(statement.as_str()).await?;
    }
    transaction.commit().await
}

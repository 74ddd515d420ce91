//! The tables of the log and of the runtime, created in each service's schema.

use std::borrow::Cow;

use sqlx::migrate::{Migration, MigrationType};

/// Makes a migration from a number, a description and its SQL.
pub fn migration(version: i64, description: &'static str, sql: &'static str) -> Migration {
    Migration::new(
        version,
        Cow::Borrowed(description),
        MigrationType::Simple,
        Cow::Borrowed(sql),
        false,
    )
}

/// The migrations that every service's schema starts with; a service numbers its own from 100.
pub fn migrations() -> Vec<Migration> {
    vec![
        migration(1, "event log", include_str!("../migrations/0001_log.sql")),
        migration(2, "runtime", include_str!("../migrations/0002_runtime.sql")),
    ]
}

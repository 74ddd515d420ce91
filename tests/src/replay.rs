//! What the projections have written, beside what a replay of the logs writes.

use std::collections::BTreeMap;

use sqlx::PgPool;

use crate::system::{SERVICES, System};

/// Rows by table, qualified with its service.
type Tables = BTreeMap<String, Vec<String>>;

/// Rebuilds every projection of every service and compares all that they had written.
pub async fn is_the_same(system: &System) {
    let database = system.database().await;
    loop {
        system.operate(&["projections", "wait"]);
        let ends = heads(&database).await;
        let before = written(&database).await;
        rebuild(system, &database).await;
        let after = written(&database).await;
        // Otherwise something was still going on, and the two may differ.
        if heads(&database).await == ends {
            assert!(
                before.values().any(|rows| !rows.is_empty()),
                "nothing was written"
            );
            assert_eq!(after, before, "a replay differs");
            break;
        }
    }
    database.close().await;
}

/// Where the logs end.
async fn heads(database: &PgPool) -> Vec<i64> {
    let mut heads = Vec::new();
    for service in SERVICES {
        let sql = format!("select position from {service}.log_head");
        let head = sqlx::query_scalar(&sql).fetch_one(database).await;
        heads.push(head.expect("the head"));
    }
    heads
}

async fn rebuild(system: &System, database: &PgPool) {
    let mut projections = Vec::new();
    for service in SERVICES {
        let sql = format!("select projection from {service}.projections where kind = 'PROJECTION'");
        let names: Vec<String> = sqlx::query_scalar(&sql)
            .fetch_all(database)
            .await
            .expect("the projections");
        assert!(!names.is_empty(), "{service} has no projections");
        projections.extend(names.into_iter().map(|name| format!("{service}/{name}")));
    }
    let names = projections.iter().map(String::as_str);
    let arguments: Vec<&str> = ["projections", "rebuild"]
        .into_iter()
        .chain(names)
        .collect();
    system.operate(&arguments);
    system.operate(&["projections", "wait"]);
}

/// Every row of every table that a projection has written.
async fn written(database: &PgPool) -> Tables {
    let tables: Vec<(String, String)> = sqlx::query_as(
        "select table_schema::text, table_name::text from information_schema.tables \
         where table_schema = any ($1) and table_type = 'BASE TABLE' \
         and table_name not in ('events', 'batches', 'requests', 'log_head', 'unique_claims', 'interval_claims', \
             'snapshots', 'projections', 'checkpoints', 'parked_keys', 'parked_events', '_sqlx_migrations', \
             'subject_keys', 'credentials', 'logins', 'login_attempts', 'otps', 'signing_keys', 'erasures', \
             'emails', 'email_resends', 'sandbox_charges', 'sandbox_refunds', 'statistics_basis') \
         and table_name not like 'process%'",
    )
    .bind(SERVICES.as_slice())
    .fetch_all(database)
    .await
    .expect("the tables");
    let mut rows = Tables::new();
    for (service, table) in tables {
        let table = format!("{service}.{table}");
        let sql = format!("select row_to_json(t)::text from {table} t order by 1");
        let all: Vec<String> = sqlx::query_scalar(&sql)
            .fetch_all(database)
            .await
            .expect("its rows");
        rows.insert(table, all);
    }
    rows
}

//! What the projections have written, beside what a replay of the logs writes.

use std::collections::BTreeMap;

use sqlx::PgPool;

use crate::system::{SERVICES, System};

/// Rows by table.
type Tables = BTreeMap<String, Vec<String>>;

/// Rebuilds every projection of every service and compares all that they had written.
pub async fn is_the_same(system: &System) {
    system.operate(&["projections", "wait"]);
    let database = system.database().await;
    let mut before = BTreeMap::new();
    let mut projections = Vec::new();
    for service in SERVICES {
        before.insert(service, written(&database, service).await);
        let sql = format!("select projection from {service}.projections where kind = 'PROJECTION'");
        let names: Vec<String> = sqlx::query_scalar(&sql)
            .fetch_all(&database)
            .await
            .expect("the projections");
        assert!(!names.is_empty(), "{service} has no projections");
        projections.extend(names.into_iter().map(|name| format!("{service}/{name}")));
    }
    let mut rows = before.values().flat_map(BTreeMap::values);
    assert!(rows.any(|rows| !rows.is_empty()), "nothing was written");
    std::thread::scope(|operators| {
        for projection in &projections {
            operators.spawn(|| system.operate(&["projections", "rebuild", projection]));
        }
    });
    system.operate(&["projections", "wait"]);
    for (service, tables) in before {
        assert_eq!(
            written(&database, service).await,
            tables,
            "a replay of {service} differs"
        );
    }
    database.close().await;
}

/// Every row of every table that a projection of the service has written.
async fn written(database: &PgPool, schema: &str) -> Tables {
    let tables: Vec<String> = sqlx::query_scalar(
        "select table_name::text from information_schema.tables where table_schema = $1 and table_type = 'BASE TABLE' \
         and table_name not in ('events', 'batches', 'requests', 'log_head', 'unique_claims', 'interval_claims', \
             'snapshots', 'projections', 'checkpoints', 'parked_keys', 'parked_events', '_sqlx_migrations', \
             'subject_keys', 'credentials', 'logins', 'login_attempts', 'otps', 'signing_keys', 'erasures', \
             'emails', 'email_resends', 'sandbox_charges', 'sandbox_refunds', 'statistics_basis') \
         and table_name not like 'process%'",
    )
    .bind(schema)
    .fetch_all(database)
    .await
    .expect("the tables");
    let mut rows = Tables::new();
    for table in tables {
        let sql = format!("select row_to_json(t)::text from {schema}.{table} t order by 1");
        let all: Vec<String> = sqlx::query_scalar(&sql)
            .fetch_all(database)
            .await
            .expect("its rows");
        rows.insert(table, all);
    }
    rows
}

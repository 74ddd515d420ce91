use eventsourcing::{EventLog, Upcasters, migration};
use futures::future::try_join_all;
use service::Secret;
use service::database::{DatabaseError, migrate};
use sqlx::{Executor as _, PgPool};

use super::deployment::{Deployment, SERVICE, migrations};

async fn refusal(pool: &PgPool, sql: &str) -> String {
    match pool.execute(sql).await {
        Ok(_) => panic!("the service's role may {sql}"),
        Err(error) => error
            .as_database_error()
            .unwrap()
            .code()
            .unwrap()
            .into_owned(),
    }
}

#[tokio::test]
async fn the_services_role_reads_the_log_and_changes_it_by_its_functions_only() {
    let deployment = Deployment::migrated().await;
    let pool = deployment.pool().await;
    EventLog::open(pool.clone(), Upcasters::none())
        .await
        .unwrap();
    for table in [
        "log_head",
        "events",
        "batches",
        "requests",
        "unique_claims",
        "interval_claims",
    ] {
        pool.execute(format!("select * from {table}").as_str())
            .await
            .unwrap();
        for sql in [
            format!("insert into {table} select * from {table}"),
            format!("delete from {table}"),
            format!("truncate {table}"),
        ] {
            assert_eq!(refusal(&pool, &sql).await, "42501", "{sql}");
        }
    }
    for sql in [
        "update log_head set position = 100",
        "select next_position()",
        "alter table events disable trigger all",
        "drop table events",
        "create table mine (id int)",
        "delete from _sqlx_migrations",
    ] {
        assert_eq!(refusal(&pool, sql).await, "42501", "{sql}");
    }
}

#[tokio::test]
async fn the_services_role_writes_its_own_tables_and_the_runtimes() {
    let deployment = Deployment::migrated().await;
    let pool = deployment.pool().await;
    for sql in [
        "insert into notes values (1)",
        "update notes set id = 2",
        "delete from notes",
        "truncate notes",
        "select count_notes() from all_notes",
        "delete from projections",
        "delete from process_outbox",
        "delete from snapshots",
    ] {
        pool.execute(sql).await.unwrap();
    }
}

#[tokio::test]
async fn migrating_again_changes_nothing_and_several_may_do_it_at_once() {
    let deployment = Deployment::create().await;
    let migrations = migrations();
    try_join_all((0..4).map(|_| migrate(&deployment.url, SERVICE, &migrations)))
        .await
        .unwrap();
    let applied: i64 = sqlx::query_scalar("select count(*) from probe._sqlx_migrations")
        .fetch_one(&mut deployment.owner().await)
        .await
        .unwrap();
    assert_eq!(applied, 3, "the log, the runtime and the service's own");
}

#[tokio::test]
async fn two_services_share_a_database_without_seeing_each_other() {
    let deployment = Deployment::migrated().await;
    migrate(&deployment.url, "other", &[]).await.unwrap();
    let pool = deployment.pool().await;
    assert_eq!(refusal(&pool, "select * from other.events").await, "42501");
}

#[tokio::test]
async fn a_changed_migration_is_refused() {
    let deployment = Deployment::migrated().await;
    let changed = [migration(
        100,
        "notes",
        "create table notes (id int primary key)",
    )];
    let error = migrate(&deployment.url, SERVICE, &changed)
        .await
        .unwrap_err();
    assert!(matches!(error, DatabaseError::Migration { .. }), "{error}");
}

#[tokio::test]
async fn a_wrong_url_is_told_without_its_password() {
    for url in ["mysql://u:hush@h/d", "hush"] {
        let error = migrate(&Secret::new(url), SERVICE, &[]).await.unwrap_err();
        assert!(!error.to_string().contains("hush"), "{error}");
    }
}

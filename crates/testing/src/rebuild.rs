//! The beginning of a rebuild, at the moment when it hurts most.

use std::pin::pin;
use std::time::Duration;

use serde_json::Value;
use sqlx::{Executor as _, PgPool};

use crate::world::World;

impl World {
    /// What a call comes to that has seen a projection live and is about to read a table of it when
    /// a rebuild begins, which empties the table. Afterwards everything is as before.
    ///
    /// The projection must have folded everything: otherwise its projector waits for the table, and
    /// not the call.
    ///
    /// # Panics
    /// When the call does not read the table, or not within 30 seconds.
    pub async fn emptied_under<T>(
        &self,
        projection: &str,
        table: &str,
        call: impl Future<Output = T>,
    ) -> T {
        let pool = self.database().pool();
        let mut rebuild = pool.begin().await.unwrap();
        let lock = format!("lock table {table} in access exclusive mode");
        rebuild.execute(lock.as_str()).await.unwrap();
        let rows = format!("select coalesce(jsonb_agg(t), '[]') from {table} t");
        let rows: Value = sqlx::query_scalar(&rows)
            .fetch_one(&mut *rebuild)
            .await
            .unwrap();
        let mut call = pin!(call);
        let mut patience = pin!(tokio::time::sleep(Duration::from_secs(30)));
        loop {
            tokio::select! {
                _ = &mut call => panic!("{table} is not read"),
                waiting = is_waited_for(&pool, table) => if waiting { break },
                () = &mut patience => panic!("{table} is not read in time"),
            }
        }
        let state = format!(
            "update projections set rebuilds = rebuilds + 1, state = $1 where projection = '{projection}'"
        );
        let truncate = format!("truncate {table}");
        rebuild.execute(truncate.as_str()).await.unwrap();
        let offline = sqlx::query(&state).bind("REBUILDING");
        offline.execute(&mut *rebuild).await.unwrap();
        rebuild.commit().await.unwrap();
        let outcome = call.await;

        let columns = stored_columns(&pool, table).await;
        let refill = format!(
            "insert into {table} ({columns}) \
             select {columns} from jsonb_populate_recordset(null::{table}, $1)"
        );
        let refill = sqlx::query(&refill).bind(rows);
        refill.execute(&pool).await.unwrap();
        let live = sqlx::query(&state).bind("LIVE");
        live.execute(&pool).await.unwrap();
        outcome
    }
}

/// Whether somebody waits for the lock of a table.
async fn is_waited_for(pool: &PgPool, table: &str) -> bool {
    let waiting =
        "select exists (select from pg_locks where not granted and relation = $1::regclass)";
    let waiting = sqlx::query_scalar(waiting).bind(table);
    waiting.fetch_one(pool).await.unwrap()
}

/// The columns of a table that are not computed from others.
async fn stored_columns(pool: &PgPool, table: &str) -> String {
    let columns = "select string_agg(quote_ident(column_name), ', ') from information_schema.columns \
                   where table_schema = current_schema() and table_name = $1 and is_generated = 'NEVER'";
    let columns = sqlx::query_scalar(columns).bind(table);
    columns.fetch_one(pool).await.unwrap()
}

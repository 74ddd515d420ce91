//! Transactions that survive being given up.

use sqlx::{PgPool, Postgres, Transaction};

/// Begins a transaction. Use it wherever the future may be dropped, as a handler's is when its
/// deadline passes: one that is dropped while `BEGIN` is under way in [`PgPool::begin`] (sqlx
/// 0.8) gives its connection back to the pool in an open transaction, whose locks then stay.
pub async fn begin(pool: &PgPool) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    let pool = pool.clone();
    // Runs to its end, whoever waits; a transaction that nobody takes is rolled back.
    tokio::spawn(async move { pool.begin().await })
        .await
        .unwrap_or(Err(sqlx::Error::WorkerCrashed))
}

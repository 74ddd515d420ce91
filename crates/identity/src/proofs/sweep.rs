//! Deletes what no longer proves anything.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

/// The pause between two rounds.
const PAUSE: Duration = Duration::from_hours(1);

/// Deletes codes a day after they expired, logins thirty days after they did, counters of attempts
/// after two days, and known networks after a year without a login. Returns how many rows that
/// were.
pub async fn sweep(pool: &PgPool, now: DateTime<Utc>) -> Result<u64, sqlx::Error> {
    let mut gone = 0;
    for (statement, age) in [
        ("delete from otps where expires_at < $1", TimeDelta::days(1)),
        (
            "delete from logins where expires_at < $1",
            TimeDelta::days(30),
        ),
        (
            "delete from login_attempts where kind <> 'KNOWN' and last_at < $1",
            TimeDelta::days(2),
        ),
        (
            "delete from login_attempts where last_at < $1",
            TimeDelta::days(365),
        ),
    ] {
        let swept = sqlx::query(statement).bind(now - age).execute(pool).await?;
        gone += swept.rows_affected();
    }
    Ok(gone)
}

/// Sweeps every hour until the stop.
pub async fn run(pool: PgPool, stop: CancellationToken) {
    loop {
        if let Err(error) = sweep(&pool, Utc::now()).await {
            tracing::warn!(%error, "what expired was not swept");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}

//! Commands that wait to be sent.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{FromRow, PgPool, Row as _, postgres::PgRow};
use tonic::{Code, Status};
use uuid::Uuid;

/// A command that is taken and not answered by then is sent again.
const LEASE: Duration = Duration::from_secs(20);
/// An answer that cannot be recorded is tried again for this long. Together with the time that a
/// command takes, this is less than the lease.
const RECORDING: Duration = Duration::from_secs(8);
const BETWEEN_RECORDINGS: Duration = Duration::from_millis(100);
/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The outgoing commands of one service's processes.
#[derive(Clone, Debug)]
pub struct Outbox {
    pool: PgPool,
}

/// A command as an operator sees it.
#[derive(Clone, Debug, Serialize)]
pub struct OutboxItem {
    pub request_id: Uuid,
    /// The process that sends it.
    pub process: String,
    /// The instance; later commands of the same instance wait for this one.
    pub key: String,
    /// The service it is for.
    pub service: String,
    /// The path of the RPC.
    pub method: String,
    /// How often it was sent.
    pub attempts: i32,
    /// When it is sent next.
    pub next_at: DateTime<Utc>,
    /// Refused for good: it is sent again only when asked for.
    pub parked: bool,
    /// The gRPC status code of the last refusal.
    pub code: Option<i32>,
    /// The message of the last refusal.
    pub message: Option<String>,
}

impl FromRow<'_, PgRow> for OutboxItem {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            request_id: row.try_get("request_id")?,
            process: row.try_get("process")?,
            key: row.try_get("key")?,
            service: row.try_get("service")?,
            method: row.try_get("method")?,
            attempts: row.try_get("attempts")?,
            next_at: row.try_get("next_at")?,
            parked: row.try_get("parked")?,
            code: row.try_get("code")?,
            message: row.try_get("message")?,
        })
    }
}

impl Outbox {
    /// The outgoing commands in the schema of the pool.
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// The oldest that wait, parked or not, at most so many.
    pub async fn list(&self, limit: i64) -> Result<Vec<OutboxItem>, sqlx::Error> {
        sqlx::query_as(
            "select request_id, process, key, service, method, attempts, next_at, parked, code, message \
             from process_outbox order by number limit $1",
        )
        .bind(limit)
        .fetch_all(&self.pool)
        .await
    }

    /// The parked ones of a process, oldest first.
    pub async fn parked(&self, process: &str) -> Result<Vec<OutboxItem>, sqlx::Error> {
        sqlx::query_as(
            "select request_id, process, key, service, method, attempts, next_at, parked, code, message \
             from process_outbox where process = $1 and parked order by number",
        )
        .bind(process)
        .fetch_all(&self.pool)
        .await
    }

    /// Those of some request ids that are still to be sent, parked or not, oldest first.
    pub async fn unsent(&self, request_ids: &[Uuid]) -> Result<Vec<OutboxItem>, sqlx::Error> {
        sqlx::query_as(
            "select request_id, process, key, service, method, attempts, next_at, parked, code, message \
             from process_outbox where request_id = any($1) order by number",
        )
        .bind(request_ids)
        .fetch_all(&self.pool)
        .await
    }

    /// How many wait, and how many of them are parked.
    pub async fn counts(&self) -> Result<(i64, i64), sqlx::Error> {
        sqlx::query_as("select count(*), count(*) filter (where parked) from process_outbox")
            .fetch_one(&self.pool)
            .await
    }

    /// Sends a parked command again. Returns whether there is one.
    pub async fn retry(&self, request_id: Uuid) -> Result<bool, sqlx::Error> {
        let freed = sqlx::query(
            "update process_outbox set parked = false, attempts = 0, next_at = clock_timestamp() \
             where request_id = $1 and parked",
        )
        .bind(request_id)
        .execute(&self.pool)
        .await?;
        Ok(freed.rows_affected() == 1)
    }

    /// Gives a parked command up, so that what follows it can be sent. Returns whether there is
    /// one.
    pub async fn discard(&self, request_id: Uuid) -> Result<bool, sqlx::Error> {
        let gone = sqlx::query("delete from process_outbox where request_id = $1 and parked")
            .bind(request_id)
            .execute(&self.pool)
            .await?;
        Ok(gone.rows_affected() == 1)
    }
}

/// A command that this dispatcher has taken.
pub(crate) struct Command {
    pub request_id: Uuid,
    pub key: String,
    pub service: String,
    pub method: String,
    pub body: Vec<u8>,
    pub correlation_id: Uuid,
    pub causation_id: Uuid,
    pub trace_context: Option<String>,
    pub attempts: i32,
}

/// Ends the pauses of the commands of a process, and the leases of those that an earlier run has
/// taken and not answered for. One that is under way elsewhere is sent twice and does nothing
/// twice.
pub(crate) async fn release(pool: &PgPool, process: &str) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update process_outbox set next_at = clock_timestamp() \
         where process = $1 and not parked and next_at > clock_timestamp()",
    )
    .bind(process)
    .execute(pool)
    .await?;
    Ok(())
}

/// Takes the first command of each key, if it is time for it, at most so many. Nobody else
/// gets them until the lease ends.
pub(crate) async fn take(
    pool: &PgPool,
    process: &str,
    limit: i64,
) -> Result<Vec<Command>, sqlx::Error> {
    sqlx::query(
        "update process_outbox o \
         set attempts = attempts + 1, next_at = clock_timestamp() + make_interval(secs => $3) \
         from ( \
            select request_id from process_outbox f \
            where process = $1 and not parked and next_at <= clock_timestamp() and not exists ( \
                select 1 from process_outbox e \
                where e.process = f.process and e.key = f.key and e.number < f.number) \
            order by number limit $2 for update skip locked \
         ) first \
         where o.request_id = first.request_id \
         returning o.request_id, o.key, o.service, o.method, o.body, o.correlation_id, o.causation_id, \
                   o.trace_context, o.attempts",
    )
    .bind(process)
    .bind(limit)
    .bind(LEASE.as_secs_f64())
    .fetch_all(pool)
    .await?
    .iter()
    .map(|row| {
        Ok(Command {
            request_id: row.try_get(0)?,
            key: row.try_get(1)?,
            service: row.try_get(2)?,
            method: row.try_get(3)?,
            body: row.try_get(4)?,
            correlation_id: row.try_get(5)?,
            causation_id: row.try_get(6)?,
            trace_context: row.try_get(7)?,
            attempts: row.try_get(8)?,
        })
    })
    .collect()
}

/// Records how an attempt ended. While the database does not take it this is tried again, and
/// given up before the lease ends.
pub(crate) async fn settle(
    pool: &PgPool,
    process: &str,
    command: &Command,
    answer: Result<(), Status>,
) -> Result<(), sqlx::Error> {
    if let Err(status) = &answer {
        tell(process, command, status);
    }
    let began = Instant::now();
    loop {
        match record(pool, command, answer.as_ref().err()).await {
            Err(error) if began.elapsed() < RECORDING => {
                tracing::debug!(process, error = %error, "an answer is not recorded yet");
                tokio::time::sleep(BETWEEN_RECORDINGS).await;
            }
            recorded => return recorded,
        }
    }
}

fn tell(process: &str, command: &Command, status: &Status) {
    let parked = !may_pass(status.code());
    if parked {
        tracing::error!(
            process, key = command.key, method = command.method, request_id = %command.request_id,
            code = ?status.code(), message = status.message(),
            "a command of a process is refused and parked"
        );
    } else {
        tracing::warn!(
            process, key = command.key, method = command.method, attempts = command.attempts,
            code = ?status.code(), message = status.message(),
            "a command of a process will be sent again"
        );
    }
}

async fn record(
    pool: &PgPool,
    command: &Command,
    refusal: Option<&Status>,
) -> Result<(), sqlx::Error> {
    let Some(status) = refusal else {
        sqlx::query("delete from process_outbox where request_id = $1")
            .bind(command.request_id)
            .execute(pool)
            .await?;
        return Ok(());
    };
    sqlx::query(
        "update process_outbox set parked = $2, code = $3, message = $4, \
                next_at = clock_timestamp() + make_interval(secs => $5) \
         where request_id = $1",
    )
    .bind(command.request_id)
    .bind(!may_pass(status.code()))
    .bind(i32::from(status.code()))
    .bind(status.message().replace('\0', "\u{fffd}"))
    .bind(pause(command).as_secs_f64())
    .execute(pool)
    .await?;
    Ok(())
}

/// Whether a refusal says nothing of the command itself, so that sending it again may help.
fn may_pass(code: Code) -> bool {
    matches!(
        code,
        Code::Unavailable
            | Code::DeadlineExceeded
            | Code::Aborted
            | Code::ResourceExhausted
            | Code::Unknown
            | Code::Internal
            | Code::Cancelled
            // The service token was not accepted yet: its key is being fetched.
            | Code::Unauthenticated
    )
}

/// Doubled for each attempt, with up to a quarter more by chance.
fn pause(command: &Command) -> Duration {
    let exponent = u32::try_from(command.attempts - 1).unwrap_or(0).min(9);
    let pause = Duration::from_millis(100 << exponent).min(LONGEST_PAUSE);
    let chance = u32::from(Uuid::new_v4().as_bytes()[0]);
    pause + pause * chance / 1024
}

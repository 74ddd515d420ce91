//! Leases of messages: which sender is sending which message, and how that ended.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row as _};
use strum::{EnumIter, EnumString, IntoStaticStr};
use uuid::Uuid;

use crate::domain::values::{EmailId, UserId};
use crate::personal::Column;

/// What the outbox calls a text message, in the place of a template's name.
pub const TEXT: &str = "TEXT_MESSAGE";
/// A sender that is silent for this long has died; an attempt takes less.
const LEASE: Duration = Duration::from_secs(90);

/// How far a message has come, as the outbox stores it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum MailStatus {
    Queued,
    Sending,
    /// An attempt failed, and another one follows.
    Retrying,
    Sent,
    /// It was given up.
    Failed,
    /// The user was erased before it was sent.
    Erased,
}

impl MailStatus {
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// Whether the message is neither sent nor given up.
    pub fn waits(self) -> bool {
        matches!(self, Self::Queued | Self::Sending | Self::Retrying)
    }
}

/// A message that this sender has leased.
pub(super) struct Leased {
    pub id: EmailId,
    pub user_id: UserId,
    pub template: String,
    pub recipient: Column<serde_json::Value>,
    pub parameters: Column<serde_json::Value>,
    /// The number of attempts, this one included.
    pub attempts: i32,
    pub resends: i32,
    pub queued_at: DateTime<Utc>,
    /// The time since the message was queued.
    pub age: Duration,
    lease: Uuid,
}

/// What is kept of a message when it was sent or given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keep {
    /// Everything is kept, so that the message can be sent again.
    All,
    /// Recipient and subject are kept.
    Envelope,
    /// Only the fact that there was a message is kept.
    Nothing,
}

/// Leases messages whose time has come, the longest waiting first. No other sender gets them until
/// the lease ends.
pub(super) async fn take(
    pool: &PgPool,
    limit: i64,
    mail: bool,
    texts: bool,
) -> Result<Vec<Leased>, sqlx::Error> {
    let lease = Uuid::new_v4();
    sqlx::query(
        "update emails e \
         set status = 'SENDING', attempts = attempts + 1, lease = $1, \
             next_attempt_at = clock_timestamp() + $2::bigint * interval '1 millisecond' \
         from ( \
            select id from emails \
            where status in ('QUEUED', 'SENDING', 'RETRYING') and next_attempt_at <= clock_timestamp() \
              and case template when $4 then $5 else $6 end \
            order by next_attempt_at limit $3 for update skip locked \
         ) due \
         where e.id = due.id \
         returning e.id, user_id, template, recipient, parameters, attempts, resends, queued_at, \
                   (extract(epoch from clock_timestamp() - queued_at) * 1000)::bigint as age",
    )
    .bind(lease)
    .bind(milliseconds(LEASE))
    .bind(limit)
    .bind(TEXT)
    .bind(texts)
    .bind(mail)
    .try_map(|row| read(&row, lease))
    .fetch_all(pool)
    .await
}

fn read(row: &PgRow, lease: Uuid) -> Result<Leased, sqlx::Error> {
    let age: i64 = row.try_get("age")?;
    Ok(Leased {
        id: row.try_get::<Uuid, _>("id")?.into(),
        user_id: row.try_get::<Uuid, _>("user_id")?.into(),
        template: row.try_get("template")?,
        recipient: row.try_get("recipient")?,
        parameters: row.try_get("parameters")?,
        attempts: row.try_get("attempts")?,
        resends: row.try_get("resends")?,
        queued_at: row.try_get("queued_at")?,
        age: Duration::from_millis(u64::try_from(age).unwrap_or_default()),
        lease,
    })
}

/// Records that a message was sent; `body` is the sealed text of it.
pub(super) async fn sent(
    pool: &PgPool,
    leased: &Leased,
    keep: Keep,
    message_id: &str,
    body: &str,
) -> Result<(), sqlx::Error> {
    let status = MailStatus::Sent;
    end(pool, leased, keep, status, message_id, body, "").await
}

/// Records that a message was given up.
pub(super) async fn failed(
    pool: &PgPool,
    leased: &Leased,
    keep: Keep,
    reason: &str,
) -> Result<(), sqlx::Error> {
    end(pool, leased, keep, MailStatus::Failed, "", "", reason).await
}

/// Does nothing when the message was blanked or taken over by another sender meanwhile.
async fn end(
    pool: &PgPool,
    leased: &Leased,
    keep: Keep,
    status: MailStatus,
    message_id: &str,
    body: &str,
    reason: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update emails \
         set status = $3, lease = null, last_error = $4, message_id = $5, \
             sent_at = case when $3 = 'SENT' then clock_timestamp() else sent_at end, \
             recipient = case when $6 then recipient else '' end, \
             subject = case when $6 then subject else '' end, \
             parameters = case when $7 then parameters else '' end, \
             body = case when $7 then coalesce(nullif($8, ''), body) else '' end \
         where id = $1 and lease = $2",
    )
    .bind(leased.id.uuid())
    .bind(leased.lease)
    .bind(status.as_str())
    .bind(reason)
    .bind(message_id)
    .bind(keep != Keep::Nothing)
    .bind(keep == Keep::All)
    .bind(body)
    .execute(pool)
    .await?;
    Ok(())
}

/// Records that a message will be tried again after a pause.
pub(super) async fn later(
    pool: &PgPool,
    leased: &Leased,
    pause: Duration,
    reason: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update emails \
         set status = 'RETRYING', lease = null, last_error = $3, \
             next_attempt_at = clock_timestamp() + $4::bigint * interval '1 millisecond' \
         where id = $1 and lease = $2",
    )
    .bind(leased.id.uuid())
    .bind(leased.lease)
    .bind(reason)
    .bind(milliseconds(pause))
    .execute(pool)
    .await?;
    Ok(())
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// The number of messages that are neither sent nor given up.
pub(super) async fn waiting(pool: &PgPool) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(
        "select count(*) from emails where status in ('QUEUED', 'SENDING', 'RETRYING')",
    )
    .fetch_one(pool)
    .await
}

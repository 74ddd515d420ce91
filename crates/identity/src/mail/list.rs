use std::error::Error;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use eventsourcing::personal::Personal;
use serde::{Deserialize, Serialize};
use service::Page;
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use super::leases::TEXT;
use super::{MailStatus, Outbox, Template};
use crate::domain::values::{EmailId, UserId};
use crate::personal::Column;

const COLUMNS: &str = "id, user_id, cause, template, recipient, subject, body, status, attempts, last_error, \
    created_at, next_attempt_at, sent_at";

/// A row of `emails`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailRow {
    pub id: EmailId,
    pub user_id: UserId,
    /// The event or verification that causes the message.
    pub cause: Uuid,
    /// `None` for a text message.
    pub template: Option<Template>,
    /// An email address, or a telephone number.
    pub recipient: Column<String>,
    pub subject: Column<String>,
    pub body: Column<String>,
    pub status: MailStatus,
    /// The attempts since the message was queued, or queued again.
    pub attempts: i32,
    /// The reason why the last attempt failed, without personal data.
    pub last_error: String,
    pub created_at: DateTime<Utc>,
    /// The next attempt, while the message waits.
    pub next_attempt_at: DateTime<Utc>,
    pub sent_at: Option<DateTime<Utc>>,
}

impl EmailRow {
    /// The subjects under whose keys the row is sealed.
    pub fn subjects(&self) -> impl Iterator<Item = Uuid> {
        let texts = [&self.recipient, &self.subject, &self.body];
        texts
            .into_iter()
            .filter_map(|text| text.personal().map(Personal::subject))
    }
}

/// Which messages are wanted; what is `None` narrows nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EmailFilter {
    pub user_id: Option<UserId>,
    pub status: Option<MailStatus>,
}

/// Where a list of messages goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmailCursor {
    created_at: DateTime<Utc>,
    id: EmailId,
}

impl EmailCursor {
    /// The next page begins after this message.
    pub fn of(row: &EmailRow) -> Self {
        Self {
            created_at: row.created_at,
            id: row.id,
        }
    }
}

impl Outbox {
    pub async fn email(&self, id: EmailId) -> Result<Option<EmailRow>, sqlx::Error> {
        sqlx::query(&format!("select {COLUMNS} from emails where id = $1"))
            .bind(id.uuid())
            .try_map(|row| read(&row))
            .fetch_optional(&self.pool)
            .await
    }

    /// The messages, the last queued first.
    pub async fn emails(
        &self,
        filter: &EmailFilter,
        page: &Page<EmailCursor>,
    ) -> Result<Vec<EmailRow>, sqlx::Error> {
        let after = page.after.as_ref();
        sqlx::query(&format!(
            "select {COLUMNS} from emails \
             where ($1::uuid is null or user_id = $1) and ($2::text is null or status = $2) \
               and ($3::timestamptz is null or (created_at, id) < ($3, $4)) \
             order by created_at desc, id desc limit $5",
        ))
        .bind(filter.user_id.map(UserId::uuid))
        .bind(filter.status.map(MailStatus::as_str))
        .bind(after.map(|cursor| cursor.created_at))
        .bind(after.map(|cursor| cursor.id.uuid()))
        .bind(page.limit())
        .try_map(|row| read(&row))
        .fetch_all(&self.pool)
        .await
    }
}

fn read(row: &PgRow) -> Result<EmailRow, sqlx::Error> {
    Ok(EmailRow {
        id: row.try_get::<Uuid, _>("id")?.into(),
        user_id: row.try_get::<Uuid, _>("user_id")?.into(),
        cause: row.try_get("cause")?,
        template: match row.try_get("template")? {
            TEXT => None,
            name => Some(known(name)?),
        },
        recipient: row.try_get("recipient")?,
        subject: row.try_get("subject")?,
        body: row.try_get("body")?,
        status: known(row.try_get("status")?)?,
        attempts: row.try_get("attempts")?,
        last_error: row.try_get("last_error")?,
        created_at: row.try_get("created_at")?,
        next_attempt_at: row.try_get("next_attempt_at")?,
        sent_at: row.try_get("sent_at")?,
    })
}

/// The value that has this name in the table.
fn known<T>(name: &str) -> Result<T, sqlx::Error>
where
    T: FromStr<Err: Error + Send + Sync + 'static>,
{
    name.parse()
        .map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

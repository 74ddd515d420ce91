//! One-time codes and reset tokens.
//!
//! A user has one code for each purpose and channel; a new one replaces the last. A code is valid
//! for ten minutes and a reset token for thirty. Each is used by one request, and is invalid after
//! five wrong ones.

use std::num::NonZero;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use eventsourcing::personal::{LookupKey, Personal};
use ring::rand::{SecureRandom, SystemRandom};
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgConnection, PgPool, Row as _};
use uuid::Uuid;

use super::random::{NoRandomness, random};
use crate::domain::user::{Channel, Purpose};
use crate::domain::values::UserId;

/// A code is invalid after this many wrong ones.
pub const MAX_ATTEMPTS: i32 = 5;

const TAG: &str = "code";
const DIGITS: usize = 6;
/// The number of different codes.
const CODES: u32 = 1_000_000;

/// The codes of all users. Cheap to clone.
#[derive(Clone)]
pub struct Codes {
    pool: PgPool,
    lookup: LookupKey,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct About {
    pub user_id: UserId,
    pub purpose: Purpose,
    pub channel: Channel,
}

/// A code that is not stored and sent yet.
pub struct Fresh {
    pub id: Uuid,
    /// The secret that is sent: six digits, or a reset token.
    pub text: String,
    pub expires_at: DateTime<Utc>,
}

/// A code that came back.
#[derive(Clone, Debug)]
pub struct Proven {
    pub id: Uuid,
    pub user_id: UserId,
    /// The sealed address or number to which the code was sent.
    pub target: String,
    /// The keyed fingerprint of the address, if it is to become the login address.
    pub target_key: Option<String>,
    /// Whether the same request has used the code before.
    pub repeated: bool,
}

/// Why a code was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum CodeError {
    #[error("the code is not the one that was sent")]
    Wrong { attempts_left: i32 },
    /// The user has no code that can be used.
    #[error("no code can be used: ask for a new one")]
    Expired,
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    #[error("the codes cannot be reached")]
    Database(#[from] sqlx::Error),
}

struct Row {
    id: Uuid,
    user_id: Uuid,
    otp: Vec<u8>,
    target: String,
    target_key: Option<String>,
    expires_at: DateTime<Utc>,
    attempts: i32,
    state: String,
    used_by: Option<Uuid>,
}

impl FromRow<'_, PgRow> for Row {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.try_get("id")?,
            user_id: row.try_get("user_id")?,
            otp: row.try_get("otp")?,
            target: row.try_get("target")?,
            target_key: row.try_get("target_key")?,
            expires_at: row.try_get("expires_at")?,
            attempts: row.try_get("attempts")?,
            state: row.try_get("state")?,
            used_by: row.try_get("used_by")?,
        })
    }
}

impl Codes {
    pub fn new(pool: PgPool, lookup: LookupKey) -> Self {
        Self { pool, lookup }
    }

    /// Makes a code of the operating system's randomness, which is valid as soon as it is stored.
    pub fn make(purpose: Purpose, now: DateTime<Utc>) -> Result<Fresh, NoRandomness> {
        let id = Uuid::now_v7();
        let text = match purpose {
            Purpose::Verification | Purpose::EmailChange => digits()?,
            Purpose::PasswordReset => {
                let secret: [u8; 32] = random()?;
                format!("{id}.{}", URL_SAFE_NO_PAD.encode(secret))
            }
        };
        Ok(Fresh {
            id,
            text,
            expires_at: now + lifetime(purpose),
        })
    }

    /// Stores a code, which replaces the last one of its kind.
    pub async fn store<T>(
        &self,
        about: About,
        fresh: &Fresh,
        target: &Personal<T>,
        target_key: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<(), CodeError> {
        sqlx::query(
            "insert into otps (id, user_id, purpose, channel, otp, target, target_key, created_at, expires_at) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
             on conflict (user_id, purpose, channel) do update set id = excluded.id, otp = excluded.otp, \
             target = excluded.target, target_key = excluded.target_key, created_at = excluded.created_at, \
             expires_at = excluded.expires_at, attempts = 0, state = 'LIVE', used_by = null",
        )
        .bind(fresh.id)
        .bind(about.user_id.uuid())
        .bind(<&str>::from(about.purpose))
        .bind(<&str>::from(about.channel))
        .bind(&self.tag(fresh.id, &fresh.text)[..])
        .bind(target.as_sealed())
        .bind(target_key)
        .bind(now)
        .bind(fresh.expires_at)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Uses a code up for a request. The same request may be repeated.
    pub async fn prove(
        &self,
        about: About,
        text: &str,
        request_id: Uuid,
        now: DateTime<Utc>,
    ) -> Result<Proven, CodeError> {
        let mut transaction = eventsourcing::begin(&self.pool).await?;
        let row: Option<Row> = sqlx::query_as(
            "select * from otps where user_id = $1 and purpose = $2 and channel = $3 for update",
        )
        .bind(about.user_id.uuid())
        .bind(<&str>::from(about.purpose))
        .bind(<&str>::from(about.channel))
        .fetch_optional(&mut *transaction)
        .await?;
        let proven = self
            .judge(&mut transaction, row, text, request_id, now)
            .await;
        // A wrong code counts, too.
        transaction.commit().await?;
        proven
    }

    /// Uses up a reset token, which itself names its user, in a transaction that the caller must
    /// commit whatever the result is.
    pub async fn prove_reset(
        &self,
        connection: &mut PgConnection,
        token: &str,
        request_id: Uuid,
        now: DateTime<Utc>,
    ) -> Result<Proven, CodeError> {
        let row = self.reset_row(connection, token, true).await?;
        self.judge(connection, row, token, request_id, now).await
    }

    /// The user of a reset token, if the token is right; nothing is counted or used up.
    pub async fn peek_reset(
        &self,
        token: &str,
        request_id: Uuid,
        now: DateTime<Utc>,
    ) -> Result<Option<UserId>, CodeError> {
        let mut connection = self.pool.acquire().await?;
        let row = self.reset_row(&mut connection, token, false).await?;
        Ok(row
            .filter(|row| {
                let verdict = row.verdict(self.matches(row, token), request_id, now);
                matches!(verdict, Verdict::Right | Verdict::Repeated)
            })
            .map(|row| row.user_id.into()))
    }

    /// Deletes the codes of a user, except those for one purpose: they were sent to an address that
    /// the user no longer has, or the account was closed.
    pub async fn withdraw(&self, user_id: UserId, keep: Option<Purpose>) -> Result<(), CodeError> {
        sqlx::query("delete from otps where user_id = $1 and purpose is distinct from $2")
            .bind(user_id.uuid())
            .bind(keep.map(<&str>::from))
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    async fn reset_row(
        &self,
        connection: &mut PgConnection,
        token: &str,
        lock: bool,
    ) -> Result<Option<Row>, sqlx::Error> {
        let Some(id) = token
            .split_once('.')
            .and_then(|(id, _)| id.parse::<Uuid>().ok())
        else {
            return Ok(None);
        };
        let select = "select * from otps where id = $1 and purpose = $2";
        let locked = format!("{select} for update");
        sqlx::query_as(if lock { &locked } else { select })
            .bind(id)
            .bind(<&str>::from(Purpose::PasswordReset))
            .fetch_optional(connection)
            .await
    }

    async fn judge(
        &self,
        connection: &mut PgConnection,
        row: Option<Row>,
        text: &str,
        request_id: Uuid,
        now: DateTime<Utc>,
    ) -> Result<Proven, CodeError> {
        let Some(row) = row else {
            return Err(CodeError::Expired);
        };
        let verdict = row.verdict(self.matches(&row, text), request_id, now);
        let (state, attempts) = match verdict {
            Verdict::Expired => return Err(CodeError::Expired),
            Verdict::Repeated => return Ok(row.proven(true)),
            Verdict::Right => ("USED", row.attempts),
            Verdict::Wrong { attempts } if attempts >= MAX_ATTEMPTS => ("LOCKED", attempts),
            Verdict::Wrong { attempts } => ("LIVE", attempts),
        };
        let used_by = (verdict == Verdict::Right).then_some(request_id);
        sqlx::query("update otps set state = $2, attempts = $3, used_by = $4 where id = $1")
            .bind(row.id)
            .bind(state)
            .bind(attempts)
            .bind(used_by)
            .execute(connection)
            .await?;
        match verdict {
            Verdict::Right => Ok(row.proven(false)),
            _ => Err(CodeError::Wrong {
                attempts_left: MAX_ATTEMPTS - attempts,
            }),
        }
    }

    fn tag(&self, id: Uuid, text: &str) -> [u8; 32] {
        self.lookup.tag(TAG, &bound(id, text))
    }

    fn matches(&self, row: &Row, text: &str) -> bool {
        self.lookup.matches(TAG, &bound(row.id, text), &row.otp)
    }
}

/// Two users who are sent the same digits have different tags.
fn bound(id: Uuid, text: &str) -> Vec<u8> {
    [id.as_bytes(), text.as_bytes()].concat()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Right,
    Repeated,
    Wrong { attempts: i32 },
    Expired,
}

impl Row {
    fn verdict(&self, matches: bool, request_id: Uuid, now: DateTime<Utc>) -> Verdict {
        match self.state.as_str() {
            "USED" if matches && self.used_by == Some(request_id) => Verdict::Repeated,
            "LIVE" if self.expires_at <= now || self.attempts >= MAX_ATTEMPTS => Verdict::Expired,
            "LIVE" if matches => Verdict::Right,
            "LIVE" => Verdict::Wrong {
                attempts: self.attempts + 1,
            },
            _ => Verdict::Expired,
        }
    }

    fn proven(self, repeated: bool) -> Proven {
        Proven {
            id: self.id,
            user_id: self.user_id.into(),
            target: self.target,
            target_key: self.target_key,
            repeated,
        }
    }
}

fn lifetime(purpose: Purpose) -> TimeDelta {
    match purpose {
        Purpose::Verification | Purpose::EmailChange => TimeDelta::minutes(10),
        Purpose::PasswordReset => TimeDelta::minutes(30),
    }
}

/// Six random digits, each number as likely as the next.
fn digits() -> Result<String, NoRandomness> {
    let range = NonZero::new(CODES).ok_or(NoRandomness)?;
    // Numbers from the last, incomplete round would come more often.
    let whole_rounds = u32::MAX - u32::MAX % range;
    loop {
        let mut bytes = [0; 4];
        SystemRandom::new()
            .fill(&mut bytes)
            .map_err(|_| NoRandomness)?;
        let number = u32::from_be_bytes(bytes);
        if number < whole_rounds {
            return Ok(format!("{:0DIGITS$}", number % range));
        }
    }
}

#[cfg(test)]
mod tests;

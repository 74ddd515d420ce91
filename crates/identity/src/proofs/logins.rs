//! Logins and the refresh tokens that continue them.
//!
//! Each refresh token is exchanged once for the next one. Its immediate predecessor may come a
//! second time within a time of grace, because answers get lost. Any other token that comes again
//! means that two parties have it, and ends the login for both.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use eventsourcing::personal::{LookupKey, Personal};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, PgPool};
use strum::IntoStaticStr;
use uuid::Uuid;

use super::random::{NoRandomness, random};
use crate::domain::values::UserId;

/// The predecessor of an unused token is accepted once more within this time.
pub const GRACE: TimeDelta = TimeDelta::seconds(30);

const TAG: &str = "refresh-token";
const SEAL: &str = "refresh-token.issued";
const SECRET_LENGTH: usize = 32;

/// The logins of all users. Cheap to clone.
#[derive(Clone)]
pub struct Logins {
    pool: PgPool,
    lookup: LookupKey,
    lifetime: TimeDelta,
}

/// A refresh token that was given out.
#[derive(Clone)]
pub struct Issued {
    pub login_id: Uuid,
    /// Only a keyed hash of the token is stored.
    pub refresh_token: String,
    /// The login ends then, however often the token is exchanged.
    pub expires_at: DateTime<Utc>,
}

/// Why a login has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum EndReason {
    LoggedOut,
    /// The user, or an admin, ended all logins.
    LoggedOutEverywhere,
    /// A reset token has set a new password.
    PasswordReset,
    /// The password was changed from another login.
    PasswordChanged,
    /// A token came that had been exchanged before.
    Reused,
    /// The account was closed or erased.
    Closed,
}

/// The result of offering a token.
#[derive(Clone)]
pub enum Exchange {
    /// The token was valid, and this one replaces it.
    Next { user_id: UserId, issued: Issued },
    /// The token was exchanged before, and the login has ended.
    Reused {
        user_id: UserId,
        login_id: Uuid,
        /// Whether the reuse is not recorded in the log yet.
        unreported: bool,
    },
    /// The token was not issued here, or its login has ended or expired.
    Invalid,
}

/// The result of ending a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The login has ended, now or before.
    Over,
    /// The user has no such login.
    NotFound,
}

/// Why a login could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    #[error("the logins cannot be reached")]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
}

impl Logins {
    /// The logins in the schema of the pool. Each can be continued for the lifetime after it began.
    pub fn new(pool: PgPool, lookup: LookupKey, lifetime: TimeDelta) -> Self {
        Self {
            pool,
            lookup,
            lifetime,
        }
    }

    pub async fn begin(
        &self,
        login_id: Uuid,
        user_id: UserId,
        client_address: Option<Personal<String>>,
        now: DateTime<Utc>,
    ) -> Result<Issued, LoginError> {
        let (refresh_token, tag) = self.token(login_id)?;
        let expires_at = now + self.lifetime;
        sqlx::query(
            "insert into logins (login_id, user_id, current_tag, created_at, rotated_at, expires_at, client_address) \
             values ($1, $2, $3, $4, $4, $5, $6)",
        )
        .bind(login_id)
        .bind(user_id.uuid())
        .bind(&tag[..])
        .bind(now)
        .bind(expires_at)
        .bind(client_address.as_ref().map(Personal::as_sealed))
        .execute(&self.pool)
        .await?;
        Ok(Issued {
            login_id,
            refresh_token,
            expires_at,
        })
    }

    /// Exchanges a token for the next one. When several race with one token, one gets the next
    /// token, a second gets one within the time of grace, and a third ends the login.
    pub async fn exchange(
        &self,
        offered: &str,
        now: DateTime<Utc>,
    ) -> Result<Exchange, LoginError> {
        let Some((login_id, tag)) = self.read(offered) else {
            return Ok(Exchange::Invalid);
        };
        let mut transaction = eventsourcing::begin(&self.pool).await?;
        let row = sqlx::query("select * from logins where login_id = $1 for update")
            .bind(login_id)
            .fetch_optional(&mut *transaction)
            .await?;
        let Some(row) = row else {
            return Ok(Exchange::Invalid);
        };
        let login = Login::from_row(&row)?;
        let exchange = match login.family.decide(&tag, now) {
            Decision::Invalid => Exchange::Invalid,
            Decision::Reused => {
                end(&mut transaction, login_id, EndReason::Reused, now).await?;
                Exchange::Reused {
                    user_id: login.user_id,
                    login_id,
                    unreported: !login.reported,
                }
            }
            Decision::Next(next) => {
                let (refresh_token, new_tag) = self.token(login_id)?;
                let family = login.family.advanced(next, new_tag, now);
                family.store(&mut transaction, login_id).await?;
                Exchange::Next {
                    user_id: login.user_id,
                    issued: Issued {
                        login_id,
                        refresh_token,
                        expires_at: family.expires_at,
                    },
                }
            }
        };
        transaction.commit().await?;
        Ok(exchange)
    }

    /// Notes that the reuse is recorded in the log.
    pub async fn note_report(&self, login_id: Uuid, now: DateTime<Utc>) -> Result<(), LoginError> {
        sqlx::query("update logins set told_at = $2 where login_id = $1")
            .bind(login_id)
            .bind(now)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    pub async fn end(
        &self,
        user_id: UserId,
        login_id: Uuid,
        reason: EndReason,
        now: DateTime<Utc>,
    ) -> Result<Ended, LoginError> {
        let known = sqlx::query(
            "update logins set ended_at = coalesce(ended_at, $3), end_reason = coalesce(end_reason, $4) \
             where login_id = $1 and user_id = $2",
        )
        .bind(login_id)
        .bind(user_id.uuid())
        .bind(now)
        .bind(<&str>::from(reason))
        .execute(&self.pool)
        .await?
        .rows_affected();
        Ok(if known == 0 {
            Ended::NotFound
        } else {
            Ended::Over
        })
    }

    /// Ends all logins of a user whose account was closed or erased, and returns how many there
    /// were.
    pub async fn end_all(&self, user_id: UserId) -> Result<u64, LoginError> {
        let mut connection = self.pool.acquire().await?;
        let over = end_all(
            &mut connection,
            user_id,
            None,
            EndReason::Closed,
            Utc::now(),
        )
        .await?;
        // Nobody needs to know any more where the user logged in from.
        sqlx::query("update logins set client_address = null where user_id = $1")
            .bind(user_id.uuid())
            .execute(&mut *connection)
            .await?;
        Ok(over)
    }

    /// A new token of a login, and the tag of the token.
    fn token(&self, login_id: Uuid) -> Result<(String, [u8; 32]), NoRandomness> {
        let secret: [u8; SECRET_LENGTH] = random()?;
        let seal = self.lookup.tag(SEAL, &bound(login_id, &secret));
        let issued = [secret, seal].concat();
        let token = format!("{login_id}.{}", URL_SAFE_NO_PAD.encode(&issued));
        Ok((token, self.lookup.tag(TAG, &issued)))
    }

    /// The login and the tag of a token that was issued here at any time. Anything else says
    /// nothing about a login, so that nobody can end one by making up a token for its id.
    fn read(&self, token: &str) -> Option<(Uuid, [u8; 32])> {
        let (login_id, secret) = token.split_once('.')?;
        let login_id: Uuid = login_id.parse().ok()?;
        let issued = URL_SAFE_NO_PAD.decode(secret).ok()?;
        let (secret, seal) = issued.split_at_checked(SECRET_LENGTH)?;
        let bound = bound(login_id, secret);
        self.lookup
            .matches(SEAL, &bound, seal)
            .then(|| (login_id, self.lookup.tag(TAG, &issued)))
    }
}

fn bound(login_id: Uuid, secret: &[u8]) -> Vec<u8> {
    [login_id.as_bytes(), secret].concat()
}

/// Ends all logins of a user but the one to keep, and returns how many there were.
pub(crate) async fn end_all(
    connection: &mut PgConnection,
    user_id: UserId,
    keep: Option<Uuid>,
    reason: EndReason,
    now: DateTime<Utc>,
) -> Result<u64, sqlx::Error> {
    let ended = sqlx::query(
        "update logins set ended_at = $3, end_reason = $4 \
         where user_id = $1 and ended_at is null and login_id is distinct from $2",
    )
    .bind(user_id.uuid())
    .bind(keep)
    .bind(now)
    .bind(<&str>::from(reason))
    .execute(connection)
    .await?;
    Ok(ended.rows_affected())
}

async fn end(
    connection: &mut PgConnection,
    login_id: Uuid,
    reason: EndReason,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update logins set ended_at = coalesce(ended_at, $2), end_reason = coalesce(end_reason, $3) \
         where login_id = $1",
    )
    .bind(login_id)
    .bind(now)
    .bind(<&str>::from(reason))
    .execute(connection)
    .await
    .map(drop)
}

struct Login {
    user_id: UserId,
    reported: bool,
    family: Family,
}

impl Login {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        use sqlx::Row as _;
        let user_id: Uuid = row.try_get("user_id")?;
        let told_at: Option<DateTime<Utc>> = row.try_get("told_at")?;
        let ended_at: Option<DateTime<Utc>> = row.try_get("ended_at")?;
        let end_reason: Option<String> = row.try_get("end_reason")?;
        Ok(Self {
            user_id: user_id.into(),
            reported: told_at.is_some(),
            family: Family {
                current: row.try_get("current_tag")?,
                previous: row.try_get("previous_tag")?,
                generation: row.try_get("generation")?,
                grace_used: row.try_get("grace_used")?,
                rotated_at: row.try_get("rotated_at")?,
                expires_at: row.try_get("expires_at")?,
                ended: ended_at.is_some(),
                reused: end_reason.as_deref() == Some(EndReason::Reused.into()),
            },
        })
    }
}

/// The tokens of one login, as far as they are remembered.
#[derive(Clone, Debug)]
struct Family {
    current: Vec<u8>,
    previous: Option<Vec<u8>>,
    generation: i64,
    grace_used: bool,
    rotated_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    ended: bool,
    /// The login ended because of a reuse.
    reused: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Decision {
    Next(Next),
    Reused,
    Invalid,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// The current token is followed by its successor.
    Successor,
    /// The unused successor of the previous token is replaced.
    Replacement,
}

impl Family {
    /// Decides about a token that was issued for this login. The tags are keyed hashes of random
    /// secrets, so the time that a comparison takes reveals nothing about them.
    fn decide(&self, tag: &[u8], now: DateTime<Utc>) -> Decision {
        if self.reused {
            return Decision::Reused;
        }
        if self.ended || self.expires_at <= now {
            return Decision::Invalid;
        }
        if self.current == tag {
            return Decision::Next(Next::Successor);
        }
        let in_grace = !self.grace_used && now < self.rotated_at + GRACE;
        if in_grace && self.previous.as_deref() == Some(tag) {
            return Decision::Next(Next::Replacement);
        }
        Decision::Reused
    }

    fn advanced(mut self, next: Next, tag: [u8; 32], now: DateTime<Utc>) -> Self {
        let replaced = std::mem::replace(&mut self.current, tag.to_vec());
        match next {
            Next::Successor => {
                self.previous = Some(replaced);
                self.grace_used = false;
                self.rotated_at = now;
            }
            Next::Replacement => self.grace_used = true,
        }
        self.generation += 1;
        self
    }

    async fn store(
        &self,
        connection: &mut PgConnection,
        login_id: Uuid,
    ) -> Result<(), sqlx::Error> {
        sqlx::query(
            "update logins set current_tag = $2, previous_tag = $3, generation = $4, grace_used = $5, \
             rotated_at = $6 where login_id = $1",
        )
        .bind(login_id)
        .bind(&self.current)
        .bind(&self.previous)
        .bind(self.generation)
        .bind(self.grace_used)
        .bind(self.rotated_at)
        .execute(connection)
        .await
        .map(drop)
    }
}

#[cfg(test)]
mod tests;

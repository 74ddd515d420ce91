//! Failed attempts, counted in a table so that a restart forgets nothing.
//!
//! Three counters stand in the way of guessing: one of an account from one network, one of the
//! network over all accounts, and one of the account over all networks from which it was never
//! entered. From a network from which the account was entered before, only the first counts, so
//! that an attacker elsewhere cannot lock the owner out. When a counter has used up its free
//! attempts, each further attempt has to wait twice as long as the last; an attempt that comes too
//! early neither counts nor costs a hash.

use chrono::{DateTime, TimeDelta, Utc};
use eventsourcing::personal::LookupKey;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgConnection, PgPool, Row as _};
use strum::IntoStaticStr;

const LONGEST_DELAY: TimeDelta = TimeDelta::minutes(15);
/// A login from a known network is noted again after this time.
const NOTED_FOR: TimeDelta = TimeDelta::hours(1);

/// Counts attempts of one sort. Cheap to clone.
#[derive(Clone)]
pub struct Attempts {
    pool: PgPool,
    lookup: LookupKey,
    sort: Sort,
}

/// What an attempt is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    Login,
    /// A password of somebody who is logged in.
    Password,
    /// A letter with a code or a reset token, each of which counts.
    Letter,
}

/// Who makes an attempt: keyed tags that reveal neither account nor network without the key.
#[derive(Clone)]
pub struct Tried {
    account: [u8; 32],
    pair: [u8; 32],
    network: Option<[u8; 32]>,
    known: [u8; 32],
}

/// Why an attempt is refused.
#[derive(Debug, thiserror::Error)]
pub enum AttemptError {
    #[error("too many attempts: try again later")]
    TooMany {
        /// The next attempt has to wait this long.
        after: TimeDelta,
    },
    #[error("the counters of attempts cannot be reached")]
    Database(#[from] sqlx::Error),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
enum Kind {
    Pair,
    Network,
    Account,
}

/// How a counter slows attempts down.
#[derive(Clone, Copy, Debug)]
struct Policy {
    /// The number of attempts without delay.
    free: i32,
    /// The delay after the last free one.
    first_delay: TimeDelta,
    /// The counter begins anew after this time without an attempt.
    forgotten_after: TimeDelta,
}

impl Sort {
    fn name(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Password => "password",
            Self::Letter => "letter",
        }
    }

    fn policy(self, kind: Kind) -> Policy {
        let (free, first_delay) = match (self, kind) {
            (Self::Login | Self::Password, Kind::Pair) => (5, TimeDelta::seconds(1)),
            (Self::Login | Self::Password, Kind::Account) => (20, TimeDelta::seconds(1)),
            (Self::Letter, Kind::Pair) => (5, TimeDelta::seconds(30)),
            (_, Kind::Network) => (100, TimeDelta::seconds(1)),
            (Self::Letter, Kind::Account) => (10, TimeDelta::seconds(30)),
        };
        let forgotten_after = match kind {
            Kind::Pair | Kind::Account => TimeDelta::hours(24),
            Kind::Network => TimeDelta::hours(1),
        };
        Policy {
            free,
            first_delay,
            forgotten_after,
        }
    }
}

/// What is stored of somebody who makes an attempt.
struct Counters {
    counters: Vec<Counter>,
    /// When the account was last entered from this network, to the hour.
    known: Option<DateTime<Utc>>,
}

struct Counter {
    key: Vec<u8>,
    kind: String,
    attempts: i32,
    last_at: DateTime<Utc>,
    blocked_until: Option<DateTime<Utc>>,
}

impl FromRow<'_, PgRow> for Counter {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            key: row.try_get("key")?,
            kind: row.try_get("kind")?,
            attempts: row.try_get("attempts")?,
            last_at: row.try_get("last_at")?,
            blocked_until: row.try_get("blocked_until")?,
        })
    }
}

impl Attempts {
    pub fn new(pool: PgPool, lookup: LookupKey, sort: Sort) -> Self {
        Self { pool, lookup, sort }
    }

    /// An attempt from a network on an account, which is named by its address' fingerprint or by
    /// the user's id, whether or not there is such an account.
    pub fn on(&self, account: &str, network: &str) -> Tried {
        let of = |purpose: &str, value: &str| self.key(purpose, value);
        Tried {
            account: of("account", account),
            pair: of("pair", &format!("{account} {network}")),
            network: Some(of("network", network)),
            // Logins make a network known to all sorts.
            known: self
                .lookup
                .tag("attempts.known", format!("{account} {network}").as_bytes()),
        }
    }

    /// An attempt of somebody who is logged in. Only their account counts, because nobody else can
    /// use it up.
    pub fn by(&self, user: &str) -> Tried {
        Tried {
            network: None,
            ..self.on(user, "")
        }
    }

    /// Refuses an attempt that comes too early. This is asked before any work is done for it.
    pub async fn check(&self, tried: &Tried, now: DateTime<Utc>) -> Result<(), AttemptError> {
        let mut connection = self.pool.acquire().await?;
        let Counters { counters, known } = self.counters(&mut connection, tried, false).await?;
        refuse_early(&counters, tried, known.is_some(), now)
    }

    /// Counts an attempt that failed, or a letter. Of several that were checked at the same time,
    /// only as many are answered as there are attempts left.
    pub async fn count(&self, tried: &Tried, now: DateTime<Utc>) -> Result<(), AttemptError> {
        let mut transaction = eventsourcing::begin(&self.pool).await?;
        let Counters { counters, known } = self.counters(&mut transaction, tried, true).await?;
        refuse_early(&counters, tried, known.is_some(), now)?;
        for (kind, key) in tried.counted(known.is_some()) {
            let counter = counters.iter().find(|counter| counter.key == key);
            let (attempts, delay) = self.sort.policy(kind).after(counter, now);
            sqlx::query(
                "update login_attempts set kind = $2, account = $3, attempts = $4, last_at = $5, blocked_until = $6 \
                 where key = $1",
            )
            .bind(&key[..])
            .bind(<&str>::from(kind))
            .bind((kind != Kind::Network).then_some(&tried.account[..]))
            .bind(attempts)
            .bind(now)
            .bind(delay.map(|delay| now + delay))
            .execute(&mut *transaction)
            .await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Notes a success: the account's attempts from this network are deleted, and the network is
    /// known from now on. It is refused when so many others have failed meanwhile that this attempt
    /// came too early: somebody who guesses many at once does not learn which one was right.
    pub async fn succeeded(&self, tried: &Tried, now: DateTime<Utc>) -> Result<(), AttemptError> {
        let mut connection = self.pool.acquire().await?;
        let Counters { counters, known } = self.counters(&mut connection, tried, false).await?;
        refuse_early(&counters, tried, known.is_some(), now)?;
        let failed_before = counters.iter().any(|counter| counter.key == tried.pair);
        let to_note = tried.network.is_some() && known.is_none_or(|noted| now - noted > NOTED_FOR);
        if failed_before || to_note {
            sqlx::query(
                "with forgotten as (delete from login_attempts where key = $1 returning 1) \
                 insert into login_attempts (key, kind, account, last_at) \
                 select $2, 'KNOWN', $3, $4 from (select count(*) from forgotten) first where $5 \
                 on conflict (key) do update set last_at = greatest(login_attempts.last_at, excluded.last_at)",
            )
            .bind(&tried.pair[..])
            .bind(&tried.known[..])
            .bind(&tried.account[..])
            .bind(now)
            .bind(to_note)
            .execute(&mut *connection)
            .await?;
        }
        Ok(())
    }

    /// Deletes the failed attempts on an account, in a transaction: the owner has proved who they
    /// are in another way.
    pub async fn forget(
        &self,
        connection: &mut PgConnection,
        account: &str,
    ) -> Result<(), sqlx::Error> {
        sqlx::query(
            "with old as (select key from login_attempts where account = $1 and kind <> 'KNOWN' \
             order by key for update) \
             delete from login_attempts using old where login_attempts.key = old.key",
        )
        .bind(&self.key("account", account)[..])
        .execute(connection)
        .await
        .map(drop)
    }

    /// Deletes the failed attempts and the known networks of an account whose owner was erased.
    pub async fn erase(
        &self,
        connection: &mut PgConnection,
        account: &str,
    ) -> Result<(), sqlx::Error> {
        self.forget(connection, account).await?;
        sqlx::query("delete from login_attempts where account = $1")
            .bind(&self.key("account", account)[..])
            .execute(connection)
            .await
            .map(drop)
    }

    fn key(&self, purpose: &str, value: &str) -> [u8; 32] {
        let purpose = format!("attempts.{}.{purpose}", self.sort.name());
        self.lookup.tag(&purpose, value.as_bytes())
    }

    /// Reads what is stored of somebody who makes an attempt. With `lock` the counters are made
    /// first, and locked in the order of their keys until the transaction ends.
    async fn counters(
        &self,
        connection: &mut PgConnection,
        tried: &Tried,
        lock: bool,
    ) -> Result<Counters, sqlx::Error> {
        let mut keys = vec![&tried.account[..], &tried.pair[..]];
        keys.extend(tried.network.as_ref().map(|key| &key[..]));
        if lock {
            keys.sort_unstable();
            sqlx::query(
                "insert into login_attempts (key, kind, last_at) \
                 select key, 'PAIR', to_timestamp(0) from unnest($1::bytea[]) with ordinality as k (key, place) \
                 order by place on conflict (key) do nothing",
            )
            .bind(&keys)
            .execute(&mut *connection)
            .await?;
        } else {
            keys.push(&tried.known[..]);
        }
        let select = "select key, kind, attempts, last_at, blocked_until from login_attempts where key = any ($1)";
        let sql = if lock {
            format!("{select} order by key for update")
        } else {
            select.to_owned()
        };
        let mut counters: Vec<Counter> = sqlx::query_as(&sql)
            .bind(&keys)
            .fetch_all(&mut *connection)
            .await?;
        let known = if lock {
            sqlx::query_scalar("select last_at from login_attempts where key = $1")
                .bind(&tried.known[..])
                .fetch_optional(connection)
                .await?
        } else {
            let known = counters.iter().find(|counter| counter.kind == "KNOWN");
            known.map(|counter| counter.last_at)
        };
        counters.retain(|counter| counter.kind != "KNOWN");
        Ok(Counters { counters, known })
    }
}

/// Refuses when one of the counters that count makes the attempt wait.
fn refuse_early(
    counters: &[Counter],
    tried: &Tried,
    known: bool,
    now: DateTime<Utc>,
) -> Result<(), AttemptError> {
    let counted = tried.counted(known);
    let wait = counters
        .iter()
        .filter(|counter| counted.iter().any(|(_, key)| counter.key == *key))
        .filter_map(|counter| counter.blocked_until)
        .max();
    match wait {
        Some(until) if until > now => Err(AttemptError::TooMany { after: until - now }),
        _ => Ok(()),
    }
}

impl Tried {
    /// The counters in which the attempt counts.
    fn counted(&self, known: bool) -> Vec<(Kind, [u8; 32])> {
        let mut counted = vec![(Kind::Pair, self.pair)];
        if let (false, Some(network)) = (known, self.network) {
            counted.push((Kind::Network, network));
            counted.push((Kind::Account, self.account));
        }
        counted
    }
}

impl Policy {
    /// The number of attempts with this one, and how long the next has to wait.
    fn after(self, counter: Option<&Counter>, now: DateTime<Utc>) -> (i32, Option<TimeDelta>) {
        let before = counter
            .filter(|counter| counter.last_at + self.forgotten_after > now)
            .map_or(0, |counter| counter.attempts);
        let attempts = before.saturating_add(1);
        let doublings = u32::try_from(attempts - self.free).ok();
        let delay = doublings.map(|doublings| {
            let factor = 1_i32.checked_shl(doublings.min(16)).unwrap_or(i32::MAX);
            self.first_delay
                .checked_mul(factor)
                .unwrap_or(LONGEST_DELAY)
                .min(LONGEST_DELAY)
        });
        (attempts, delay)
    }
}

#[cfg(test)]
mod tests;

//! The keys that sign access tokens. The first is made on the first start, and each is replaced in
//! time.
//!
//! A new key is listed before it signs, so that every service knows the key when it checks a token.
//! The key before it stays listed until the last token that it signed has expired, and then
//! retires: its public half is kept for the certificates of erasure that it signed. All instances
//! agree through the table, which each reads every few seconds.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use eventsourcing::personal::{Keyring, Opened, Personal, PersonalError};
use service::auth::{KeyError, KeyPair};
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgConnection, PgPool, Row as _};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::IdentitySettings;

/// The subject for whom private keys are sealed. No user or child has this id.
const SUBJECT: Uuid = Uuid::from_u128(u128::MAX - 1);
/// The lock of those who make keys.
const LOCK: i64 = 7_123;
/// What was read from the table is used for this long.
const FRESH: Duration = Duration::from_secs(5);
/// A key is listed for this long before it signs, or for half its lifetime if that is shorter.
const LISTED_BEFORE: TimeDelta = TimeDelta::seconds(60);
/// An old key may still sign for this long: clocks differ, and the table was read a while ago.
const SLACK: TimeDelta = TimeDelta::seconds(60);

/// The signing keys of identity. Cheap to clone; clones share what was read.
#[derive(Clone)]
pub struct SigningKeys {
    inner: Arc<Inner>,
}

struct Inner {
    pool: PgPool,
    keyring: Keyring,
    lifetime: TimeDelta,
    token_lifetime: TimeDelta,
    read: Mutex<Option<(Arc<Vec<StoredKey>>, Instant)>>,
}

/// A key as the table has it.
#[derive(Clone)]
pub struct StoredKey {
    /// The `kid` of its tokens.
    pub id: String,
    /// The 32 bytes of an Ed25519 public key.
    pub public_key: Vec<u8>,
    pub signs_from: DateTime<Utc>,
    /// The moment when the last token of the key had expired.
    pub retired_at: Option<DateTime<Utc>>,
    pair: Option<KeyPair>,
}

/// Why there is no key to sign with.
#[derive(Debug, thiserror::Error)]
pub enum SigningKeyError {
    #[error("the signing keys cannot be reached")]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Personal(#[from] PersonalError),
    #[error(transparent)]
    Key(#[from] KeyError),
    /// No key signs now, because every one begins later.
    #[error("there is no signing key")]
    NotFound,
}

struct Row {
    key_id: String,
    public_key: Vec<u8>,
    sealed: Option<String>,
    signs_from: DateTime<Utc>,
    retired_at: Option<DateTime<Utc>>,
}

impl FromRow<'_, PgRow> for Row {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            key_id: row.try_get("key_id")?,
            public_key: row.try_get("public_key")?,
            sealed: row.try_get("sealed")?,
            signs_from: row.try_get("signs_from")?,
            retired_at: row.try_get("retired_at")?,
        })
    }
}

impl SigningKeys {
    /// Opens the keys in the schema of the pool, and makes the first one, which signs at once.
    pub async fn open(
        pool: PgPool,
        keyring: Keyring,
        settings: &IdentitySettings,
    ) -> Result<Self, SigningKeyError> {
        let lasting = |duration| TimeDelta::from_std(duration).unwrap_or(TimeDelta::days(36_500));
        let keys = Self {
            inner: Arc::new(Inner {
                pool,
                keyring,
                lifetime: lasting(settings.signing_key_lifetime),
                token_lifetime: lasting(settings.access_token_lifetime),
                read: Mutex::new(None),
            }),
        };
        if keys.newest().await?.is_none() {
            keys.add(Utc::now(), |newest| newest.is_none()).await?;
        }
        Ok(keys)
    }

    /// The key that signs now.
    pub async fn current(&self, now: DateTime<Utc>) -> Result<KeyPair, SigningKeyError> {
        let keys = self.read().await?;
        keys.iter()
            .filter(|key| key.signs_from <= now)
            .find_map(|key| key.pair.clone())
            .ok_or(SigningKeyError::NotFound)
    }

    /// All keys whose tokens may be valid now or soon; the one that signs comes first.
    pub async fn listed(&self, now: DateTime<Utc>) -> Result<Vec<StoredKey>, SigningKeyError> {
        let keys = self.read().await?;
        let used = keys.iter().filter(|key| key.retired_at.is_none()).cloned();
        let (mut signing, coming): (Vec<StoredKey>, Vec<StoredKey>) =
            used.partition(|key| key.signs_from <= now);
        signing.extend(coming);
        Ok(signing)
    }

    /// The keys by which no token is valid any more, newest first.
    pub async fn retired(&self) -> Result<Vec<StoredKey>, SigningKeyError> {
        let keys = self.read().await?;
        let retired = keys.iter().filter(|key| key.retired_at.is_some());
        Ok(retired.cloned().collect())
    }

    /// Makes the next key, which is listed at once and takes over soon. Returns its id, and when it
    /// begins to sign.
    pub async fn rotate(&self) -> Result<(String, DateTime<Utc>), SigningKeyError> {
        let signs_from = Utc::now() + self.listed_before();
        let made = self.add(signs_from, |_| true).await?;
        made.map(|id| (id, signs_from))
            .ok_or(SigningKeyError::NotFound)
    }

    /// Makes the next key when the newest has signed for its lifetime, destroys the private halves
    /// that no longer sign, and retires the keys whose tokens have expired. Returns whether a key
    /// was made.
    pub async fn step(&self, now: DateTime<Utc>) -> Result<bool, SigningKeyError> {
        let is_due = |newest: Option<DateTime<Utc>>| {
            newest.is_none_or(|signs_from| signs_from + self.inner.lifetime <= now)
        };
        let mut made = false;
        if is_due(self.newest().await?) {
            let signs_from = now + self.listed_before();
            made = self.add(signs_from, is_due).await?.is_some();
        }
        let successors =
            "(select min(n.signs_from) from signing_keys n where n.signs_from > k.signs_from)";
        sqlx::query(&format!(
            "update signing_keys k set sealed = null where sealed is not null and {successors} < $1"
        ))
        .bind(now - SLACK)
        .execute(&self.inner.pool)
        .await?;
        sqlx::query(&format!(
            "update signing_keys k set retired_at = $2 where retired_at is null and {successors} < $1"
        ))
        .bind(now - SLACK - self.inner.token_lifetime)
        .bind(now)
        .execute(&self.inner.pool)
        .await?;
        Ok(made)
    }

    /// Repeats the step until the stop.
    pub async fn run(self, stop: CancellationToken) {
        let pause = (self.inner.lifetime / 20)
            .to_std()
            .unwrap_or_default()
            .clamp(Duration::from_secs(1), Duration::from_mins(1));
        loop {
            match self.step(Utc::now()).await {
                Ok(true) => tracing::info!("a new signing key was made"),
                Ok(false) => {}
                Err(error) => tracing::warn!(%error, "the signing keys were not looked after"),
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    fn listed_before(&self) -> TimeDelta {
        LISTED_BEFORE.min(self.inner.lifetime / 2)
    }

    async fn newest(&self) -> Result<Option<DateTime<Utc>>, SigningKeyError> {
        let mut connection = self.inner.pool.acquire().await?;
        Ok(newest(&mut connection).await?)
    }

    /// Adds a key under the lock, if it is still wanted there.
    async fn add(
        &self,
        signs_from: DateTime<Utc>,
        wanted: impl Fn(Option<DateTime<Utc>>) -> bool,
    ) -> Result<Option<String>, SigningKeyError> {
        let pair = KeyPair::generate()?;
        let sealer = self.inner.keyring.sealer(SUBJECT).await?;
        let private = sealer.seal(&pair.to_text())?;
        let mut transaction = eventsourcing::begin(&self.inner.pool).await?;
        sqlx::query("select pg_advisory_xact_lock($1)")
            .bind(LOCK)
            .execute(&mut *transaction)
            .await?;
        if !wanted(newest(&mut transaction).await?) {
            return Ok(None);
        }
        sqlx::query(
            "insert into signing_keys (key_id, public_key, sealed, created_at, signs_from) \
             values ($1, $2, $3, now(), $4)",
        )
        .bind(pair.id())
        .bind(pair.public_key())
        .bind(private.as_sealed())
        .bind(signs_from)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        *self.inner.read.lock().await = None;
        Ok(Some(pair.id().to_owned()))
    }

    /// The keys, newest first.
    async fn read(&self) -> Result<Arc<Vec<StoredKey>>, SigningKeyError> {
        let mut read = self.inner.read.lock().await;
        if let Some((keys, at)) = &*read
            && at.elapsed() < FRESH
        {
            return Ok(Arc::clone(keys));
        }
        let rows: Vec<Row> = sqlx::query_as(
            "select key_id, public_key, sealed, signs_from, retired_at from signing_keys \
             order by signs_from desc",
        )
        .fetch_all(&self.inner.pool)
        .await?;
        let opener = self.inner.keyring.opener([SUBJECT]).await?;
        let mut keys = Vec::with_capacity(rows.len());
        for row in rows {
            let pair = match row.sealed {
                None => None,
                Some(sealed) => match opener.open(&Personal::<String>::from_sealed(&sealed)?)? {
                    Opened::Known(text) => Some(KeyPair::from_text(&text)?),
                    Opened::Erased => None,
                },
            };
            keys.push(StoredKey {
                id: row.key_id,
                public_key: row.public_key,
                signs_from: row.signs_from,
                retired_at: row.retired_at,
                pair,
            });
        }
        let keys = Arc::new(keys);
        *read = Some((Arc::clone(&keys), Instant::now()));
        Ok(keys)
    }
}

async fn newest(connection: &mut PgConnection) -> Result<Option<DateTime<Utc>>, sqlx::Error> {
    sqlx::query_scalar("select max(signs_from) from signing_keys")
        .fetch_one(connection)
        .await
}

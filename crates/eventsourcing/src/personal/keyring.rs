//! The keys of subjects: made, cached, wrapped again and destroyed.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use quick_cache::sync::Cache;
use serde::{Serialize, de::DeserializeOwned};
use sqlx::PgPool;
use uuid::Uuid;

use super::{DataKey, LookupKey, MasterKeys, Opened, Personal, PersonalError, random};

/// Subjects whose keys stay in memory.
const CACHED: usize = 10_000;
/// A key is used this long without asking again: an erasure by another process takes effect here
/// within this time.
const FRESH: Duration = Duration::from_secs(10);
/// Keys that one round of wrapping again takes.
const ROUND: i64 = 500;
/// Owns the key of lookups. No subject has this id.
const LOOKUP: Uuid = Uuid::max();

/// The keys of all subjects of one service. Cheap to clone.
#[derive(Clone)]
pub struct Keyring {
    inner: Arc<Inner>,
}

struct Inner {
    pool: PgPool,
    masters: MasterKeys,
    cache: Cache<Uuid, Cached>,
}

#[derive(Clone)]
struct Cached {
    /// `None`: erased, or never there.
    key: Option<DataKey>,
    looked_at: Instant,
}

/// Proof of a destroyed key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DestroyedKey {
    pub subject: Uuid,
    /// SHA-256 of the wrapped key as it was destroyed, however often that is asked for; `None`
    /// when there never was one.
    pub fingerprint: Option<[u8; 32]>,
    pub destroyed_at: DateTime<Utc>,
}

/// What is in the table of keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Census {
    /// The master key in use.
    pub current: String,
    /// Each master key, and how many keys it has wrapped.
    pub wrapped: Vec<(String, i64)>,
    /// Keys that were destroyed.
    pub destroyed: i64,
}

impl Keyring {
    /// The keys in the table `subject_keys` of the pool's schema.
    pub fn new(pool: PgPool, masters: MasterKeys) -> Self {
        Self {
            inner: Arc::new(Inner {
                pool,
                masters,
                cache: Cache::new(CACHED),
            }),
        }
    }

    /// Seals values of a subject; makes its key on first use. Fails for an erased subject.
    pub async fn sealer(&self, subject: Uuid) -> Result<Sealer, PersonalError> {
        if let Some(key) = self.cached(subject).and_then(|cached| cached.key) {
            return Ok(Sealer { subject, key });
        }
        let master = self.inner.masters.current();
        let wrapped = master.wrap(subject, random()?).await?;
        sqlx::query(
            "insert into subject_keys (subject_id, master_key_id, wrapped) values ($1, $2, $3) \
             on conflict (subject_id) do nothing",
        )
        .bind(subject)
        .bind(master.id())
        .bind(wrapped)
        .execute(&self.inner.pool)
        .await?;
        let mut keys = self.load(&[subject]).await?;
        match keys.remove(&subject).flatten() {
            Some(key) => Ok(Sealer { subject, key }),
            None => Err(PersonalError::Erased(subject)),
        }
    }

    /// Opens values of these subjects; one query for all whose keys are not at hand.
    pub async fn opener(
        &self,
        subjects: impl IntoIterator<Item = Uuid>,
    ) -> Result<Opener, PersonalError> {
        let mut keys = HashMap::new();
        let mut missing = HashSet::new();
        for subject in subjects {
            match self.cached(subject) {
                Some(cached) => {
                    keys.insert(subject, cached.key);
                }
                None => {
                    missing.insert(subject);
                }
            }
        }
        if !missing.is_empty() {
            let missing: Vec<Uuid> = missing.into_iter().collect();
            keys.extend(self.load(&missing).await?);
        }
        Ok(Opener { keys })
    }

    /// The key for lookups, made on first use.
    pub async fn lookup(&self) -> Result<LookupKey, PersonalError> {
        let sealer = self.sealer(LOOKUP).await?;
        // Sealing is not deterministic, so the lookup key is a value of its own that is stored
        // with the first one that asks.
        let made = sealer.seal(&random::<32>()?)?;
        let stored: String = sqlx::query_scalar(
            "insert into lookup_key (sealed) values ($1) \
             on conflict (singleton) do update set sealed = lookup_key.sealed returning sealed",
        )
        .bind(made.as_sealed())
        .fetch_one(&self.inner.pool)
        .await?;
        let opened = sealer
            .key
            .open_value(&Personal::<[u8; 32]>::from_sealed(&stored)?);
        Ok(LookupKey::new(
            &opened.ok_or(PersonalError::Damaged(LOOKUP))?,
        ))
    }

    /// Destroys the key of a subject: from here on nothing sealed with it can be opened. Of a
    /// subject that has no key, none will ever be made.
    pub async fn destroy(&self, subject: Uuid) -> Result<DestroyedKey, PersonalError> {
        sqlx::query(
            "insert into subject_keys (subject_id, master_key_id, destroyed_at) values ($1, '', now()) \
             on conflict (subject_id) do nothing",
        )
        .bind(subject)
        .execute(&self.inner.pool)
        .await?;
        let (fingerprint, destroyed_at): (Option<Vec<u8>>, DateTime<Utc>) = sqlx::query_as(
            "update subject_keys set wrapped = null, destroyed_at = coalesce(destroyed_at, now()), \
                fingerprint = coalesce(fingerprint, sha256(wrapped)) \
             where subject_id = $1 returning fingerprint, destroyed_at",
        )
        .bind(subject)
        .fetch_one(&self.inner.pool)
        .await?;
        self.inner.cache.remove(&subject);
        Ok(DestroyedKey {
            subject,
            fingerprint: fingerprint.and_then(|bytes| bytes.try_into().ok()),
            destroyed_at,
        })
    }

    /// Takes back the key of a subject of which nothing was stored after all.
    pub async fn forget(&self, subject: Uuid) -> Result<(), PersonalError> {
        sqlx::query("delete from subject_keys where subject_id = $1 and wrapped is not null")
            .bind(subject)
            .execute(&self.inner.pool)
            .await?;
        self.inner.cache.remove(&subject);
        Ok(())
    }

    /// How many keys each master key has wrapped, and how many were destroyed.
    pub async fn census(&self) -> Result<Census, PersonalError> {
        let rows: Vec<(String, i64, i64)> = sqlx::query_as(
            "select master_key_id, count(wrapped), count(destroyed_at) from subject_keys \
             group by master_key_id order by master_key_id",
        )
        .fetch_all(&self.inner.pool)
        .await?;
        let mut census = Census {
            current: self.inner.masters.current().id().to_owned(),
            wrapped: Vec::new(),
            destroyed: 0,
        };
        for (master, wrapped, destroyed) in rows {
            census.destroyed += destroyed;
            if wrapped > 0 {
                census.wrapped.push((master, wrapped));
            }
        }
        Ok(census)
    }

    /// Wraps every key with the current master key that another one has wrapped. Can be stopped
    /// and started again at any point. `progress` is told the keys done and those left.
    pub async fn rewrap(&self, mut progress: impl FnMut(u64, u64)) -> Result<u64, PersonalError> {
        let master = self.inner.masters.current();
        let mut done = 0;
        loop {
            let rows: Vec<(Uuid, String, Vec<u8>)> = sqlx::query_as(
                "select subject_id, master_key_id, wrapped from subject_keys \
                 where master_key_id <> $1 and wrapped is not null order by subject_id limit $2",
            )
            .bind(master.id())
            .bind(ROUND)
            .fetch_all(&self.inner.pool)
            .await?;
            if rows.is_empty() {
                return Ok(done);
            }
            done += rows.len() as u64;
            self.rewrap_round(rows).await?;
            let left: i64 = sqlx::query_scalar(
                "select count(*) from subject_keys where master_key_id <> $1 and wrapped is not null",
            )
            .bind(master.id())
            .fetch_one(&self.inner.pool)
            .await?;
            progress(done, u64::try_from(left).unwrap_or_default());
        }
    }

    async fn rewrap_round(&self, rows: Vec<(Uuid, String, Vec<u8>)>) -> Result<(), PersonalError> {
        let master = self.inner.masters.current();
        let (mut subjects, mut before, mut wrapped) = (Vec::new(), Vec::new(), Vec::new());
        for (subject, old, sealed) in rows {
            let key = self
                .inner
                .masters
                .by_id(&old)?
                .unwrap(subject, &sealed)
                .await?;
            wrapped.push(master.wrap(subject, key).await?);
            subjects.push(subject);
            before.push(old);
        }
        // A key that was destroyed in the meantime stays destroyed.
        sqlx::query(
            "update subject_keys k set wrapped = n.wrapped, master_key_id = $4 \
             from unnest($1::uuid[], $2::text[], $3::bytea[]) n (subject_id, before, wrapped) \
             where k.subject_id = n.subject_id and k.master_key_id = n.before and k.wrapped is not null",
        )
        .bind(subjects)
        .bind(before)
        .bind(wrapped)
        .bind(master.id())
        .execute(&self.inner.pool)
        .await?;
        Ok(())
    }

    fn cached(&self, subject: Uuid) -> Option<Cached> {
        self.inner
            .cache
            .get(&subject)
            .filter(|cached| cached.looked_at.elapsed() < FRESH)
    }

    async fn load(
        &self,
        subjects: &[Uuid],
    ) -> Result<HashMap<Uuid, Option<DataKey>>, PersonalError> {
        let looked_at = Instant::now();
        let rows: Vec<(Uuid, String, Option<Vec<u8>>)> = sqlx::query_as(
            "select subject_id, master_key_id, wrapped from subject_keys where subject_id = any ($1)",
        )
        .bind(subjects)
        .fetch_all(&self.inner.pool)
        .await?;
        let mut keys: HashMap<Uuid, Option<DataKey>> =
            subjects.iter().map(|subject| (*subject, None)).collect();
        for (subject, master, wrapped) in rows {
            let Some(wrapped) = wrapped else { continue };
            let key = self
                .inner
                .masters
                .by_id(&master)?
                .unwrap(subject, &wrapped)
                .await?;
            keys.insert(subject, DataKey::new(&key));
        }
        for (subject, key) in &keys {
            let key = key.clone();
            self.inner.cache.insert(*subject, Cached { key, looked_at });
        }
        Ok(keys)
    }
}

/// Seals values of one subject.
#[derive(Clone)]
pub struct Sealer {
    subject: Uuid,
    key: DataKey,
}

impl Sealer {
    /// Whose values it seals.
    pub fn subject(&self) -> Uuid {
        self.subject
    }

    pub fn seal<T: Serialize>(&self, value: &T) -> Result<Personal<T>, PersonalError> {
        self.key.seal_value(self.subject, value)
    }
}

/// Opens values of some subjects.
pub struct Opener {
    keys: HashMap<Uuid, Option<DataKey>>,
}

impl Opener {
    /// Opens a value of one of the subjects that the opener was asked for.
    pub fn open<T: DeserializeOwned>(
        &self,
        personal: &Personal<T>,
    ) -> Result<Opened<T>, PersonalError> {
        let subject = personal.subject();
        match self.keys.get(&subject) {
            Some(Some(key)) => key
                .open_value(personal)
                .map(Opened::Known)
                .ok_or(PersonalError::Damaged(subject)),
            Some(None) => Ok(Opened::Erased),
            None => Err(PersonalError::NotAsked(subject)),
        }
    }
}

//! What every command and query of identity works with.

use std::sync::Arc;

use eventsourcing::personal::{Keyring, LocalMasterKey, LookupKey, MasterKeys};
use eventsourcing::{Decide, DecodeRecorded, EventLog, Feed, LocalFeed, Projection, ReadTables};
use service::{BuildError, Reads, Refusal, Source, Writes};
use sqlx::PgPool;

use crate::mail::Outbox;
use crate::signing::SigningKeys;
use crate::{IdentitySettings, NAME};

/// The log, the tables, the keys and the outbox, opened once for the process. Cheap to clone.
#[derive(Clone)]
pub struct Resources {
    pub log: EventLog,
    /// The connections to the service's schema: read tables and the tables beside the log.
    pub pool: PgPool,
    /// Seals and opens personal data.
    pub keyring: Keyring,
    /// Finds sealed values again, and tags codes and tokens.
    pub lookup: LookupKey,
    /// Signs access tokens and certificates.
    pub keys: SigningKeys,
    /// Takes mail and text messages.
    pub outbox: Outbox,
    pub settings: IdentitySettings,
}

impl Resources {
    /// Opens everything on a log, its schema and the settings, which must name the master key.
    /// Makes the first key that signs access tokens.
    pub async fn new(
        log: &EventLog,
        pool: &PgPool,
        settings: &IdentitySettings,
    ) -> Result<Self, BuildError> {
        let keyring = Keyring::new(pool.clone(), master_keys(settings)?);
        Ok(Self {
            log: log.clone(),
            pool: pool.clone(),
            lookup: keyring.lookup().await?,
            outbox: Outbox::new(pool.clone(), keyring.clone(), settings)?,
            keys: SigningKeys::open(pool.clone(), keyring.clone(), settings).await?,
            keyring,
            settings: settings.clone(),
        })
    }

    /// The commands on one type of aggregate.
    pub(crate) fn writes<A>(&self) -> Writes<A>
    where
        A: Decide,
        A::Error: Refusal,
    {
        Writes::new(NAME, &self.log)
    }

    /// The log, from which a projection is folded.
    pub(crate) fn source<P: Projection>(&self, decode: DecodeRecorded<P::Event>) -> Source<P> {
        let feed: Arc<dyn Feed<P::Event>> = Arc::new(LocalFeed::new(NAME, &self.log, decode));
        Source::new(&self.pool, &feed)
    }

    /// The read tables of a projection, or of several.
    pub(crate) fn reads<T: ReadTables>(&self) -> Reads<T> {
        Reads::new(self.pool.clone())
    }
}

/// The master keys that the settings name.
pub fn master_keys(settings: &IdentitySettings) -> Result<MasterKeys, BuildError> {
    let current = settings
        .master_key
        .ok_or("DIVINETIME_MASTER_KEY is needed to seal personal data")?;
    let keys = MasterKeys::new(LocalMasterKey::new(current.expose())?);
    let previous = settings
        .previous_master_key
        .map(|previous| LocalMasterKey::new(previous.expose()));
    Ok(match previous.transpose()? {
        Some(previous) => keys.with_previous(previous),
        None => keys,
    })
}

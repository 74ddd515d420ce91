//! What identity is made of.

use eventsourcing::{
    EventLog,
    personal::{Keyring, LocalMasterKey, LookupKey, MasterKeys},
};
use service::{BuildError, Settings};
use sqlx::PgPool;

use crate::{mail::Outbox, signing::SigningKeys};

/// The parts that every command and query of identity shares. Cheap to clone.
#[derive(Clone)]
pub struct Resources {
    /// The log.
    pub log: EventLog,
    /// Read tables, credentials and keys, in the service's schema.
    pub pool: PgPool,
    /// Seals and opens personal data.
    pub keyring: Keyring,
    /// Finds sealed values again, and tags codes and tokens.
    pub lookup: LookupKey,
    /// Sign access tokens.
    pub keys: SigningKeys,
    /// Takes mail and text messages.
    pub outbox: Outbox,
    /// The settings of the process.
    pub settings: Settings,
}

impl Resources {
    /// From a log, its schema and the settings, which must name the master key. Makes the first
    /// key that signs access tokens.
    pub async fn new(
        log: &EventLog,
        pool: &PgPool,
        settings: &Settings,
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
}

/// The master keys that the settings name.
pub fn master_keys(settings: &Settings) -> Result<MasterKeys, BuildError> {
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

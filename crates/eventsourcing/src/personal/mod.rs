//! Personal data: sealed before it becomes part of an event, opened only to be shown.
//!
//! Each subject has a key of its own, and only what this key has sealed enters events, read
//! tables and outboxes. Destroying the key erases the subject everywhere at once, in backups
//! too, while every hash, count and amount stays what it was.
//!
//! There is no way to put clear text into a [`Personal`], so an event that holds one cannot
//! leak it, and no way to look into one without a [`Keyring`], so the domain cannot depend on
//! what may be erased tomorrow.

mod keyring;
mod lookup;
mod master;

use std::{fmt, marker::PhantomData, sync::Arc};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};
use uuid::Uuid;

pub use keyring::{Census, DestroyedKey, Keyring, Opener, Sealer};
pub use lookup::LookupKey;
pub use master::{LocalMasterKey, MasterKey, MasterKeys};

/// The table of subject keys, for the migrations of a service that holds personal data.
pub const TABLES: &str = include_str!("../../migrations/personal.sql");

/// Marks the present form: AES-256-GCM over JSON, bound to the subject.
const PREFIX: &str = "sealed:1:";

/// A value of a subject, sealed. Stored as text: `sealed:1:<subject>:<base64>`.
#[derive(Serialize)]
#[serde(transparent)]
pub struct Personal<T> {
    sealed: Arc<str>,
    #[serde(skip)]
    value: PhantomData<fn() -> T>,
}

/// A personal value, opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opened<T> {
    Known(T),
    /// The subject was erased.
    Erased,
}

impl<T> Opened<T> {
    /// The value, unless its subject was erased.
    pub fn known(self) -> Option<T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Erased => None,
        }
    }
}

/// Why personal data was not sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum PersonalError {
    /// The subject was erased: nothing more can be stored of it.
    #[error("subject {0} was erased")]
    Erased(Uuid),
    /// A key was sealed by a master key that this process was not given.
    #[error("master key {0} is not known to this process")]
    UnknownMasterKey(String),
    /// Neither opens with its subject's key nor was its subject erased.
    #[error("a sealed value or key of subject {0} is damaged")]
    Damaged(Uuid),
    /// The text is not a sealed value.
    #[error("not a sealed value")]
    NotSealed,
    /// An opener was given a value of a subject that it was not made for.
    #[error("the key of subject {0} was not asked for")]
    NotAsked(Uuid),
    /// The master key cannot be used now.
    #[error("the master key cannot be used: {0}")]
    Master(String),
    /// The system gave no randomness.
    #[error("no randomness")]
    Randomness,
    /// The keys cannot be reached.
    #[error("the keys cannot be reached")]
    Database(#[from] sqlx::Error),
}

impl<T> Personal<T> {
    /// Takes a sealed text as it is. Whether it opens shows when it is opened.
    pub fn from_sealed(text: &str) -> Result<Self, PersonalError> {
        parts(text).ok_or(PersonalError::NotSealed)?;
        Ok(Self {
            sealed: text.into(),
            value: PhantomData,
        })
    }

    pub fn subject(&self) -> Uuid {
        parts(&self.sealed).map_or(Uuid::nil(), |(subject, _)| subject)
    }

    pub fn as_sealed(&self) -> &str {
        &self.sealed
    }
}

impl<T> Clone for Personal<T> {
    fn clone(&self) -> Self {
        Self {
            sealed: Arc::clone(&self.sealed),
            value: PhantomData,
        }
    }
}

/// Equal when sealed in the same moment: two sealings of one value differ.
impl<T> PartialEq for Personal<T> {
    fn eq(&self, other: &Self) -> bool {
        self.sealed == other.sealed
    }
}

impl<T> Eq for Personal<T> {}

impl<T> fmt::Debug for Personal<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Personal({})", self.subject())
    }
}

impl<'de, T> Deserialize<'de> for Personal<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::from_sealed(&text).map_err(serde::de::Error::custom)
    }
}

fn parts(text: &str) -> Option<(Uuid, &str)> {
    let (subject, sealed) = text.strip_prefix(PREFIX)?.split_once(':')?;
    Some((Uuid::try_parse(subject).ok()?, sealed))
}

/// The key of one subject.
#[derive(Clone)]
struct DataKey(Arc<LessSafeKey>);

impl DataKey {
    fn new(bytes: &[u8]) -> Option<Self> {
        let key = UnboundKey::new(&AES_256_GCM, bytes).ok()?;
        Some(Self(Arc::new(LessSafeKey::new(key))))
    }

    /// Random nonce, then what AES-256-GCM makes of the text; bound to its owner.
    fn seal(&self, owner: Uuid, mut text: Vec<u8>) -> Result<Vec<u8>, PersonalError> {
        let nonce: [u8; NONCE_LEN] = random()?;
        let bound = Aad::from(owner.into_bytes());
        self.0
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), bound, &mut text)
            .map_err(|_| PersonalError::Damaged(owner))?;
        Ok([&nonce[..], &text].concat())
    }

    fn open(&self, owner: Uuid, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LEN>()?;
        let mut text = sealed.to_vec();
        let bound = Aad::from(owner.into_bytes());
        let length = self
            .0
            .open_in_place(Nonce::assume_unique_for_key(*nonce), bound, &mut text)
            .ok()?
            .len();
        text.truncate(length);
        Some(text)
    }

    fn seal_value<T: Serialize>(
        &self,
        subject: Uuid,
        value: &T,
    ) -> Result<Personal<T>, PersonalError> {
        let json = serde_json::to_vec(value).map_err(|_| PersonalError::Damaged(subject))?;
        let sealed = URL_SAFE_NO_PAD.encode(self.seal(subject, json)?);
        Ok(Personal {
            sealed: format!("{PREFIX}{}:{sealed}", subject.as_simple()).into(),
            value: PhantomData,
        })
    }

    fn open_value<T: DeserializeOwned>(&self, personal: &Personal<T>) -> Option<T> {
        let (subject, sealed) = parts(&personal.sealed)?;
        let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        serde_json::from_slice(&self.open(subject, &sealed)?).ok()
    }
}

fn random<const N: usize>() -> Result<[u8; N], PersonalError> {
    let mut bytes = [0; N];
    let source = ring::rand::SystemRandom::new();
    ring::rand::SecureRandom::fill(&source, &mut bytes).map_err(|_| PersonalError::Randomness)?;
    Ok(bytes)
}

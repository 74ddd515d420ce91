//! The keys that seal the keys of subjects.

use std::{fmt, sync::Arc};

use futures::{FutureExt, future::BoxFuture};
use ring::digest::{Context, SHA256};
use uuid::Uuid;

use super::{DataKey, PersonalError, random};
use crate::hex;

/// Seals and opens the keys of subjects. Implement it to keep the master key in a KMS.
pub trait MasterKey: Send + Sync {
    /// Tells master keys apart; stored beside each key that it has sealed.
    fn id(&self) -> &str;
    /// Seals the key of a subject.
    fn wrap(&self, subject: Uuid, key: [u8; 32]) -> BoxFuture<'_, Result<Vec<u8>, PersonalError>>;
    /// Opens what [`MasterKey::wrap`] has sealed for the same subject.
    fn unwrap<'a>(
        &'a self,
        subject: Uuid,
        wrapped: &'a [u8],
    ) -> BoxFuture<'a, Result<[u8; 32], PersonalError>>;
}

/// A master key in the memory of this process.
#[derive(Clone)]
pub struct LocalMasterKey {
    id: String,
    key: DataKey,
    bytes: [u8; 32],
}

impl LocalMasterKey {
    /// From 32 random bytes.
    pub fn new(bytes: [u8; 32]) -> Result<Self, PersonalError> {
        let key = DataKey::new(&bytes)
            .ok_or_else(|| PersonalError::Master("must have 32 bytes".to_owned()))?;
        Ok(Self {
            id: fingerprint(&bytes),
            key,
            bytes,
        })
    }

    /// A new random one.
    pub fn generate() -> Result<Self, PersonalError> {
        Self::new(random()?)
    }

    /// The 32 bytes. Secret.
    pub fn expose(&self) -> [u8; 32] {
        self.bytes
    }
}

impl fmt::Debug for LocalMasterKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "LocalMasterKey({})", self.id)
    }
}

impl MasterKey for LocalMasterKey {
    fn id(&self) -> &str {
        &self.id
    }

    fn wrap(&self, subject: Uuid, key: [u8; 32]) -> BoxFuture<'_, Result<Vec<u8>, PersonalError>> {
        async move { self.key.seal(subject, key.to_vec()) }.boxed()
    }

    fn unwrap<'a>(
        &'a self,
        subject: Uuid,
        wrapped: &'a [u8],
    ) -> BoxFuture<'a, Result<[u8; 32], PersonalError>> {
        let opened = self
            .key
            .open(subject, wrapped)
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or(PersonalError::Damaged(subject));
        async move { opened }.boxed()
    }
}

/// The first bytes of a hash of the key, enough to tell a handful apart.
fn fingerprint(bytes: &[u8]) -> String {
    let mut hash = Context::new(&SHA256);
    hash.update(b"divinetime master key");
    hash.update(bytes);
    hex(&hash.finish().as_ref()[..6])
}

/// The master key in use, and those before it while keys sealed by them remain.
#[derive(Clone)]
pub struct MasterKeys {
    current: Arc<dyn MasterKey>,
    previous: Vec<Arc<dyn MasterKey>>,
}

impl MasterKeys {
    /// Keys that an earlier master key has wrapped cannot be opened.
    pub fn new(current: impl MasterKey + 'static) -> Self {
        Self {
            current: Arc::new(current),
            previous: Vec::new(),
        }
    }

    /// Can also open what this one has sealed.
    #[must_use]
    pub fn with_previous(mut self, previous: impl MasterKey + 'static) -> Self {
        self.previous.push(Arc::new(previous));
        self
    }

    pub(super) fn current(&self) -> &dyn MasterKey {
        &*self.current
    }

    pub(super) fn by_id(&self, id: &str) -> Result<&dyn MasterKey, PersonalError> {
        std::iter::once(&self.current)
            .chain(&self.previous)
            .find(|key| key.id() == id)
            .map(|key| &**key)
            .ok_or_else(|| PersonalError::UnknownMasterKey(id.to_owned()))
    }
}

impl fmt::Debug for MasterKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "MasterKeys({})", self.current.id())
    }
}

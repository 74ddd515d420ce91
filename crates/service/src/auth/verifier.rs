//! Decides whether a token is what it says.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use chrono::Utc;
use futures::future::BoxFuture;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use quick_cache::sync::Cache;
use tokio::sync::Mutex;
use tonic::transport::Channel;
use tonic::{Code, Status};
use uuid::Uuid;

use contracts_core::common::v1::{ErrorReason, Role};
use contracts_core::identity::v1::ListSigningKeysRequest;
use contracts_core::identity::v1::key_service_client::KeyServiceClient;

use super::{AUDIENCE, Claims, ISSUER, KeyPair, Principal};
use crate::call::FingerprintKey;
use crate::errors::{refused, retry_later};

/// After a look for an unknown key, this long no further one.
const COOL_DOWN: Duration = Duration::from_secs(10);
/// The same after a look that failed.
const COOL_DOWN_AFTER_FAILURE: Duration = Duration::from_secs(1);
/// How long one look may take.
const FETCH_LIMIT: Duration = Duration::from_secs(3);
/// How far clocks may differ, seconds.
const LEEWAY: u64 = 5;
/// Ours have some 400 characters: what is longer was not signed by us.
const LONGEST_TOKEN: usize = 2_048;
/// Tokens whose signature need not be checked again.
const REMEMBERED: usize = 10_000;

/// A key that identity signs with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    /// `kid` of the tokens.
    pub id: String,
    /// The 32 bytes of an Ed25519 public key.
    pub key: Vec<u8>,
}

/// Asks identity for its present keys.
pub type FetchKeys =
    Arc<dyn Fn() -> BoxFuture<'static, Result<Vec<PublicKey>, Status>> + Send + Sync>;

/// Asks the key service behind a channel.
pub fn fetch_from_identity(channel: Channel) -> FetchKeys {
    Arc::new(move || {
        let mut client = KeyServiceClient::new(channel.clone());
        Box::pin(async move {
            let answer = client
                .list_signing_keys(ListSigningKeysRequest::default())
                .await?
                .into_inner();
            let keys = answer
                .keys
                .into_iter()
                .filter(|key| key.algorithm == "EdDSA" && key.retired_at.is_none());
            Ok(keys
                .map(|key| PublicKey {
                    id: key.key_id,
                    key: key.public_key,
                })
                .collect())
        })
    })
}

/// Why a token does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    #[error("this call needs an access token: authorization: Bearer <token>")]
    Missing,
    #[error("the access token has expired: log in again")]
    Expired,
    /// Malformed, for somebody else, or not signed by a known key.
    #[error("the access token is not valid")]
    Invalid,
    /// Identity did not say which keys are valid.
    #[error("access tokens cannot be checked at the moment")]
    KeysUnavailable,
}

impl From<TokenError> for Status {
    fn from(error: TokenError) -> Self {
        let reason = match error {
            TokenError::Missing => ErrorReason::TokenMissing,
            TokenError::Expired => ErrorReason::TokenExpired,
            TokenError::Invalid => ErrorReason::TokenInvalid,
            TokenError::KeysUnavailable => {
                return retry_later(
                    Code::Unavailable,
                    ErrorReason::TemporarilyUnavailable,
                    error.to_string(),
                    COOL_DOWN_AFTER_FAILURE,
                );
            }
        };
        refused(Code::Unauthenticated, reason, error.to_string())
    }
}

/// Verifies tokens of users, signed by identity, and of services, signed with the deployment's
/// service key. Cheap to clone; clones share the keys.
#[derive(Clone)]
pub struct Verifier {
    inner: Arc<Inner>,
}

struct Inner {
    validation: Validation,
    service_key_id: String,
    service_key: DecodingKey,
    fingerprint_key: FingerprintKey,
    user_keys: RwLock<HashMap<String, DecodingKey>>,
    fetch: FetchKeys,
    cool_down: Duration,
    /// Held during a look for keys: the others wait for its outcome. When the next may begin.
    next_fetch: Mutex<Option<Instant>>,
    remembered: Cache<[u8; 32], Remembered>,
}

#[derive(Clone)]
struct Remembered {
    holder: Holder,
    expires: i64,
}

/// Who holds a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The person or service.
    pub principal: Principal,
    /// The login that a user's token belongs to.
    pub login_id: Option<Uuid>,
}

impl Verifier {
    /// Knows the service key; asks `fetch` for the keys of identity when it first needs one.
    pub fn new(service_key: &KeyPair, fetch: FetchKeys) -> Self {
        Self::with_cool_down(service_key, fetch, COOL_DOWN)
    }

    /// The same with another time than ten seconds in which no further look for unknown keys
    /// follows a successful one.
    pub fn with_cool_down(service_key: &KeyPair, fetch: FetchKeys, cool_down: Duration) -> Self {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.validate_nbf = true;
        validation.leeway = LEEWAY;
        Self {
            inner: Arc::new(Inner {
                validation,
                service_key_id: service_key.id().to_owned(),
                fingerprint_key: FingerprintKey::derived(service_key),
                service_key: DecodingKey::from_ed_der(service_key.public_key()),
                user_keys: RwLock::default(),
                fetch,
                cool_down,
                next_fetch: Mutex::new(None),
                remembered: Cache::new(REMEMBERED),
            }),
        }
    }

    /// The key of request fingerprints: the same in every process with this service key.
    pub fn fingerprint_key(&self) -> &FingerprintKey {
        &self.inner.fingerprint_key
    }

    /// Whose token an `authorization` header carries.
    pub async fn verify(&self, authorization: Option<&str>) -> Result<Principal, TokenError> {
        Ok(self.holder(authorization).await?.principal)
    }

    /// The same with the login that the token belongs to.
    pub async fn holder(&self, authorization: Option<&str>) -> Result<Holder, TokenError> {
        let token = authorization
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim())
            .ok_or(TokenError::Missing)?;
        let fingerprint = fingerprint(token);
        let known = match self.inner.remembered.get(&fingerprint) {
            Some(known) => known,
            None => self.remember(fingerprint, token).await?,
        };
        // The same second for a token that was met before and one that is new.
        if known.expires + LEEWAY.cast_signed() > Utc::now().timestamp() {
            Ok(known.holder)
        } else {
            Err(TokenError::Expired)
        }
    }

    async fn remember(&self, fingerprint: [u8; 32], token: &str) -> Result<Remembered, TokenError> {
        if token.len() > LONGEST_TOKEN {
            return Err(TokenError::Invalid);
        }
        let (holder, expires) = self.check(token).await?;
        let known = Remembered { holder, expires };
        self.inner.remembered.insert(fingerprint, known.clone());
        Ok(known)
    }

    async fn check(&self, token: &str) -> Result<(Holder, i64), TokenError> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| TokenError::Invalid)?;
        let key_id = header
            .kid
            .filter(|_| header.alg == Algorithm::EdDSA)
            .ok_or(TokenError::Invalid)?;
        let by_service_key = key_id == self.inner.service_key_id;
        let claims = if by_service_key {
            self.decode(token, &self.inner.service_key)?
        } else {
            self.decode(token, &self.user_key(&key_id).await?)?
        };
        // Neither key may speak for the other's holders.
        let principal = claims
            .principal()
            .filter(|principal| (principal.role() == Role::Service) == by_service_key)
            .ok_or(TokenError::Invalid)?;
        // Nobody but a clock gone wrong, or somebody with a stolen key, signs for the future.
        if claims.iat > Utc::now().timestamp() + LEEWAY.cast_signed() {
            return Err(TokenError::Invalid);
        }
        let holder = Holder {
            principal,
            login_id: claims.sid,
        };
        Ok((holder, claims.exp))
    }

    fn decode(&self, token: &str, key: &DecodingKey) -> Result<Claims, TokenError> {
        jsonwebtoken::decode::<Claims>(token, key, &self.inner.validation)
            .map(|decoded| decoded.claims)
            .map_err(|error| match error.kind() {
                ErrorKind::ExpiredSignature => TokenError::Expired,
                _ => TokenError::Invalid,
            })
    }

    async fn user_key(&self, id: &str) -> Result<DecodingKey, TokenError> {
        if let Some(key) = self.known_user_key(id) {
            return Ok(key);
        }
        let mut next_fetch = self.inner.next_fetch.lock().await;
        if let Some(key) = self.known_user_key(id) {
            return Ok(key);
        }
        if next_fetch.is_some_and(|next| Instant::now() < next) {
            return Err(self.unknown_key());
        }
        // Set before the look, so that a caller who goes away in the middle starts no storm.
        *next_fetch = Some(Instant::now() + COOL_DOWN_AFTER_FAILURE);
        match tokio::time::timeout(FETCH_LIMIT, (self.inner.fetch)()).await {
            Ok(Ok(keys)) => {
                *next_fetch = Some(Instant::now() + self.inner.cool_down);
                self.replace_user_keys(keys);
            }
            Ok(Err(status)) => tracing::warn!(error = %status, "identity did not tell its keys"),
            Err(_) => tracing::warn!("identity did not tell its keys in time"),
        }
        self.known_user_key(id).ok_or_else(|| self.unknown_key())
    }

    fn known_user_key(&self, id: &str) -> Option<DecodingKey> {
        self.inner
            .user_keys
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(id)
            .cloned()
    }

    fn replace_user_keys(&self, keys: Vec<PublicKey>) {
        let keys = keys
            .into_iter()
            .map(|key| (key.id, DecodingKey::from_ed_der(&key.key)))
            .collect();
        *self
            .inner
            .user_keys
            .write()
            .unwrap_or_else(PoisonError::into_inner) = keys;
    }

    /// A token is called invalid only by someone who has seen identity's keys.
    fn unknown_key(&self) -> TokenError {
        let none = self
            .inner
            .user_keys
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .is_empty();
        if none {
            TokenError::KeysUnavailable
        } else {
            TokenError::Invalid
        }
    }
}

fn fingerprint(token: &str) -> [u8; 32] {
    let digest = ring::digest::digest(&ring::digest::SHA256, token.as_bytes());
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest.as_ref());
    bytes
}

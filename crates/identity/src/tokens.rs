//! Access tokens: what a login is answered with.

use chrono::{DateTime, TimeDelta, Utc};
use contracts::common::v1::Role;
use service::auth::{Claims, KeyPair};

use crate::domain::values::UserId;

/// Signs access tokens. Cheap to clone.
#[derive(Clone)]
pub struct Tokens {
    key: KeyPair,
    lifetime: TimeDelta,
}

/// A signed token.
pub struct AccessToken {
    /// JWT.
    pub token: String,
    /// When it stops being accepted; a whole second.
    pub expires_at: DateTime<Utc>,
}

impl Tokens {
    /// Tokens of this lifetime, signed with this key.
    pub fn new(key: KeyPair, lifetime: TimeDelta) -> Self {
        Self { key, lifetime }
    }

    /// A token for a user who has just proved who she is.
    pub fn issue(&self, user_id: UserId, role: Role, now: DateTime<Utc>) -> AccessToken {
        let claims = Claims::user(user_id.uuid(), role, now, self.lifetime);
        AccessToken {
            token: self.key.sign(&claims),
            expires_at: DateTime::from_timestamp(claims.exp, 0).unwrap_or(now + self.lifetime),
        }
    }

    /// The key that tokens are checked with.
    pub fn key(&self) -> &KeyPair {
        &self.key
    }
}

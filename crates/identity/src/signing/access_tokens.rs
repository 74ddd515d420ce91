//! Access tokens: what a login is answered with.

use chrono::{DateTime, TimeDelta, Utc};
use contracts::common::v1::Role;
use service::auth::Claims;
use uuid::Uuid;

use super::keys::{SigningKeyError, SigningKeys};
use crate::domain::values::UserId;

/// Signs access tokens. Cheap to clone.
#[derive(Clone)]
pub struct AccessTokens {
    keys: SigningKeys,
    lifetime: TimeDelta,
}

/// A signed token.
pub struct AccessToken {
    /// JWT.
    pub token: String,
    /// When it stops being accepted; a whole second.
    pub expires_at: DateTime<Utc>,
}

impl AccessTokens {
    /// Tokens of this lifetime, signed with the present one of these keys.
    pub fn new(keys: SigningKeys, lifetime: TimeDelta) -> Self {
        Self { keys, lifetime }
    }

    /// A token for a user who has just proved who she is.
    pub async fn issue(
        &self,
        user_id: UserId,
        role: Role,
        login_id: Uuid,
        now: DateTime<Utc>,
    ) -> Result<AccessToken, SigningKeyError> {
        let claims = Claims::user(user_id.uuid(), role, now, self.lifetime).of_login(login_id);
        let key = self.keys.current(now).await?;
        Ok(AccessToken {
            token: key.sign(&claims),
            expires_at: DateTime::from_timestamp(claims.exp, 0).unwrap_or(now + self.lifetime),
        })
    }
}

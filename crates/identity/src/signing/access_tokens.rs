//! Access tokens, which a user gets by logging in and every service checks.

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

pub struct AccessToken {
    /// The signed JWT.
    pub token: String,
    /// A whole second; the token is not accepted from then on.
    pub expires_at: DateTime<Utc>,
}

impl AccessTokens {
    /// Signs tokens of this lifetime with the current one of these keys.
    pub fn new(keys: SigningKeys, lifetime: TimeDelta) -> Self {
        Self { keys, lifetime }
    }

    /// Issues a token for a user who has just proved who they are.
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

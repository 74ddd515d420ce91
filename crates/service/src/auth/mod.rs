//! Who calls: tokens, the keys that sign them, and their verification.

mod keys;
mod signer;
mod verifier;

use chrono::{DateTime, TimeDelta, Utc};
use contracts_core::common::v1::Role;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use self::keys::{KeyError, KeyPair};
pub use self::signer::ServiceSigner;
pub use self::verifier::{FetchKeys, Holder, PublicKey, TokenError, Verifier, fetch_from_identity};

/// `iss` of every token.
pub const ISSUER: &str = "divinetime";
/// `aud` of every token.
pub const AUDIENCE: &str = "divinetime";

/// Who makes a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// Nobody known: a call without a (valid) token to a public RPC.
    Anonymous,
    User {
        id: Uuid,
        /// The role at the time of the login.
        role: Role,
    },
    /// Another service of the deployment.
    Service {
        /// Its name, for example "scheduling".
        name: String,
    },
}

impl Principal {
    /// The role that access rules are written for.
    pub fn role(&self) -> Role {
        match self {
            Self::Anonymous => Role::Unspecified,
            Self::User { role, .. } => *role,
            Self::Service { .. } => Role::Service,
        }
    }

    /// `user:<uuid>`, `service:<name>` or `anonymous`, as events record it.
    pub fn actor(&self) -> String {
        match self {
            Self::Anonymous => "anonymous".to_owned(),
            Self::User { id, .. } => format!("user:{id}"),
            Self::Service { name } => format!("service:{name}"),
        }
    }
}

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// A user's UUID, or `service:<name>`.
    pub sub: String,
    /// Name of the role without `ROLE_`, for example "PARENT".
    pub role: String,
    /// [`ISSUER`].
    pub iss: String,
    /// [`AUDIENCE`].
    pub aud: String,
    /// Issued at, seconds since 1970 UTC.
    pub iat: i64,
    /// Invalid from then on, seconds since 1970 UTC.
    pub exp: i64,
    /// Identifies the token.
    pub jti: Uuid,
    /// The login that the token belongs to; services have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<Uuid>,
}

impl Claims {
    /// The claims of a user's access token.
    pub fn user(id: Uuid, role: Role, issued_at: DateTime<Utc>, lifetime: TimeDelta) -> Self {
        Self::new(id.to_string(), role, issued_at, lifetime)
    }

    /// The same for a token that belongs to a login.
    #[must_use]
    pub fn of_login(self, login_id: Uuid) -> Self {
        Self {
            sid: Some(login_id),
            ..self
        }
    }

    /// The claims of a service's token.
    pub fn service(name: &str, issued_at: DateTime<Utc>, lifetime: TimeDelta) -> Self {
        Self::new(
            format!("service:{name}"),
            Role::Service,
            issued_at,
            lifetime,
        )
    }

    fn new(sub: String, role: Role, issued_at: DateTime<Utc>, lifetime: TimeDelta) -> Self {
        Self {
            sub,
            role: role.as_str_name().trim_start_matches("ROLE_").to_owned(),
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            iat: issued_at.timestamp(),
            exp: (issued_at + lifetime).timestamp(),
            jti: Uuid::now_v7(),
            sid: None,
        }
    }

    /// The holder; `None` when subject and role do not belong together.
    fn principal(&self) -> Option<Principal> {
        match Role::from_str_name(&format!("ROLE_{}", self.role))? {
            Role::Unspecified => None,
            Role::Service => {
                let name = self
                    .sub
                    .strip_prefix("service:")
                    .filter(|name| !name.is_empty())?;
                Some(Principal::Service {
                    name: name.to_owned(),
                })
            }
            role => Some(Principal::User {
                id: self.sub.parse().ok()?,
                role,
            }),
        }
    }
}

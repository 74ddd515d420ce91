use chrono::{TimeDelta, Utc};
use contracts::common::v1::Role;
use service::auth::{Claims, KeyPair, ServiceSigner};
use uuid::Uuid;

const LIFETIME: TimeDelta = TimeDelta::hours(1);

/// Somebody who calls a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// Somebody without a token.
    Nobody,
    Admin,
    /// A parent of this id.
    Parent(Uuid),
    /// A trainer of this id.
    Trainer(Uuid),
    Service,
}

impl Caller {
    /// A parent nobody has heard of.
    pub fn parent() -> Self {
        Self::Parent(Uuid::now_v7())
    }

    /// A trainer nobody has heard of.
    pub fn trainer() -> Self {
        Self::Trainer(Uuid::now_v7())
    }

    /// The id of a person; nil for those who are none.
    pub fn id(self) -> Uuid {
        match self {
            Self::Nobody | Self::Service => Uuid::nil(),
            Self::Admin => Uuid::from_u128(1),
            Self::Parent(id) | Self::Trainer(id) => id,
        }
    }
}

/// The keys that tokens are signed with.
#[derive(Clone)]
pub(crate) struct Keys {
    pub users: KeyPair,
    pub services: KeyPair,
}

impl Keys {
    pub fn generate() -> Self {
        Self {
            users: KeyPair::generate().unwrap(),
            services: KeyPair::generate().unwrap(),
        }
    }

    /// The token that a caller shows.
    pub fn token(&self, caller: Caller) -> Option<String> {
        let role = match caller {
            Caller::Nobody => return None,
            Caller::Service => {
                let signer = ServiceSigner::new("payments", self.services.clone());
                return Some(signer.token());
            }
            Caller::Admin => Role::Admin,
            Caller::Parent(_) => Role::Parent,
            Caller::Trainer(_) => Role::Trainer,
        };
        let claims = Claims::user(caller.id(), role, Utc::now(), LIFETIME);
        Some(self.users.sign(&claims))
    }
}

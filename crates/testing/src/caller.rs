use chrono::{TimeDelta, Utc};
use contracts::common::v1::Role;
use contracts::identity::v1::LoginResponse;
use service::auth::{Claims, KeyPair, ServiceSigner};
use uuid::Uuid;

const LIFETIME: TimeDelta = TimeDelta::hours(1);

/// Who can call a service: a [`Caller`], or anybody who has a token.
pub trait Bearer {
    /// The token that they show, if any.
    fn token(&self, keys: &Keys) -> Option<String>;
}

impl<B: Bearer + ?Sized> Bearer for &B {
    fn token(&self, keys: &Keys) -> Option<String> {
        (**self).token(keys)
    }
}

/// A token itself.
impl Bearer for String {
    fn token(&self, _: &Keys) -> Option<String> {
        Some(self.clone())
    }
}

/// Somebody who has logged in to identity.
impl Bearer for LoginResponse {
    fn token(&self, _: &Keys) -> Option<String> {
        Some(self.access_token.clone())
    }
}

/// Somebody who calls a service. In a world of identity itself, `Nobody` and `Service` alone can:
/// its users are those who have logged in.
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
pub struct Keys {
    pub(crate) users: KeyPair,
    pub(crate) services: KeyPair,
}

impl Keys {
    pub(crate) fn generate() -> Self {
        Self {
            users: KeyPair::generate().unwrap(),
            services: KeyPair::generate().unwrap(),
        }
    }
}

impl Bearer for Caller {
    fn token(&self, keys: &Keys) -> Option<String> {
        let role = match self {
            Self::Nobody => return None,
            Self::Service => {
                let signer = ServiceSigner::new("payments", keys.services.clone());
                return Some(signer.token());
            }
            Self::Admin => Role::Admin,
            Self::Parent(_) => Role::Parent,
            Self::Trainer(_) => Role::Trainer,
        };
        let claims = Claims::user(self.id(), role, Utc::now(), LIFETIME);
        Some(keys.users.sign(&claims))
    }
}

//! The RPCs: parse, execute, reply.

mod auth_errors;
mod auth_service;
pub(crate) mod child_access;
mod child_medical_service;
mod child_service;
pub mod convert;
mod email_service;
pub(crate) mod errors;
mod key_service;
mod parse;
mod trainer_profile;
mod trainer_service;
mod user_service;

use chrono::TimeDelta;
use contracts::identity::v1::{
    authentication_service_server::AuthenticationServiceServer,
    child_medical_service_server::ChildMedicalServiceServer,
    child_service_server::ChildServiceServer, email_service_server::EmailServiceServer,
    key_service_server::KeyServiceServer, trainer_service_server::TrainerServiceServer,
    user_service_server::UserServiceServer,
};
use eventsourcing::{Checkpoints, Repository};

use crate::{
    accounts::Accounts,
    ahead::Ahead,
    authentication::{Authentication, logins_of},
    erasure::Erasures,
    export::Exports,
    lifecycle::Lifecycle,
    parts::Parts,
    password::{HashingError, Passwords},
    tokens::Tokens,
};
use auth_service::AuthRpcs;
use child_access::ChildAccess;
use child_medical_service::ChildMedicalRpcs;
use child_service::ChildRpcs;
use email_service::EmailRpcs;
use key_service::KeyRpcs;
use trainer_profile::Profiles;
use trainer_service::TrainerRpcs;
use user_service::UserRpcs;

/// The proto services of identity.
pub struct Servers {
    /// Accounts.
    pub users: UserServiceServer<UserRpcs>,
    /// Logins, codes and passwords.
    pub authentication: AuthenticationServiceServer<AuthRpcs>,
    /// Trainer profiles.
    pub trainers: TrainerServiceServer<TrainerRpcs>,
    /// Children.
    pub children: ChildServiceServer<ChildRpcs>,
    /// Mail and text messages.
    pub emails: EmailServiceServer<EmailRpcs>,
    /// Children's medical data.
    pub child_medical: ChildMedicalServiceServer<ChildMedicalRpcs>,
    /// Public keys.
    pub keys: KeyServiceServer<KeyRpcs>,
}

impl Servers {
    /// On these parts, and what lies ahead of children.
    pub fn new(parts: &Parts, ahead: &Ahead) -> Result<Self, HashingError> {
        let Parts {
            log,
            pool,
            settings,
            ..
        } = parts;
        let passwords = Passwords::new()?;
        let accounts = Accounts::new(parts, passwords.clone());
        let children = ChildAccess::new(parts, &accounts, ahead);
        let checkpoints = Checkpoints::new(pool.clone());
        let lifetime = TimeDelta::from_std(settings.access_token_lifetime);
        let lifetime = lifetime.unwrap_or(TimeDelta::days(36_500));
        Ok(Self {
            users: UserServiceServer::new(UserRpcs {
                accounts: accounts.clone(),
                lifecycle: Lifecycle::new(parts),
                erasures: Erasures::new(parts, ahead),
                exports: Exports::new(parts),
                logins: logins_of(parts),
                keyring: parts.keyring.clone(),
                lookup: parts.lookup.clone(),
                pool: pool.clone(),
                checkpoints: checkpoints.clone(),
            }),
            authentication: AuthenticationServiceServer::new(AuthRpcs {
                authentication: Authentication::new(parts, passwords),
                tokens: Tokens::new(parts.keys.clone(), lifetime),
            }),
            trainers: TrainerServiceServer::new(TrainerRpcs {
                accounts: accounts.clone(),
                trainers: Repository::new(log),
                profiles: Profiles {
                    keyring: parts.keyring.clone(),
                    lookup: parts.lookup.clone(),
                },
                pool: pool.clone(),
                checkpoints,
            }),
            child_medical: ChildMedicalServiceServer::new(ChildMedicalRpcs {
                access: children.clone(),
            }),
            children: ChildServiceServer::new(ChildRpcs { access: children }),
            emails: EmailServiceServer::new(EmailRpcs::new(parts)),
            keys: KeyServiceServer::new(KeyRpcs {
                keys: parts.keys.clone(),
            }),
        })
    }
}

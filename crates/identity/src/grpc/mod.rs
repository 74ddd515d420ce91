//! The RPCs: parse, execute, reply.

mod auth_service;
mod child_backend;
mod child_medical_service;
mod child_service;
mod convert;
mod email_service;
mod key_service;
mod parse;
mod refusals;
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
    accounts::{AccountChanges, Accounts, Erasures, Exports},
    proofs::{Authentication, HashingError, Passwords, authentication::logins_of},
    reference::{OwnTables, UpcomingBookings},
    resources::Resources,
    signing::AccessTokens,
};
use auth_service::AuthRpcs;
use child_backend::ChildBackend;
use child_medical_service::ChildMedicalRpcs;
use child_service::ChildRpcs;
use email_service::EmailRpcs;
use key_service::KeyRpcs;
use trainer_profile::Profiles;
use trainer_service::TrainerRpcs;
use user_service::UserRpcs;

/// The proto services of identity, ready to be served.
pub struct Servers {
    pub users: UserServiceServer<UserRpcs>,
    pub authentication: AuthenticationServiceServer<AuthRpcs>,
    pub trainers: TrainerServiceServer<TrainerRpcs>,
    pub children: ChildServiceServer<ChildRpcs>,
    pub emails: EmailServiceServer<EmailRpcs>,
    pub child_medical: ChildMedicalServiceServer<ChildMedicalRpcs>,
    pub keys: KeyServiceServer<KeyRpcs>,
}

impl Servers {
    pub fn new(resources: &Resources, upcoming: &UpcomingBookings) -> Result<Self, HashingError> {
        let Resources {
            log,
            pool,
            settings,
            ..
        } = resources;
        let passwords = Passwords::new()?;
        let accounts = Accounts::new(resources, passwords.clone());
        let children = ChildBackend::new(resources, &accounts, upcoming);
        let checkpoints = Checkpoints::new(pool.clone());
        let lifetime = TimeDelta::from_std(settings.access_token_lifetime);
        let lifetime = lifetime.unwrap_or(TimeDelta::days(36_500));
        Ok(Self {
            users: UserServiceServer::new(UserRpcs {
                log: log.clone(),
                tables: OwnTables::new(resources),
                accounts: accounts.clone(),
                changes: AccountChanges::new(resources),
                erasures: Erasures::new(resources, upcoming),
                exports: Exports::new(resources),
                logins: logins_of(resources),
                keyring: resources.keyring.clone(),
                lookup: resources.lookup.clone(),
                pool: pool.clone(),
                checkpoints: checkpoints.clone(),
            }),
            authentication: AuthenticationServiceServer::new(AuthRpcs {
                authentication: Authentication::new(resources, passwords),
                tokens: AccessTokens::new(resources.keys.clone(), lifetime),
            }),
            trainers: TrainerServiceServer::new(TrainerRpcs {
                accounts: accounts.clone(),
                trainers: Repository::new(log),
                profiles: Profiles {
                    keyring: resources.keyring.clone(),
                    lookup: resources.lookup.clone(),
                },
                pool: pool.clone(),
                checkpoints,
            }),
            child_medical: ChildMedicalServiceServer::new(ChildMedicalRpcs {
                backend: children.clone(),
            }),
            children: ChildServiceServer::new(ChildRpcs { backend: children }),
            emails: EmailServiceServer::new(EmailRpcs::new(resources)),
            keys: KeyServiceServer::new(KeyRpcs {
                keys: resources.keys.clone(),
            }),
        })
    }
}

//! The RPCs: parse, execute, reply.

mod child_service;
pub mod convert;
mod errors;
mod key_service;
mod parse;
mod trainer_service;
mod user_service;

use std::time::Duration;

use chrono::TimeDelta;
use contracts::identity::v1::{
    child_service_server::ChildServiceServer, key_service_server::KeyServiceServer,
    trainer_service_server::TrainerServiceServer, user_service_server::UserServiceServer,
};
use eventsourcing::{Checkpoints, EventLog, Repository};
use service::auth::KeyPair;
use sqlx::PgPool;

use crate::{
    accounts::Accounts,
    password::{HashingError, Passwords},
    tokens::Tokens,
};
use child_service::ChildRpcs;
use key_service::KeyRpcs;
use trainer_service::TrainerRpcs;
use user_service::UserRpcs;

/// The proto services of identity.
pub struct Servers {
    /// Accounts.
    pub users: UserServiceServer<UserRpcs>,
    /// Trainer profiles.
    pub trainers: TrainerServiceServer<TrainerRpcs>,
    /// Children.
    pub children: ChildServiceServer<ChildRpcs>,
    /// Public keys.
    pub keys: KeyServiceServer<KeyRpcs>,
}

impl Servers {
    /// On this log, with read tables and credentials in the schema of the pool. Tokens are
    /// signed with `key` and valid for `lifetime`.
    pub fn new(
        log: &EventLog,
        pool: &PgPool,
        key: KeyPair,
        lifetime: Duration,
    ) -> Result<Self, HashingError> {
        let accounts = Accounts::new(log, pool.clone(), Passwords::new()?);
        let checkpoints = Checkpoints::new(pool.clone());
        let lifetime = TimeDelta::from_std(lifetime).unwrap_or(TimeDelta::MAX);
        let tokens = Tokens::new(key, lifetime);
        let keys = KeyRpcs::new(tokens.key());
        Ok(Self {
            users: UserServiceServer::new(UserRpcs {
                accounts: accounts.clone(),
                tokens,
                pool: pool.clone(),
                checkpoints: checkpoints.clone(),
            }),
            trainers: TrainerServiceServer::new(TrainerRpcs {
                accounts: accounts.clone(),
                trainers: Repository::new(log),
                pool: pool.clone(),
                checkpoints: checkpoints.clone(),
            }),
            children: ChildServiceServer::new(ChildRpcs {
                accounts,
                children: Repository::new(log),
                pool: pool.clone(),
                checkpoints,
            }),
            keys: KeyServiceServer::new(keys),
        })
    }
}

//! The read tables, each a pure fold of events.

pub mod availability;
pub mod bookings;
pub mod children;
pub mod trainers;
pub mod users;

use std::sync::Arc;

use eventsourcing::{EventLog, LocalFeed, Projector};
use sqlx::PgPool;

use crate::NAME;
use children::Children;
use trainers::Trainers;
use users::Users;

/// The projectors of identity's own events.
pub struct Projectors {
    pub users: Projector<Users>,
    pub trainers: Projector<Trainers>,
    pub children: Projector<Children>,
}

impl Projectors {
    /// Projectors from this log to the read tables in the schema of the pool.
    pub fn new(log: &EventLog, pool: &PgPool) -> Self {
        let users = LocalFeed::new(NAME, log, Users::decode);
        let trainers = LocalFeed::new(NAME, log, Trainers::decode);
        let children = LocalFeed::new(NAME, log, Children::decode);
        Self {
            users: Projector::new(Users, pool.clone(), vec![Arc::new(users)]),
            trainers: Projector::new(Trainers, pool.clone(), vec![Arc::new(trainers)]),
            children: Projector::new(Children, pool.clone(), vec![Arc::new(children)]),
        }
    }
}

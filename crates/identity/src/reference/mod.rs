//! What a command has to know of other things than its aggregate, always on current knowledge.
//!
//! The log is asked where it can answer. Read tables are asked after they have caught up with the
//! logs that they are folded from, so that neither a permission nor a refusal rests on old
//! knowledge.

mod accounts;
mod children;
mod medical;
mod own_tables;
mod upcoming_bookings;

use eventsourcing::personal::LookupKey;
use eventsourcing::{EventLog, Repository};
use service::Reads;

pub use accounts::Holdings;
pub use children::{NewGuardian, Recording};
pub use medical::SealedMedical;
pub use own_tables::OwnTables;
pub use upcoming_bookings::UpcomingBookings;

use crate::domain::child::Child;
use crate::domain::trainer::Trainer;
use crate::domain::user::User;
use crate::projector::children::Children;
use crate::resources::Resources;

/// Looks up what commands depend on. Cheap to clone.
#[derive(Clone)]
pub struct References {
    log: EventLog,
    users: Repository<User>,
    trainers: Repository<Trainer>,
    children: Repository<Child>,
    medical: Reads<Children>,
    tables: OwnTables,
    upcoming: UpcomingBookings,
    lookup: LookupKey,
}

impl References {
    /// Over the log, the own read tables and the bookings that lie ahead.
    pub fn new(resources: &Resources, upcoming: &UpcomingBookings) -> Self {
        Self {
            log: resources.log.clone(),
            users: Repository::new(&resources.log),
            trainers: Repository::new(&resources.log),
            children: Repository::new(&resources.log),
            medical: resources.reads(),
            tables: OwnTables::new(resources),
            upcoming: upcoming.clone(),
            lookup: resources.lookup.clone(),
        }
    }
}

use chrono::{DateTime, Utc};

use super::{Profile, ProfileChanges, TermChanges, Terms};
use crate::domain::values::{Role, UserId};

/// What can be asked of a trainer's profile.
#[derive(Clone, Debug)]
pub enum TrainerCommand {
    Create(Box<CreateTrainer>),
    Update(Box<UpdateTrainer>),
    /// Forgets what the profile says of the trainer.
    Erase {
        now: DateTime<Utc>,
    },
}

/// Creates a profile for a user.
#[derive(Clone, Debug)]
pub struct CreateTrainer {
    /// The user whose profile it is: a trainer has the id of their user.
    pub trainer_id: UserId,
    pub role: Role,
    pub profile: Profile,
    pub terms: Terms,
    pub now: DateTime<Utc>,
}

#[derive(Clone, Debug)]
pub struct UpdateTrainer {
    pub profile: ProfileChanges,
    pub terms: TermChanges,
    pub now: DateTime<Utc>,
}

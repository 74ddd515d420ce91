use chrono::{DateTime, Utc};

use super::{Profile, ProfileChanges, TermChanges, Terms};
use crate::domain::values::{Role, UserId};

/// What can be asked of a trainer's profile.
#[derive(Clone, Debug)]
pub enum TrainerCommand {
    /// Creates it.
    Create(Box<CreateTrainer>),
    /// Changes it.
    Update(Box<UpdateTrainer>),
    /// Forgets what it says of the trainer.
    Erase {
        /// When.
        now: DateTime<Utc>,
    },
}

/// Creates a profile for a user.
#[derive(Clone, Debug)]
pub struct CreateTrainer {
    /// The user whose profile it is, and the id of the trainer.
    pub trainer_id: UserId,
    /// The role of that user.
    pub role: Role,
    /// What the profile says.
    pub profile: Profile,
    /// On what terms the trainer can be booked.
    pub terms: Terms,
    /// When.
    pub now: DateTime<Utc>,
}

/// Changes a profile.
#[derive(Clone, Debug)]
pub struct UpdateTrainer {
    /// What it is to say from now on.
    pub profile: ProfileChanges,
    /// The terms of bookings from now on.
    pub terms: TermChanges,
    /// When.
    pub now: DateTime<Utc>,
}

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::values::{Price, Role, UserId};

/// What can be asked of a trainer's profile.
#[derive(Clone, Debug)]
pub enum TrainerCommand {
    /// Creates it.
    Create(CreateTrainer),
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
    /// When.
    pub now: DateTime<Utc>,
}

/// What a profile says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// Name on the profile.
    pub first_name: String,
    /// Name on the profile.
    pub last_name: String,
    /// Who the trainer is.
    pub bio: String,
    /// What the trainer has done before.
    pub experience: String,
    /// Addresses of photos.
    pub photos: Vec<String>,
    /// Price of one hour of a single session.
    pub price_per_hour: Price,
    /// Usual length of a session, minutes.
    pub session_duration_minutes: i32,
    /// Not employed by the platform.
    pub external: bool,
}

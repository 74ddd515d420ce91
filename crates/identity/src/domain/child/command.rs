use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr};

use crate::domain::values::{Birthdate, ChildId, Role, UserId};

/// What can be asked of a child's record.
#[derive(Clone, Debug)]
pub enum ChildCommand {
    /// Adds it.
    Add(AddChild),
}

/// Adds a child to its guardian's account.
#[derive(Clone, Debug)]
pub struct AddChild {
    /// An id made for this child.
    pub child_id: ChildId,
    /// The user who answers for it.
    pub guardian_id: UserId,
    /// The role of that user.
    pub role: Role,
    /// Whether the guardian agrees that the child's data is stored.
    pub consent: Consent,
    /// The child.
    pub player: Player,
    /// When.
    pub now: DateTime<Utc>,
}

/// What a guardian says to the storing of a child's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consent {
    /// Agrees.
    Given,
    /// Does not agree.
    Withheld,
}

/// Who a child is and how it plays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Player {
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// Civil date of birth.
    pub birthdate: Birthdate,
    /// How well the child plays.
    pub skill_level: SkillLevel,
    /// More about the level, may be empty.
    pub specify: String,
    /// Present team, may be empty.
    pub team: String,
}

/// How well a child plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, EnumString, IntoStaticStr)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum SkillLevel {
    /// Learns the basics.
    Beginner,
    /// Knows the basics.
    Intermediate,
    /// Competes.
    Advanced,
}

impl SkillLevel {
    /// The name in events and tables, for example "BEGINNER".
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

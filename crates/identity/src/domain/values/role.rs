use serde::{Deserialize, Serialize};
use strum::{EnumIter, EnumString, IntoStaticStr};

/// What a user may do; each user has one role.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Role {
    /// An admin runs the marketplace.
    Admin,
    /// A trainer offers sessions and coaches events.
    Trainer,
    /// A parent answers for children and books for them.
    Parent,
}

impl Role {
    /// The name in tokens, events and tables, for example "PARENT".
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

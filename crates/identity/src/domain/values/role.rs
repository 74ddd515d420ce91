use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr};

/// What a user may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, EnumString, IntoStaticStr)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Role {
    /// Runs the marketplace.
    Admin,
    /// Offers sessions and coaches events.
    Trainer,
    /// Books for children.
    Parent,
}

impl Role {
    /// The name in tokens, events and tables, for example "PARENT".
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

use chrono::{DateTime, Utc};

/// What can be asked of a location.
#[derive(Debug, Clone)]
pub enum LocationCommand {
    /// Add it.
    Create {
        /// Its name.
        name: String,
        /// A known IANA zone.
        time_zone: String,
        /// The moment of the command.
        now: DateTime<Utc>,
    },
}

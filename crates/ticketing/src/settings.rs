use std::time::Duration;

use chrono::TimeDelta;
use service::{OwnSettings, Variables};

/// What ticketing reads of the environment for itself.
#[derive(Debug, Clone)]
pub struct TicketingSettings {
    /// How long tickets are held without payment (`DIVINETIME_HOLD_SECONDS`).
    pub hold: Duration,
}

impl Default for TicketingSettings {
    fn default() -> Self {
        Self {
            hold: Duration::from_mins(15),
        }
    }
}

impl TicketingSettings {
    pub(crate) fn hold(&self) -> TimeDelta {
        TimeDelta::from_std(self.hold).unwrap_or(TimeDelta::MAX)
    }
}

impl OwnSettings for TicketingSettings {
    fn read(from: &mut Variables) -> Self {
        let mut own = Self::default();
        from.seconds(
            "DIVINETIME_HOLD_SECONDS",
            "how long tickets are held without payment",
            &mut own.hold,
        );
        own
    }
}

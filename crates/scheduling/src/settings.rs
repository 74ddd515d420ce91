use std::time::Duration;

use chrono::TimeDelta;
use service::{OwnSettings, Variables};

/// What scheduling reads of the environment for itself.
#[derive(Debug, Clone)]
pub struct SchedulingSettings {
    /// How long a session is held without payment (`DIVINETIME_HOLD_SECONDS`).
    pub hold: Duration,
    /// Whole hours before a session's start until which a parent cancels free of charge
    /// (`DIVINETIME_CANCELLATION_NOTICE_HOURS`).
    pub cancellation_notice_hours: u32,
}

impl Default for SchedulingSettings {
    fn default() -> Self {
        Self {
            hold: Duration::from_mins(15),
            cancellation_notice_hours: 24,
        }
    }
}

impl SchedulingSettings {
    pub(crate) fn hold(&self) -> TimeDelta {
        TimeDelta::from_std(self.hold).unwrap_or(TimeDelta::MAX)
    }
}

impl OwnSettings for SchedulingSettings {
    fn read(from: &mut Variables) -> Self {
        let mut own = Self::default();
        from.seconds(
            "DIVINETIME_HOLD_SECONDS",
            "how long a session is held without payment",
            &mut own.hold,
        );
        from.set(
            "DIVINETIME_CANCELLATION_NOTICE_HOURS",
            "how many hours before the start a parent can last cancel free of charge",
            &mut own.cancellation_notice_hours,
        );
        own
    }
}

use std::time::Duration;

use service::{OwnSettings, Variables};

/// What payments reads of the environment for itself.
#[derive(Debug, Clone)]
pub struct PaymentsSettings {
    /// How long the provider may take to answer (`DIVINETIME_PROVIDER_MILLISECONDS`).
    pub provider_deadline: Duration,
}

impl Default for PaymentsSettings {
    fn default() -> Self {
        Self {
            provider_deadline: Duration::from_secs(2),
        }
    }
}

impl OwnSettings for PaymentsSettings {
    fn read(from: &mut Variables) -> Self {
        let mut own = Self::default();
        from.milliseconds(
            "DIVINETIME_PROVIDER_MILLISECONDS",
            "how long the provider may take to answer",
            &mut own.provider_deadline,
        );
        own
    }
}

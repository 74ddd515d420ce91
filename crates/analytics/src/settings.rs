use service::{OwnSettings, Variables};
use values::Zone;

/// What analytics reads of the environment for itself. Other settings than before make other
/// tables: they are built anew.
#[derive(Debug, Clone, Copy)]
pub struct AnalyticsSettings {
    /// Whose local days, months and years the figures are of (`DIVINETIME_BUSINESS_ZONE`).
    pub business_zone: Zone,
    /// Whether payments that move no real money count (`DIVINETIME_COUNTS_SANDBOX`).
    pub counts_sandbox: bool,
}

impl Default for AnalyticsSettings {
    fn default() -> Self {
        Self {
            business_zone: Zone::new_york(),
            counts_sandbox: true,
        }
    }
}

impl OwnSettings for AnalyticsSettings {
    fn read(from: &mut Variables) -> Self {
        let mut own = Self::default();
        from.set(
            "DIVINETIME_BUSINESS_ZONE",
            "the time zone whose days, months and years are counted",
            &mut own.business_zone,
        );
        from.set(
            "DIVINETIME_COUNTS_SANDBOX",
            "whether payments that move no real money count",
            &mut own.counts_sandbox,
        );
        own
    }
}

use chrono::{DateTime, Utc};
use eventsourcing::{Claim, ClaimChange, ClaimingEvent, DomainEvent};
use serde::{Deserialize, Serialize};
use values::{LocationId, text};

/// The scope of the claim on a folded name.
pub const NAME_SCOPE: &str = "location.name";

/// What happened to a location.
#[derive(
    Debug, Clone, PartialEq, Serialize, Deserialize, strum::IntoStaticStr, strum::VariantNames,
)]
pub enum LocationEvent {
    LocationCreated {
        location_id: LocationId,
        name: String,
        /// The name of an IANA zone.
        time_zone: String,
        created_at: DateTime<Utc>,
    },
}

impl DomainEvent for LocationEvent {
    fn event_type(&self) -> String {
        <&str>::from(self).to_owned()
    }

    fn event_version(&self) -> String {
        "1.0".to_owned()
    }
}

impl ClaimingEvent for LocationEvent {
    fn claims(&self, _aggregate_id: &str) -> Vec<ClaimChange> {
        match self {
            Self::LocationCreated { name, .. } => vec![ClaimChange::Acquire(Claim::Unique {
                scope: NAME_SCOPE,
                // Two spellings of one name are the same name.
                key: text::unique_key(name),
            })],
        }
    }
}

use chrono::{DateTime, Utc};
use cqrs_es::DomainEvent;
use eventsourcing::ClaimingEvent;
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use super::Player;
use crate::domain::values::{ChildId, UserId};

/// What has happened to a child's record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, IntoStaticStr)]
pub enum ChildEvent {
    /// The guardian agreed that the child's data is stored.
    ConsentGiven {
        /// The child.
        child_id: ChildId,
        /// Who agreed.
        guardian_id: UserId,
        /// When.
        given_at: DateTime<Utc>,
    },
    /// The child was added.
    ChildAdded {
        /// The child.
        child_id: ChildId,
        /// The user who answers for it.
        guardian_id: UserId,
        /// The child.
        player: Player,
        /// When.
        added_at: DateTime<Utc>,
    },
}

impl DomainEvent for ChildEvent {
    fn event_type(&self) -> String {
        <&str>::from(self).to_owned()
    }

    fn event_version(&self) -> String {
        "1.0".to_owned()
    }
}

impl ClaimingEvent for ChildEvent {}

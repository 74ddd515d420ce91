use chrono::{DateTime, Utc};

use eventsourcing::{ClaimingEvent, DomainEvent, personal::Personal};
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantNames};

use super::{MedicalChanges, MedicalField, Player, PlayerChanges, PolicyVersion, Purpose};
use crate::domain::values::{AllergenId, ChildId, Role, TransferId, UserId};

/// What has happened to a child's record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, IntoStaticStr, VariantNames)]
pub enum ChildEvent {
    ConsentGiven {
        child_id: ChildId,
        guardian_id: UserId,
        purpose: Purpose,
        /// The text that the guardian agreed to.
        policy_version: PolicyVersion,
        given_at: DateTime<Utc>,
    },
    /// A consent was withdrawn. Medical data end with their consent: their key is destroyed.
    ConsentWithdrawn {
        child_id: ChildId,
        purpose: Purpose,
        withdrawn_at: DateTime<Utc>,
    },
    ChildAdded {
        child_id: ChildId,
        /// The user who answers for the child.
        guardian_id: UserId,
        player: Player,
        added_at: DateTime<Utc>,
    },
    /// Something that is known of the child changed.
    ChildUpdated {
        child_id: ChildId,
        changes: PlayerChanges,
        updated_at: DateTime<Utc>,
    },
    /// The child was archived and takes part in nothing new.
    ChildArchived {
        child_id: ChildId,
        /// The user who answers for the child.
        guardian_id: UserId,
        archived_at: DateTime<Utc>,
    },
    /// The child was erased, and their keys are destroyed.
    ChildErased {
        child_id: ChildId,
        erased_at: DateTime<Utc>,
    },
    MedicalUpdated {
        child_id: ChildId,
        changes: MedicalChanges,
        updated_at: DateTime<Utc>,
    },
    /// An allergen by another name than the common ones was added.
    CustomAllergenAdded {
        child_id: ChildId,
        allergen_id: AllergenId,
        /// The name, sealed for the medical subject.
        name: Personal<String>,
        /// The keyed fingerprint of child and folded name.
        name_key: String,
        added_at: DateTime<Utc>,
    },
    /// An allergen by another name was removed.
    CustomAllergenRemoved {
        child_id: ChildId,
        allergen_id: AllergenId,
        removed_at: DateTime<Utc>,
    },
    /// Somebody other than the guardian is about to see medical data.
    MedicalRead {
        child_id: ChildId,
        reader_id: UserId,
        role: Role,
        fields: Vec<MedicalField>,
        read_at: DateTime<Utc>,
    },
    /// The guardian offered to hand the child over.
    GuardianTransferRequested {
        child_id: ChildId,
        transfer_id: TransferId,
        /// The user who offers the child.
        guardian_id: UserId,
        /// The user who may accept; `None` when nobody has the address that was given.
        to: Option<UserId>,
        requested_at: DateTime<Utc>,
        /// The offer can be accepted until then.
        expires_at: DateTime<Utc>,
    },
    /// The offer was taken back or declined.
    GuardianTransferCanceled {
        child_id: ChildId,
        transfer_id: TransferId,
        canceled_at: DateTime<Utc>,
    },
    /// Another user answers for the child.
    GuardianTransferred {
        child_id: ChildId,
        transfer_id: TransferId,
        former_guardian_id: UserId,
        /// The user who answers for the child from now on.
        guardian_id: UserId,
        transferred_at: DateTime<Utc>,
    },
}

impl ChildEvent {
    /// The child to whom it happened.
    pub fn child_id(&self) -> ChildId {
        match self {
            Self::ConsentGiven { child_id, .. }
            | Self::ConsentWithdrawn { child_id, .. }
            | Self::ChildAdded { child_id, .. }
            | Self::ChildUpdated { child_id, .. }
            | Self::ChildArchived { child_id, .. }
            | Self::ChildErased { child_id, .. }
            | Self::MedicalUpdated { child_id, .. }
            | Self::CustomAllergenAdded { child_id, .. }
            | Self::CustomAllergenRemoved { child_id, .. }
            | Self::MedicalRead { child_id, .. }
            | Self::GuardianTransferRequested { child_id, .. }
            | Self::GuardianTransferCanceled { child_id, .. }
            | Self::GuardianTransferred { child_id, .. } => *child_id,
        }
    }
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

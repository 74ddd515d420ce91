use chrono::{DateTime, Utc};
use cqrs_es::DomainEvent;
use eventsourcing::{ClaimingEvent, personal::Personal};
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use super::{MedicalChanges, MedicalField, Player, PlayerChanges, PolicyVersion, Purpose};
use crate::domain::values::{AllergenId, ChildId, Role, TransferId, UserId};

/// What has happened to a child's record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, IntoStaticStr)]
pub enum ChildEvent {
    /// The guardian agreed.
    ConsentGiven {
        /// The child.
        child_id: ChildId,
        /// Who agreed.
        guardian_id: UserId,
        /// To what.
        purpose: Purpose,
        /// The text that she agreed to.
        policy_version: PolicyVersion,
        /// When.
        given_at: DateTime<Utc>,
    },
    /// The guardian agrees no more. Medical data are gone with it: their key is destroyed.
    ConsentWithdrawn {
        /// The child.
        child_id: ChildId,
        /// To what.
        purpose: Purpose,
        /// When.
        withdrawn_at: DateTime<Utc>,
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
    /// Something of the child is another now.
    ChildUpdated {
        /// The child.
        child_id: ChildId,
        /// What.
        changes: PlayerChanges,
        /// When.
        updated_at: DateTime<Utc>,
    },
    /// The child takes part in nothing new.
    ChildArchived {
        /// The child.
        child_id: ChildId,
        /// The user who answers for it.
        guardian_id: UserId,
        /// When.
        archived_at: DateTime<Utc>,
    },
    /// The child was erased: its keys are destroyed.
    ChildErased {
        /// The child.
        child_id: ChildId,
        /// When.
        erased_at: DateTime<Utc>,
    },
    /// Medical data are others now.
    MedicalUpdated {
        /// The child.
        child_id: ChildId,
        /// What.
        changes: MedicalChanges,
        /// When.
        updated_at: DateTime<Utc>,
    },
    /// The guardian named an allergen herself.
    CustomAllergenAdded {
        /// The child.
        child_id: ChildId,
        /// The allergen.
        allergen_id: AllergenId,
        /// Its name, sealed for the medical subject.
        name: Personal<String>,
        /// Keyed fingerprint of child and folded name.
        name_key: String,
        /// When.
        added_at: DateTime<Utc>,
    },
    /// Such an allergen is gone.
    CustomAllergenRemoved {
        /// The child.
        child_id: ChildId,
        /// The allergen.
        allergen_id: AllergenId,
        /// When.
        removed_at: DateTime<Utc>,
    },
    /// Somebody else than the guardian is about to see medical data.
    MedicalRead {
        /// The child.
        child_id: ChildId,
        /// Who.
        reader_id: UserId,
        /// Her role.
        role: Role,
        /// What.
        fields: Vec<MedicalField>,
        /// When.
        read_at: DateTime<Utc>,
    },
    /// The guardian offered the child to another one.
    GuardianTransferRequested {
        /// The child.
        child_id: ChildId,
        /// The offer.
        transfer_id: TransferId,
        /// Who offers.
        guardian_id: UserId,
        /// Who may accept; `None` when nobody answers to the address that was given.
        to: Option<UserId>,
        /// When.
        requested_at: DateTime<Utc>,
        /// From when on nobody may accept any more.
        expires_at: DateTime<Utc>,
    },
    /// The offer was taken back or declined.
    GuardianTransferCanceled {
        /// The child.
        child_id: ChildId,
        /// The offer.
        transfer_id: TransferId,
        /// When.
        canceled_at: DateTime<Utc>,
    },
    /// Another user answers for the child.
    GuardianTransferred {
        /// The child.
        child_id: ChildId,
        /// The offer.
        transfer_id: TransferId,
        /// Who answered for it before.
        former_guardian_id: UserId,
        /// Who does now.
        guardian_id: UserId,
        /// When.
        transferred_at: DateTime<Utc>,
    },
}

impl ChildEvent {
    /// The child that it happened to.
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

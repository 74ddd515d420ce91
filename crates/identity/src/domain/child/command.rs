use chrono::{DateTime, Utc};
use eventsourcing::personal::Personal;
use serde::{Deserialize, Serialize};
use strum::{EnumIter, EnumString, IntoStaticStr};
use uuid::Uuid;

use crate::domain::values::{
    Allergen, AllergenId, Birthdate, ChildId, EmergencyContact, MedicalConditions, Role,
    TransferId, UserId,
};

/// A command on a child's record.
#[derive(Clone, Debug)]
pub struct ChildCommand {
    pub child_id: ChildId,
    pub acting: Acting,
    pub now: DateTime<Utc>,
    pub action: Action,
}

/// Who acts on a child's record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acting {
    /// A parent, whether of this child or of another one.
    Parent(UserId),
    /// A trainer with an upcoming booking of the child.
    Trainer(UserId),
    Admin(UserId),
    /// The system itself, which carries out what was decided before.
    System,
}

/// What can be done to a child's record.
#[derive(Clone, Debug)]
pub enum Action {
    /// Records that the guardian consents.
    RecordConsent {
        role: Role,
        purpose: Purpose,
        /// The text that the guardian agrees to.
        policy_version: PolicyVersion,
    },
    /// Records that the guardian withdraws a consent, and deletes what was stored by it.
    WithdrawConsent {
        purpose: Purpose,
        /// Whether the child has upcoming bookings that are paid.
        paid_ahead: bool,
    },
    /// Adds the child to its guardian's account.
    Add {
        role: Role,
        /// The text that the guardian agrees to with this command; `None` when they have agreed
        /// before.
        consent: Option<PolicyVersion>,
        player: Box<Player>,
    },
    Update(Box<PlayerChanges>),
    /// Archives the child, which then takes part in nothing new.
    Archive,
    Erase {
        /// Whether the child has upcoming bookings that are paid.
        paid_ahead: bool,
    },
    /// Changes the medical data that are given, and adds allergens by other names.
    UpdateMedical {
        /// The subject for whom everything here is sealed.
        subject: Uuid,
        changes: Box<MedicalChanges>,
        custom: Vec<CustomAllergen>,
    },
    /// Adds an allergen by another name than the common ones.
    AddAllergen {
        /// The subject for whom the name is sealed.
        subject: Uuid,
        allergen: CustomAllergen,
    },
    /// Removes an allergen by another name.
    RemoveAllergen {
        allergen_id: AllergenId,
    },
    /// Records that medical data are about to be shown.
    ReadMedical {
        fields: Vec<MedicalField>,
    },
    /// Offers the child to another guardian.
    OfferTransfer {
        /// The id is made for this offer.
        transfer_id: TransferId,
        /// The user who may accept; `None` when nobody has the address that the guardian gave.
        to: Option<UserId>,
    },
    /// Accepts an offered child, with the new guardian's consents.
    AcceptTransfer {
        transfer_id: TransferId,
        /// The role of the user who accepts.
        role: Role,
        /// The text about the child's data that this user agrees to.
        policy_version: PolicyVersion,
        /// Whether this user also agrees to the storing of medical data.
        medical: bool,
    },
    /// Takes an offer back, or declines it.
    CancelTransfer {
        transfer_id: TransferId,
    },
}

impl Action {
    /// Whether the action may erase data whose key must then be destroyed.
    pub fn forgets(&self) -> bool {
        matches!(
            self,
            Self::WithdrawConsent { .. } | Self::Erase { .. } | Self::AcceptTransfer { .. }
        )
    }
}

/// What a guardian agrees to.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    EnumIter,
    EnumString,
    IntoStaticStr,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Purpose {
    /// The child's data may be stored.
    ChildData,
    /// Medical data of the child may be stored, and shown to trainers who coach the child.
    MedicalData,
}

impl Purpose {
    /// The name in events and tables, for example `CHILD_DATA`.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// The version of the text that a guardian agrees to: 1 to 40 letters, digits, dots, hyphens and
/// underscores.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PolicyVersion(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must have 1 to 40 letters, digits, dots, hyphens or underscores")]
pub struct PolicyVersionError;

impl PolicyVersion {
    pub fn parse(text: &str) -> Result<Self, PolicyVersionError> {
        let fits = (1..=40).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte));
        fits.then(|| Self(text.to_owned()))
            .ok_or(PolicyVersionError)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Who a child is and how they play, sealed for the child.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Player {
    pub first_name: Personal<String>,
    pub last_name: Personal<String>,
    pub birthdate: Personal<Birthdate>,
    pub skill_level: SkillLevel,
    /// More about the level; it may be empty.
    pub specify: Personal<String>,
    /// The present team; it may be empty.
    pub team: Personal<String>,
}

/// Changes of a [`Player`], sealed for the child; what is `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PlayerChanges {
    pub first_name: Option<Personal<String>>,
    pub last_name: Option<Personal<String>>,
    pub birthdate: Option<Personal<Birthdate>>,
    pub skill_level: Option<SkillLevel>,
    /// More about the level; it may be empty.
    pub specify: Option<Personal<String>>,
    /// The present team; it may be empty.
    pub team: Option<Personal<String>>,
}

/// Changes of a child's medical data, sealed for the medical subject; what is `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MedicalChanges {
    /// All common allergens of the child from now on.
    pub allergies: Option<Personal<Vec<Allergen>>>,
    pub conditions: Option<Personal<MedicalConditions>>,
    /// The person to call; a sealed `None` removes the present one.
    pub emergency_contact: Option<Personal<Option<EmergencyContact>>>,
}

/// An allergen by another name than the common ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomAllergen {
    pub allergen_id: AllergenId,
    /// The name, sealed for the medical subject.
    pub name: Personal<String>,
    /// The keyed fingerprint of child and folded name.
    pub name_key: String,
}

/// A part of the medical data.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum MedicalField {
    Allergies,
    CustomAllergens,
    MedicalConditions,
    EmergencyContact,
}

impl MedicalField {
    /// The name in events and tables, for example "ALLERGIES".
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum SkillLevel {
    /// The child learns the basics.
    Beginner,
    /// The child knows the basics.
    Intermediate,
    /// The child competes.
    Advanced,
}

impl SkillLevel {
    /// The name in events and tables, for example "BEGINNER".
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

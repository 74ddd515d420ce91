use chrono::{DateTime, Utc};
use eventsourcing::personal::Personal;
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr};
use uuid::Uuid;

use crate::domain::values::{
    Allergen, AllergenId, Birthdate, ChildId, EmergencyContact, MedicalConditions, Role,
    TransferId, UserId,
};

/// Something asked of a child's record.
#[derive(Clone, Debug)]
pub struct ChildCommand {
    /// The child.
    pub child_id: ChildId,
    /// Who asks.
    pub acting: Acting,
    /// When.
    pub now: DateTime<Utc>,
    /// What is asked.
    pub action: Action,
}

/// Who asks something of a child's record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acting {
    /// A parent, of this child or of another one.
    Parent(UserId),
    /// A trainer who coaches the child in days to come.
    Trainer(UserId),
    /// An admin.
    Admin(UserId),
    /// The system itself: what must be done is done.
    System,
}

/// What can be asked of a child's record.
#[derive(Clone, Debug)]
pub enum Action {
    /// Records that the guardian agrees.
    RecordConsent {
        /// The role of the guardian.
        role: Role,
        /// To what.
        purpose: Purpose,
        /// The text that she agreed to.
        policy_version: PolicyVersion,
    },
    /// Records that the guardian agrees no more, and does what follows from it.
    WithdrawConsent {
        /// To what.
        purpose: Purpose,
        /// Whether something paid lies ahead of the child.
        paid_ahead: bool,
    },
    /// Adds the child to its guardian's account.
    Add {
        /// The role of the guardian.
        role: Role,
        /// The text that the guardian agrees to with this command; `None` when she has agreed
        /// before.
        consent: Option<PolicyVersion>,
        /// The child.
        player: Box<Player>,
    },
    /// Changes what is given.
    Update(Box<PlayerChanges>),
    /// The child takes part in nothing new.
    Archive,
    /// Erases the child.
    Erase {
        /// Whether something paid lies ahead of the child.
        paid_ahead: bool,
    },
    /// Changes what is given, and adds the allergens that nobody knows.
    UpdateMedical {
        /// The subject that everything here is sealed for.
        subject: Uuid,
        /// What changes.
        changes: Box<MedicalChanges>,
        /// Allergens by other names.
        custom: Vec<CustomAllergen>,
    },
    /// Adds an allergen by a name of the guardian's own.
    AddAllergen {
        /// The subject that the name is sealed for.
        subject: Uuid,
        /// The allergen.
        allergen: CustomAllergen,
    },
    /// Removes such an allergen.
    RemoveAllergen {
        /// The allergen.
        allergen_id: AllergenId,
    },
    /// Records that medical data are about to be shown.
    ReadMedical {
        /// Which.
        fields: Vec<MedicalField>,
    },
    /// Offers the child to another guardian.
    OfferTransfer {
        /// An id made for this offer.
        transfer_id: TransferId,
        /// Who may accept; `None` when nobody answers to what the guardian gave.
        to: Option<UserId>,
    },
    /// Accepts the child, with the consents that it needs.
    AcceptTransfer {
        /// The offer.
        transfer_id: TransferId,
        /// The role of who accepts.
        role: Role,
        /// The text that she agrees to, of the child's data.
        policy_version: PolicyVersion,
        /// Whether she agrees to the storing of medical data, too.
        medical: bool,
    },
    /// Takes an offer back, or declines it.
    CancelTransfer {
        /// The offer.
        transfer_id: TransferId,
    },
}

impl Action {
    /// Whether it may make something forgotten, whose key is to be destroyed.
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
    Serialize,
    Deserialize,
    EnumString,
    IntoStaticStr,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Purpose {
    /// That the child's data is stored.
    ChildData,
    /// That medical data of the child is stored, and shown to those who coach it.
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

/// The text is no version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must have 1 to 40 letters, digits, dots, hyphens or underscores")]
pub struct PolicyVersionError;

impl PolicyVersion {
    /// Parses a version.
    pub fn parse(text: &str) -> Result<Self, PolicyVersionError> {
        let fits = (1..=40).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte));
        fits.then(|| Self(text.to_owned()))
            .ok_or(PolicyVersionError)
    }

    /// The version.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Who a child is and how it plays. Sealed for the child.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Player {
    /// First name.
    pub first_name: Personal<String>,
    /// Last name.
    pub last_name: Personal<String>,
    /// Civil date of birth.
    pub birthdate: Personal<Birthdate>,
    /// How well the child plays.
    pub skill_level: SkillLevel,
    /// More about the level, may be empty.
    pub specify: Personal<String>,
    /// Present team, may be empty.
    pub team: Personal<String>,
}

/// What of a [`Player`] becomes another. Sealed for the child.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PlayerChanges {
    /// First name.
    pub first_name: Option<Personal<String>>,
    /// Last name.
    pub last_name: Option<Personal<String>>,
    /// Civil date of birth.
    pub birthdate: Option<Personal<Birthdate>>,
    /// How well the child plays.
    pub skill_level: Option<SkillLevel>,
    /// More about the level, may be empty.
    pub specify: Option<Personal<String>>,
    /// Present team, may be empty.
    pub team: Option<Personal<String>>,
}

/// What of a child's medical data becomes another. Sealed for the medical subject.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MedicalChanges {
    /// All known allergens of the child from now on.
    pub allergies: Option<Personal<Vec<Allergen>>>,
    /// Conditions.
    pub conditions: Option<Personal<MedicalConditions>>,
    /// Whom to call; a sealed "nobody" takes the present one away.
    pub emergency_contact: Option<Personal<Option<EmergencyContact>>>,
}

/// An allergen by a name of the guardian's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomAllergen {
    /// An id made for it.
    pub allergen_id: AllergenId,
    /// The name, sealed for the medical subject.
    pub name: Personal<String>,
    /// Keyed fingerprint of child and folded name.
    pub name_key: String,
}

/// Medical data that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, EnumString, IntoStaticStr)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum MedicalField {
    /// Known allergens.
    Allergies,
    /// Allergens by other names.
    CustomAllergens,
    /// Conditions.
    MedicalConditions,
    /// Whom to call.
    EmergencyContact,
}

impl MedicalField {
    /// The name in events and tables, for example "ALLERGIES".
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// How well a child plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, EnumString, IntoStaticStr)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum SkillLevel {
    /// Learns the basics.
    Beginner,
    /// Knows the basics.
    Intermediate,
    /// Competes.
    Advanced,
}

impl SkillLevel {
    /// The name in events and tables, for example "BEGINNER".
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

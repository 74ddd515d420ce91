use chrono::{DateTime, Utc};
use eventsourcing::{Row, personal::Personal};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    domain::values::{Allergen, Birthdate, EmergencyContact, MedicalConditions},
    personal::Column,
};

/// A row of `children`. A personal value is blank when it was never given, was withdrawn or
/// erased.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChildRow {
    /// The child.
    pub id: Uuid,
    /// First name.
    pub first_name: Column<String>,
    /// Last name.
    pub last_name: Column<String>,
    /// The guardian.
    pub parent_id: Uuid,
    /// Civil date of birth.
    pub birthdate: Column<Birthdate>,
    /// BEGINNER, INTERMEDIATE or ADVANCED.
    pub skill_level: String,
    /// Present team.
    pub team: Column<String>,
    /// More about the level.
    pub specify: Column<String>,
    /// Known allergens.
    pub allergies: Column<Vec<Allergen>>,
    /// Conditions.
    pub medical_conditions: Column<MedicalConditions>,
    /// Whom to call.
    pub emergency_contact: Column<Option<EmergencyContact>>,
    /// When the child was added.
    pub created_at: DateTime<Utc>,
    /// When something of it last changed.
    pub updated_at: DateTime<Utc>,
    /// Since when it takes part in nothing new.
    pub archived_at: Option<DateTime<Utc>>,
    /// When it was erased.
    pub erased_at: Option<DateTime<Utc>>,
}

impl Row for ChildRow {
    const TABLE: &'static str = "children";
    const KEY: &'static [&'static str] = &["id"];
    type Key = Uuid;

    fn key(&self) -> Uuid {
        self.id
    }
}

impl ChildRow {
    /// Takes away what needs the consent to medical data.
    pub(super) fn blank_medical(&mut self) {
        self.allergies = Column::blank();
        self.medical_conditions = Column::blank();
        self.emergency_contact = Column::blank();
    }

    /// Takes away everything personal.
    pub(super) fn blank(&mut self) {
        self.blank_medical();
        self.first_name = Column::blank();
        self.last_name = Column::blank();
        self.birthdate = Column::blank();
        self.team = Column::blank();
        self.specify = Column::blank();
    }
}

/// A row of `custom_allergens`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomAllergenRow {
    /// The allergen.
    pub id: Uuid,
    /// The child.
    pub child_id: Uuid,
    /// What the guardian calls it.
    pub name: Personal<String>,
    /// When it was added.
    pub created_at: DateTime<Utc>,
}

impl Row for CustomAllergenRow {
    const TABLE: &'static str = "custom_allergens";
    const KEY: &'static [&'static str] = &["id"];
    type Key = Uuid;

    fn key(&self) -> Uuid {
        self.id
    }
}

/// A row of `child_consents`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentRow {
    /// The child.
    pub child_id: Uuid,
    /// `CHILD_DATA` or `MEDICAL_DATA`.
    pub purpose: String,
    /// Who agreed.
    pub guardian_id: Uuid,
    /// The text that she agreed to.
    pub policy_version: String,
    /// When.
    pub given_at: DateTime<Utc>,
}

impl Row for ConsentRow {
    const TABLE: &'static str = "child_consents";
    const KEY: &'static [&'static str] = &["child_id", "purpose"];
    type Key = (Uuid, String);

    fn key(&self) -> (Uuid, String) {
        (self.child_id, self.purpose.clone())
    }
}

/// A row of `medical_accesses`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MedicalAccessRow {
    /// The event.
    pub id: Uuid,
    /// The child.
    pub child_id: Uuid,
    /// Who looked.
    pub reader_id: Uuid,
    /// ADMIN or TRAINER.
    pub role: String,
    /// What was shown: `ALLERGIES`, `CUSTOM_ALLERGENS`, `MEDICAL_CONDITIONS`, `EMERGENCY_CONTACT`.
    pub fields: Vec<String>,
    /// When.
    pub read_at: DateTime<Utc>,
}

impl Row for MedicalAccessRow {
    const TABLE: &'static str = "medical_accesses";
    const KEY: &'static [&'static str] = &["id"];
    type Key = Uuid;

    fn key(&self) -> Uuid {
        self.id
    }
}

/// A row of `guardian_transfers`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferRow {
    /// The offer.
    pub id: Uuid,
    /// The child.
    pub child_id: Uuid,
    /// Who offers.
    pub guardian_id: Uuid,
    /// Who may accept; `None` when nobody answers to the address that was given.
    pub to_user_id: Option<Uuid>,
    /// OPEN, even when it has expired, ACCEPTED or CANCELED.
    pub status: String,
    /// When it was made.
    pub requested_at: DateTime<Utc>,
    /// From when on nobody may accept any more.
    pub expires_at: DateTime<Utc>,
    /// When it was accepted or cancelled.
    pub ended_at: Option<DateTime<Utc>>,
}

impl Row for TransferRow {
    const TABLE: &'static str = "guardian_transfers";
    const KEY: &'static [&'static str] = &["id"];
    type Key = Uuid;

    fn key(&self) -> Uuid {
        self.id
    }
}

use chrono::{DateTime, Utc};
use eventsourcing::personal::Personal;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::child::{MedicalField, PolicyVersion, Purpose, SkillLevel};
use crate::domain::values::{
    Allergen, AllergenId, Birthdate, ChildId, EmergencyContact, MedicalConditions, Role,
    TransferId, UserId,
};
use crate::personal::Column;

/// A row of `children`. A personal value is blank when it was never given, was withdrawn, or was
/// erased.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChildRow {
    pub id: ChildId,
    pub first_name: Column<String>,
    pub last_name: Column<String>,
    /// The user who answers for the child.
    pub parent_id: UserId,
    pub birthdate: Column<Birthdate>,
    pub skill_level: SkillLevel,
    pub team: Column<String>,
    pub specify: Column<String>,
    pub allergies: Column<Vec<Allergen>>,
    pub medical_conditions: Column<MedicalConditions>,
    pub emergency_contact: Column<Option<EmergencyContact>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// The child takes part in nothing new since then.
    pub archived_at: Option<DateTime<Utc>>,
    pub erased_at: Option<DateTime<Utc>>,
}

impl ChildRow {
    /// Blanks what needs the consent to medical data.
    pub(super) fn blank_medical(&mut self) {
        self.allergies = Column::blank();
        self.medical_conditions = Column::blank();
        self.emergency_contact = Column::blank();
    }

    /// Blanks everything personal.
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
    pub id: AllergenId,
    pub child_id: ChildId,
    pub name: Personal<String>,
    pub created_at: DateTime<Utc>,
}

/// A row of `child_consents`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentRow {
    pub child_id: ChildId,
    pub purpose: Purpose,
    pub guardian_id: UserId,
    /// The text that the guardian agreed to.
    pub policy_version: PolicyVersion,
    pub given_at: DateTime<Utc>,
}

/// A row of `medical_accesses`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MedicalAccessRow {
    /// The event that records the look.
    pub id: Uuid,
    pub child_id: ChildId,
    pub reader_id: UserId,
    /// ADMIN or TRAINER.
    pub role: Role,
    /// What was shown.
    pub fields: Vec<MedicalField>,
    pub read_at: DateTime<Utc>,
}

/// What became of an offer to hand a child over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TransferStatus {
    /// Nothing yet; also after it has expired.
    Open,
    Accepted,
    Canceled,
}

/// A row of `guardian_transfers`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferRow {
    pub id: TransferId,
    pub child_id: ChildId,
    /// The user who offers the child.
    pub guardian_id: UserId,
    /// The user who may accept; `None` when nobody has the address that was given.
    pub to_user_id: Option<UserId>,
    pub status: TransferStatus,
    pub requested_at: DateTime<Utc>,
    /// The offer can be accepted until then.
    pub expires_at: DateTime<Utc>,
    /// The offer was accepted or cancelled then.
    pub ended_at: Option<DateTime<Utc>>,
}

eventsourcing::rows! {
    ChildRow in "children" by (id: ChildId),
    CustomAllergenRow in "custom_allergens" by (id: AllergenId),
    ConsentRow in "child_consents" by (child_id: ChildId, purpose: Purpose),
    MedicalAccessRow in "medical_accesses" by (id: Uuid),
    TransferRow in "guardian_transfers" by (id: TransferId),
}

//! The answers of `ChildMedicalService`.

use contracts::identity::v1 as pb;
use contracts::wire::{optional_id, timestamp};
use eventsourcing::personal::{Opener, Personal, PersonalError};
use uuid::Uuid;

use crate::domain::child::{Child, MedicalField};
use crate::personal::Column;
use crate::projector::children::{ChildRow, CustomAllergenRow, MedicalAccessRow};
use crate::wire;

pub fn allergen_added(child: &Child, name_key: &str) -> pb::AddCustomAllergenResponse {
    pb::AddCustomAllergenResponse {
        allergen_id: optional_id(child.allergen(name_key)),
        position: None,
    }
}

/// A child's medical data, still sealed.
pub struct SealedMedical {
    pub child: ChildRow,
    /// The allergens by other names.
    pub allergens: Vec<CustomAllergenRow>,
}

impl SealedMedical {
    /// The fields that have data.
    pub fn fields(&self) -> Vec<MedicalField> {
        let child = &self.child;
        [
            (
                child.allergies.personal().is_some(),
                MedicalField::Allergies,
            ),
            (!self.allergens.is_empty(), MedicalField::CustomAllergens),
            (
                child.medical_conditions.personal().is_some(),
                MedicalField::MedicalConditions,
            ),
            (
                child.emergency_contact.personal().is_some(),
                MedicalField::EmergencyContact,
            ),
        ]
        .into_iter()
        .filter_map(|(is_there, field)| is_there.then_some(field))
        .collect()
    }

    /// The subjects whose keys open the data.
    pub fn subjects(&self) -> Vec<Uuid> {
        let child = &self.child;
        let columns = [
            subject(&child.allergies),
            subject(&child.medical_conditions),
            subject(&child.emergency_contact),
        ];
        let names = self.allergens.iter().map(|row| row.name.subject());
        columns.into_iter().flatten().chain(names).collect()
    }

    /// Opens the data; what was withdrawn meanwhile is empty.
    pub fn open(self, opener: &Opener) -> Result<pb::ChildMedical, PersonalError> {
        let Self { child, allergens } = self;
        let allergies = child.allergies.open(opener)?.unwrap_or_default();
        let conditions = child.medical_conditions.open(opener)?;
        let contact = child.emergency_contact.open(opener)?.flatten();
        let mut custom_allergens = Vec::new();
        for row in allergens {
            if let Some(name) = opener.open(&row.name)?.known() {
                let allergen_id = row.id.to_string();
                custom_allergens.push(pb::CustomAllergen { allergen_id, name });
            }
        }
        Ok(pb::ChildMedical {
            child_id: child.id.to_string(),
            allergies: allergies
                .into_iter()
                .map(|known| wire::allergen(known).into())
                .collect(),
            custom_allergens,
            medical_conditions: conditions.map(|conditions| pb::MedicalConditions {
                asthma: conditions.asthma,
                other: conditions.other,
            }),
            emergency_contact: contact.map(|contact| pb::EmergencyContact {
                name: contact.name,
                phone_number: contact.phone.as_str().to_owned(),
                relationship: contact.relationship,
            }),
        })
    }
}

fn subject<T>(column: &Column<T>) -> Option<Uuid> {
    column.personal().map(Personal::subject)
}

impl From<MedicalAccessRow> for pb::MedicalAccess {
    fn from(row: MedicalAccessRow) -> Self {
        let MedicalAccessRow {
            id: _,
            child_id: _,
            reader_id,
            role,
            fields,
            read_at,
        } = row;
        let field = |field| wire::medical_field(field).into();
        Self {
            reader_id: reader_id.to_string(),
            role: wire::role(role).into(),
            fields: fields.into_iter().map(field).collect(),
            read_at: Some(timestamp(read_at)),
        }
    }
}

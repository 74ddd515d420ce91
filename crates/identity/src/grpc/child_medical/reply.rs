//! The answers of `ChildMedicalService`.

use contracts::identity::v1 as pb;
use contracts::wire::{optional_id, timestamp};
use eventsourcing::personal::{Opener, PersonalError};

use crate::domain::child::Child;
use crate::projector::children::MedicalAccessRow;
use crate::reference::SealedMedical;
use crate::wire;

pub fn updated(_: &Child) -> pb::UpdateMedicalResponse {
    pb::UpdateMedicalResponse { position: None }
}

pub fn allergen_removed(_: &Child) -> pb::RemoveCustomAllergenResponse {
    pb::RemoveCustomAllergenResponse { position: None }
}

pub fn allergen_added(child: &Child, name_key: &str) -> pb::AddCustomAllergenResponse {
    pb::AddCustomAllergenResponse {
        allergen_id: optional_id(child.allergen(name_key)),
        position: None,
    }
}

/// Opens the data; what was withdrawn meanwhile is empty.
pub fn medical(sealed: SealedMedical, opener: &Opener) -> Result<pb::ChildMedical, PersonalError> {
    let SealedMedical { child, allergens } = sealed;
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

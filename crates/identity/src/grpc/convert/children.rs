//! From rows of children to messages, with personal data opened.

use contracts::{
    identity::v1::{
        Allergen as PublicAllergen, Child, ChildConsent, ChildMedical, ConsentPurpose,
        CustomAllergen, EmergencyContact, GuardianTransfer, MedicalAccess, MedicalConditions,
        MedicalField, SkillLevel,
    },
    wire::{date, timestamp},
};
use eventsourcing::personal::{Opener, PersonalError};
use uuid::Uuid;

use crate::{
    domain::{
        child::MedicalField as Field,
        values::{Allergen, Birthdate},
    },
    personal::Column,
    projector::children::{ChildRow, ConsentRow, CustomAllergenRow, MedicalAccessRow, TransferRow},
    wire::role,
};

/// A child as their guardian sees them; what was erased is empty.
pub fn child(
    row: ChildRow,
    consents: &[ConsentRow],
    opener: &Opener,
) -> Result<Child, PersonalError> {
    let ChildRow {
        id,
        first_name,
        last_name,
        parent_id,
        birthdate,
        skill_level,
        team,
        specify,
        allergies: _,
        medical_conditions: _,
        emergency_contact: _,
        created_at,
        updated_at,
        archived_at,
        erased_at,
    } = row;
    let level = SkillLevel::from_str_name(&format!("SKILL_LEVEL_{skill_level}"));
    let first_name = first_name.open(opener)?;
    Ok(Child {
        child_id: id.to_string(),
        guardian_id: parent_id.to_string(),
        erased: erased_at.is_some() || first_name.is_none(),
        first_name: first_name.unwrap_or_default(),
        last_name: last_name.open(opener)?.unwrap_or_default(),
        birthdate: birthdate.open(opener)?.map(Birthdate::date).map(date),
        skill_level: level.unwrap_or_default().into(),
        specify: specify.open(opener)?.unwrap_or_default(),
        team: team.open(opener)?.unwrap_or_default(),
        created_at: Some(timestamp(created_at)),
        updated_at: Some(timestamp(updated_at)),
        archived_at: archived_at.map(timestamp),
        consents: consents
            .iter()
            .filter(|consent| consent.child_id == id)
            .map(consent)
            .collect(),
    })
}

fn consent(row: &ConsentRow) -> ChildConsent {
    let purpose = ConsentPurpose::from_str_name(&format!("CONSENT_PURPOSE_{}", row.purpose));
    ChildConsent {
        purpose: purpose.unwrap_or_default().into(),
        policy_version: row.policy_version.clone(),
        given_at: Some(timestamp(row.given_at)),
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
    pub fn fields(&self) -> Vec<Field> {
        let child = &self.child;
        [
            (child.allergies.personal().is_some(), Field::Allergies),
            (!self.allergens.is_empty(), Field::CustomAllergens),
            (
                child.medical_conditions.personal().is_some(),
                Field::MedicalConditions,
            ),
            (
                child.emergency_contact.personal().is_some(),
                Field::EmergencyContact,
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
    pub fn open(self, opener: &Opener) -> Result<ChildMedical, PersonalError> {
        let Self { child, allergens } = self;
        let allergies = child.allergies.open(opener)?.unwrap_or_default();
        let conditions = child.medical_conditions.open(opener)?;
        let contact = child.emergency_contact.open(opener)?.flatten();
        let mut custom_allergens = Vec::new();
        for row in allergens {
            if let Some(name) = opener.open(&row.name)?.known() {
                let allergen_id = row.id.to_string();
                custom_allergens.push(CustomAllergen { allergen_id, name });
            }
        }
        Ok(ChildMedical {
            child_id: child.id.to_string(),
            allergies: allergies.into_iter().map(allergen).collect(),
            custom_allergens,
            medical_conditions: conditions.map(|conditions| MedicalConditions {
                asthma: conditions.asthma,
                other: conditions.other,
            }),
            emergency_contact: contact.map(|contact| EmergencyContact {
                name: contact.name,
                phone_number: contact.phone.as_str().to_owned(),
                relationship: contact.relationship,
            }),
        })
    }
}

fn subject<T>(column: &Column<T>) -> Option<Uuid> {
    column
        .personal()
        .map(eventsourcing::personal::Personal::subject)
}

fn allergen(allergen: Allergen) -> i32 {
    let name = format!("ALLERGEN_{}", allergen.as_str());
    PublicAllergen::from_str_name(&name)
        .unwrap_or_default()
        .into()
}

pub fn medical_access(row: MedicalAccessRow) -> MedicalAccess {
    let MedicalAccessRow {
        id: _,
        child_id: _,
        reader_id,
        role: reader_role,
        fields,
        read_at,
    } = row;
    let field = |name: String| {
        let field = MedicalField::from_str_name(&format!("MEDICAL_FIELD_{name}"));
        i32::from(field.unwrap_or_default())
    };
    MedicalAccess {
        reader_id: reader_id.to_string(),
        role: reader_role.parse().map(role).unwrap_or_default().into(),
        fields: fields.into_iter().map(field).collect(),
        read_at: Some(timestamp(read_at)),
    }
}

/// An open offer as one of its sides sees it.
pub fn transfer(row: &TransferRow, viewer: Uuid) -> GuardianTransfer {
    let TransferRow {
        id,
        child_id,
        guardian_id,
        to_user_id,
        status: _,
        requested_at,
        expires_at,
        ended_at: _,
    } = row;
    GuardianTransfer {
        transfer_id: id.to_string(),
        child_id: child_id.to_string(),
        guardian_id: guardian_id.to_string(),
        incoming: *to_user_id == Some(viewer),
        requested_at: Some(timestamp(*requested_at)),
        expires_at: Some(timestamp(*expires_at)),
    }
}

#[cfg(test)]
mod tests {
    use strum::IntoEnumIterator;

    use super::*;

    #[test]
    fn every_allergen_and_field_has_its_public_name() {
        for known in Allergen::iter() {
            assert_ne!(allergen(known), 0, "{known:?}");
        }
        for field in [
            Field::Allergies,
            Field::CustomAllergens,
            Field::MedicalConditions,
            Field::EmergencyContact,
        ] {
            let name = format!("MEDICAL_FIELD_{}", field.as_str());
            assert!(MedicalField::from_str_name(&name).is_some(), "{name}");
        }
    }
}

//! The requests of `ChildMedicalService`. Every field of a message is taken apart here, so that a
//! new one breaks the build.

use contracts::identity::v1 as pb;
use service::{Call, Fields, Page, requests_of_ids};
use tonic::Status;

use crate::domain::values::{
    Allergen, AllergenId, ChildId, EmergencyContact, MedicalConditions, PhoneNumber,
};
use crate::personal::{ClearAllergen, ClearContact, ClearMedical};
use crate::query::MedicalAccessCursor;

requests_of_ids! {
    write RemoveCustomAllergen of pb::RemoveCustomAllergenRequest {
        child_id: ChildId, allergen_id: AllergenId
    }
    read GetChildMedical of pb::GetChildMedicalRequest { child_id: ChildId }
}

pub struct UpdateMedical {
    pub child_id: ChildId,
    pub medical: ClearMedical,
}

impl TryFrom<&pb::UpdateMedicalRequest> for UpdateMedical {
    type Error = Status;

    fn try_from(request: &pb::UpdateMedicalRequest) -> Result<Self, Status> {
        let mut fields = Fields::of(request);
        let pb::UpdateMedicalRequest {
            request_id: _,
            child_id,
            allergies,
            medical_conditions,
            emergency_contact,
        } = request;
        let child_id = fields.id("child_id", child_id);
        let allergies = allergies.as_ref();
        let names = allergies.map(|pb::Allergies { names }| sorted_out(&mut fields, names));
        let (allergies, custom) = names.unzip();
        let conditions = medical_conditions.as_ref();
        let conditions = conditions.map(|pb::MedicalConditions { asthma, other }| {
            let other = fields.lines("medical_conditions.other", other, 0..=1_000);
            MedicalConditions {
                asthma: *asthma,
                other,
            }
        });
        let contact = emergency_contact.as_ref();
        let contact = contact.map(|contact| contact_or_nobody(&mut fields, contact));
        fields.finish()?;
        Ok(Self {
            child_id,
            medical: ClearMedical {
                allergies,
                custom: custom.unwrap_or_default(),
                conditions,
                emergency_contact: contact,
            },
        })
    }
}

pub struct AddCustomAllergen {
    pub child_id: ChildId,
    pub allergen: ClearAllergen,
}

impl TryFrom<&pb::AddCustomAllergenRequest> for AddCustomAllergen {
    type Error = Status;

    fn try_from(request: &pb::AddCustomAllergenRequest) -> Result<Self, Status> {
        let mut fields = Fields::of(request);
        let pb::AddCustomAllergenRequest {
            request_id: _,
            child_id,
            name,
        } = request;
        let child_id = fields.id("child_id", child_id);
        let name = fields.text("name", name, 1..=100);
        if known(&name).is_some() {
            let advice = "is a known allergen: give it to UpdateMedical";
            fields.violation("name", "KNOWN", advice);
        }
        fields.finish()?;
        Ok(Self {
            child_id,
            allergen: ClearAllergen(name),
        })
    }
}

pub struct ListMedicalAccess {
    pub child_id: ChildId,
    pub page: Page<MedicalAccessCursor>,
}

impl ListMedicalAccess {
    pub fn of(request: &pb::ListMedicalAccessRequest, call: &Call) -> Result<Self, Status> {
        let pb::ListMedicalAccessRequest {
            child_id,
            page_size: _,
            page_token: _,
            min_position: _,
        } = request;
        let mut fields = Fields::new();
        let list = Self {
            child_id: fields.id("child_id", child_id),
            page: fields.page(call, request),
        };
        fields.finish()?;
        Ok(list)
    }
}

/// The names that everybody knows, once each and in order, and the others.
fn sorted_out(fields: &mut Fields, names: &[String]) -> (Vec<Allergen>, Vec<ClearAllergen>) {
    let (mut allergens, mut custom) = (Vec::new(), Vec::new());
    let names = fields.list("allergies.names", names, 0..=50);
    for (index, name) in names.iter().enumerate() {
        let name = fields.text(format!("allergies.names[{index}]"), name, 1..=100);
        match known(&name) {
            Some(allergen) => allergens.push(allergen),
            None => custom.push(ClearAllergen(name)),
        }
    }
    allergens.sort_unstable();
    allergens.dedup();
    (allergens, custom)
}

fn known(name: &str) -> Option<Allergen> {
    Allergen::named(name.strip_prefix("ALLERGEN_").unwrap_or(name))
}

/// `None` for a contact without anything.
fn contact_or_nobody(fields: &mut Fields, contact: &pb::EmergencyContact) -> ClearContact {
    let pb::EmergencyContact {
        name,
        phone_number,
        relationship,
    } = contact;
    if [name, phone_number, relationship]
        .iter()
        .all(|text| text.trim().is_empty())
    {
        return None;
    }
    let name = fields.text("emergency_contact.name", name, 1..=100);
    let phone = PhoneNumber::parse(phone_number.trim());
    let phone = fields.check("emergency_contact.phone_number", "PHONE_NUMBER", phone);
    let relationship = fields.text("emergency_contact.relationship", relationship, 0..=100);
    Some(EmergencyContact {
        name,
        phone: phone?,
        relationship,
    })
}

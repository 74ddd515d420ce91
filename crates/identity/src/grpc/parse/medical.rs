use contracts::{
    common::v1::LogPosition,
    identity::v1::{
        AddCustomAllergenRequest, Allergies, EmergencyContact as PublicContact,
        GetChildMedicalRequest, ListMedicalAccessRequest, MedicalConditions as PublicConditions,
        RemoveCustomAllergenRequest, UpdateMedicalRequest,
    },
};
use eventsourcing::{
    Context,
    personal::{LookupKey, PersonalError, Sealer},
};
use service::{Call, Fields, Page, context};
use tonic::Status;
use uuid::Uuid;

use crate::{
    domain::{
        child::{CustomAllergen, MedicalChanges},
        values::{Allergen, AllergenId, ChildId, EmergencyContact, MedicalConditions, PhoneNumber},
    },
    query::medical,
};

/// The purpose of the fingerprints of a child's own allergens.
const ALLERGEN_PURPOSE: &str = "child.allergen";

/// What of a child's medical data becomes another, before it is sealed.
pub struct ClearMedical {
    allergies: Option<Vec<Allergen>>,
    /// Names that nobody knows.
    custom: Vec<ClearAllergen>,
    conditions: Option<MedicalConditions>,
    emergency_contact: Option<ClearContact>,
}

/// Whom to call; `None` for nobody.
type ClearContact = Option<EmergencyContact>;

/// An allergen by a name of the guardian's own, before it is sealed.
pub struct ClearAllergen(String);

impl ClearMedical {
    /// Seals everything for the medical subject.
    pub fn seal(
        &self,
        child_id: ChildId,
        sealer: &Sealer,
        lookup: &LookupKey,
    ) -> Result<(MedicalChanges, Vec<CustomAllergen>), PersonalError> {
        let custom = self.custom.iter();
        let custom = custom.map(|allergen| allergen.seal(child_id, sealer, lookup));
        let allergies = self.allergies.as_ref();
        let contact = self.emergency_contact.as_ref();
        let changes = MedicalChanges {
            allergies: allergies.map(|all| sealer.seal(all)).transpose()?,
            conditions: self
                .conditions
                .as_ref()
                .map(|conditions| sealer.seal(conditions))
                .transpose()?,
            emergency_contact: contact.map(|contact| sealer.seal(contact)).transpose()?,
        };
        Ok((changes, custom.collect::<Result<_, _>>()?))
    }
}

impl ClearAllergen {
    /// What the child has it by, however it is written.
    pub fn key(&self, child_id: ChildId, lookup: &LookupKey) -> String {
        let folded = self.0.to_lowercase();
        let folded = folded.split_whitespace().collect::<Vec<_>>().join(" ");
        lookup.fingerprint(ALLERGEN_PURPOSE, &format!("{child_id}:{folded}"))
    }

    /// Seals the name for the medical subject.
    pub fn seal(
        &self,
        child_id: ChildId,
        sealer: &Sealer,
        lookup: &LookupKey,
    ) -> Result<CustomAllergen, PersonalError> {
        Ok(CustomAllergen {
            allergen_id: Uuid::now_v7().into(),
            name: sealer.seal(&self.0)?,
            name_key: self.key(child_id, lookup),
        })
    }
}

pub fn update_medical(
    call: &Call,
    request: UpdateMedicalRequest,
) -> Result<(Context, ChildId, ClearMedical), Status> {
    let covered = request.clone();
    let UpdateMedicalRequest {
        request_id: _,
        child_id,
        allergies,
        medical_conditions,
        emergency_contact,
    } = request;
    let mut fields = Fields::of(&covered);
    let child_id = fields.id::<ChildId>("child_id", &child_id);
    let names = allergies.map(|Allergies { names }| sorted_out(&mut fields, &names));
    let (allergies, custom) = names.unzip();
    let conditions = medical_conditions.map(|PublicConditions { asthma, other }| {
        let other = fields.text("medical_conditions.other", &other, 0..=1_000);
        MedicalConditions { asthma, other }
    });
    let contact = emergency_contact.map(|contact| contact_or_nobody(&mut fields, contact));
    fields.finish()?;
    let medical = ClearMedical {
        allergies,
        custom: custom.unwrap_or_default(),
        conditions,
        emergency_contact: contact,
    };
    let context = context(call, &covered)?;
    Ok((context, child_id, medical))
}

pub fn add_custom_allergen(
    call: &Call,
    request: AddCustomAllergenRequest,
) -> Result<(Context, ChildId, ClearAllergen), Status> {
    let covered = request.clone();
    let AddCustomAllergenRequest {
        request_id: _,
        child_id,
        name,
    } = request;
    let mut fields = Fields::of(&covered);
    let child_id = fields.id::<ChildId>("child_id", &child_id);
    let name = fields.text("name", &name, 1..=100);
    if known(&name).is_some() {
        fields.violation(
            "name",
            "KNOWN",
            "is a known allergen: give it to UpdateMedical",
        );
    }
    fields.finish()?;
    let context = context(call, &covered)?;
    Ok((context, child_id, ClearAllergen(name)))
}

pub fn remove_custom_allergen(
    call: &Call,
    request: RemoveCustomAllergenRequest,
) -> Result<(Context, ChildId, AllergenId), Status> {
    let covered = request.clone();
    let RemoveCustomAllergenRequest {
        request_id: _,
        child_id,
        allergen_id,
    } = request;
    let mut fields = Fields::of(&covered);
    let child_id = fields.id::<ChildId>("child_id", &child_id);
    let allergen_id = fields.id::<AllergenId>("allergen_id", &allergen_id);
    fields.finish()?;
    let context = context(call, &covered)?;
    Ok((context, child_id, allergen_id))
}

/// A look is recorded anew each time, so its context has no request id.
pub fn get_child_medical(
    call: &Call,
    request: GetChildMedicalRequest,
) -> Result<(Context, ChildId, Option<LogPosition>), Status> {
    let GetChildMedicalRequest {
        child_id,
        min_position,
    } = request;
    let mut fields = Fields::new();
    let child_id = fields.id::<ChildId>("child_id", &child_id);
    fields.finish()?;
    let context = Context {
        actor: call.principal.actor(),
        correlation_id: call.correlation_id,
        causation_id: call.causation_id,
        trace_context: call.trace_context.clone(),
        ..Context::system()
    };
    Ok((context, child_id, min_position))
}

pub fn list_medical_access(
    request: ListMedicalAccessRequest,
) -> Result<(ChildId, Page<medical::Cursor>, Option<LogPosition>), Status> {
    let ListMedicalAccessRequest {
        child_id,
        page_size,
        page_token,
        min_position,
    } = request;
    let mut fields = Fields::new();
    let child_id = fields.id::<ChildId>("child_id", &child_id);
    let page = fields.page(page_size, &page_token);
    fields.finish().map(|()| (child_id, page, min_position))
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
fn contact_or_nobody(fields: &mut Fields, contact: PublicContact) -> ClearContact {
    let PublicContact {
        name,
        phone_number,
        relationship,
    } = contact;
    if [&name, &phone_number, &relationship]
        .iter()
        .all(|text| text.trim().is_empty())
    {
        return None;
    }
    let name = fields.text("emergency_contact.name", &name, 1..=100);
    let phone = PhoneNumber::parse(phone_number.trim());
    let phone = fields.check("emergency_contact.phone_number", "PHONE_NUMBER", phone);
    let relationship = fields.text("emergency_contact.relationship", &relationship, 0..=100);
    Some(EmergencyContact {
        name,
        phone: phone?,
        relationship,
    })
}

use eventsourcing::personal::{LookupKey, PersonalError, Sealer};
use uuid::Uuid;
use values::text;

use crate::domain::child::{CustomAllergen, MedicalChanges};
use crate::domain::values::{Allergen, ChildId, EmergencyContact, MedicalConditions};

/// The purpose of the fingerprints of a child's own allergens.
const ALLERGEN_PURPOSE: &str = "child.allergen";

/// What of a child's medical data becomes another, before it is sealed; what is `None` stays.
pub struct ClearMedical {
    pub allergies: Option<Vec<Allergen>>,
    /// Names that nobody knows.
    pub custom: Vec<ClearAllergen>,
    pub conditions: Option<MedicalConditions>,
    pub emergency_contact: Option<ClearContact>,
}

/// Whom to call; `None` for nobody.
pub type ClearContact = Option<EmergencyContact>;

/// An allergen by a name of the guardian's own, before it is sealed.
pub struct ClearAllergen(pub String);

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
        let conditions = self.conditions.as_ref();
        let contact = self.emergency_contact.as_ref();
        let changes = MedicalChanges {
            allergies: allergies.map(|all| sealer.seal(all)).transpose()?,
            conditions: conditions.map(|all| sealer.seal(all)).transpose()?,
            emergency_contact: contact.map(|contact| sealer.seal(contact)).transpose()?,
        };
        Ok((changes, custom.collect::<Result<_, _>>()?))
    }
}

impl ClearAllergen {
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

    /// What the child has it by, however it is written.
    fn key(&self, child_id: ChildId, lookup: &LookupKey) -> String {
        let name = text::unique_key(&self.0);
        lookup.fingerprint(ALLERGEN_PURPOSE, &format!("{child_id}:{name}"))
    }
}

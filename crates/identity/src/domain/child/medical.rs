//! Medical data. They have their own consent and their own key, and every look by somebody other
//! than the guardian is recorded.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::{
    Acting, Child, ChildError, ChildEvent, CustomAllergen, MedicalChanges, MedicalField, Purpose,
    aggregate::{Asked, Decision},
};
use crate::domain::values::{AllergenId, Role};

/// The most allergens by other names that a child may have.
const MAX_ALLERGENS: usize = 100;

impl Child {
    pub(super) fn update_medical(
        &self,
        asked: Asked,
        subject: Uuid,
        changes: MedicalChanges,
        custom: Vec<CustomAllergen>,
    ) -> Decision {
        self.by_guardian(asked.acting)?;
        self.is_added()?;
        let mut events = Vec::new();
        if changes != MedicalChanges::default() {
            events.push(ChildEvent::MedicalUpdated {
                child_id: asked.child_id,
                changes,
                updated_at: asked.now,
            });
        }
        let mut named = BTreeSet::new();
        for allergen in custom {
            let is_new = !self.allergens.contains_key(&allergen.name_key);
            if is_new && named.insert(allergen.name_key.clone()) {
                events.push(added(asked, allergen));
            }
        }
        if !events.is_empty() {
            self.takes_medical_data(asked, subject)?;
            self.has_room_for(named.len())?;
        }
        Ok(events)
    }

    /// Adds an allergen; one that the child already has by this name is success.
    pub(super) fn add_allergen(
        &self,
        asked: Asked,
        subject: Uuid,
        allergen: CustomAllergen,
    ) -> Decision {
        self.by_guardian(asked.acting)?;
        self.is_added()?;
        if self.allergens.contains_key(&allergen.name_key) {
            return Ok(Vec::new());
        }
        self.takes_medical_data(asked, subject)?;
        self.has_room_for(1)?;
        Ok(vec![added(asked, allergen)])
    }

    pub(super) fn remove_allergen(&self, asked: Asked, allergen_id: AllergenId) -> Decision {
        self.is_open_to(asked.acting)?;
        self.is_added()?;
        if !self.allergens.values().any(|id| *id == allergen_id) {
            return if self.is_erased() {
                Err(ChildError::Erased)
            } else {
                Ok(Vec::new())
            };
        }
        Ok(vec![removed(asked, allergen_id)])
    }

    /// Records a look at medical data, unless it is the guardian's own.
    pub(super) fn read_medical(&self, asked: Asked, fields: Vec<MedicalField>) -> Decision {
        self.is_added()?;
        let (reader_id, role) = match asked.acting {
            Acting::Parent(_) => return self.is_open_to(asked.acting).map(|()| Vec::new()),
            Acting::Trainer(trainer) => (trainer, Role::Trainer),
            Acting::Admin(admin) => (admin, Role::Admin),
            Acting::System => return Err(ChildError::NotFound),
        };
        if self.is_erased() {
            return Err(ChildError::Erased);
        }
        Ok(vec![ChildEvent::MedicalRead {
            child_id: asked.child_id,
            reader_id,
            role,
            fields,
            read_at: asked.now,
        }])
    }

    /// The id of the allergen with this fingerprint of child and name.
    pub fn allergen(&self, name_key: &str) -> Option<AllergenId> {
        self.allergens.get(name_key).copied()
    }

    /// Ends the consent to medical data and what was stored by it. Each allergen gets an event,
    /// because each is a row of the read tables.
    pub(super) fn without_medical_data(&self, asked: Asked) -> Vec<ChildEvent> {
        let mut events = self.without_allergens(asked);
        events.push(ChildEvent::ConsentWithdrawn {
            child_id: asked.child_id,
            purpose: Purpose::MedicalData,
            withdrawn_at: asked.now,
        });
        events
    }

    pub(super) fn without_allergens(&self, asked: Asked) -> Vec<ChildEvent> {
        self.allergens
            .values()
            .map(|id| removed(asked, *id))
            .collect()
    }

    fn has_room_for(&self, allergens: usize) -> Result<(), ChildError> {
        if self.allergens.len() + allergens > MAX_ALLERGENS {
            return Err(ChildError::TooManyAllergens);
        }
        Ok(())
    }

    /// Refuses what was sealed for another subject: it was sealed before a consent ended.
    fn takes_medical_data(&self, asked: Asked, subject: Uuid) -> Result<(), ChildError> {
        self.takes_data()?;
        let consented = self.consents.contains_key(&Purpose::MedicalData);
        if consented && subject == self.medical_subject(asked.child_id) {
            Ok(())
        } else {
            Err(ChildError::ConsentMissing)
        }
    }
}

fn added(asked: Asked, allergen: CustomAllergen) -> ChildEvent {
    let CustomAllergen {
        allergen_id,
        name,
        name_key,
    } = allergen;
    ChildEvent::CustomAllergenAdded {
        child_id: asked.child_id,
        allergen_id,
        name,
        name_key,
        added_at: asked.now,
    }
}

fn removed(asked: Asked, allergen_id: AllergenId) -> ChildEvent {
    ChildEvent::CustomAllergenRemoved {
        child_id: asked.child_id,
        allergen_id,
        removed_at: asked.now,
    }
}

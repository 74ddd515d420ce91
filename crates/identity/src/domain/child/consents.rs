//! The consents of a guardian, and what follows when they are withdrawn.

use super::{
    Acting, Child, ChildError, ChildEvent, PolicyVersion, Purpose,
    aggregate::{Asked, Decision},
};
use crate::domain::values::Role;

impl Child {
    pub(super) fn record_consent(
        &self,
        asked: Asked,
        role: Role,
        purpose: Purpose,
        policy_version: PolicyVersion,
    ) -> Decision {
        let Asked {
            child_id,
            acting,
            now,
        } = asked;
        let Acting::Parent(guardian_id) = acting else {
            return Err(ChildError::NotFound);
        };
        if self.guardian.is_some_and(|other| other != guardian_id) {
            return Err(ChildError::NotFound);
        }
        if self.consents.get(&purpose) == Some(&policy_version) {
            return Ok(Vec::new());
        }
        self.takes_data()?;
        if role != Role::Parent {
            return Err(ChildError::NotAParent);
        }
        Ok(vec![ChildEvent::ConsentGiven {
            child_id,
            guardian_id,
            purpose,
            policy_version,
            given_at: now,
        }])
    }

    /// With the consent to medical data these are erased; with the consent to the child's data the
    /// child is.
    pub(super) fn withdraw_consent(
        &self,
        asked: Asked,
        purpose: Purpose,
        paid_ahead: bool,
    ) -> Decision {
        self.by_guardian(asked.acting)?;
        if !self.consents.contains_key(&purpose) {
            return Ok(Vec::new());
        }
        if purpose == Purpose::MedicalData {
            return Ok(self.without_medical_data(asked));
        }
        let mut events = vec![ChildEvent::ConsentWithdrawn {
            child_id: asked.child_id,
            purpose,
            withdrawn_at: asked.now,
        }];
        if self.is_added().is_ok() {
            events.extend(self.erased(asked, paid_ahead)?);
        }
        Ok(events)
    }
}

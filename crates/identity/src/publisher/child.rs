//! What others learn about children.

use contracts::identity::events::v1::identity_event::Event;
use contracts::identity::events::v1::{
    ChildAdded, ChildArchived, ChildErased, GuardianTransferred,
};
use contracts::wire::timestamp;

use crate::domain::child::ChildEvent;

/// Consents, medical data, looks at them, and offers are not published.
pub fn child(event: &ChildEvent) -> Option<Event> {
    match event {
        ChildEvent::ChildAdded {
            child_id,
            guardian_id,
            player: _,
            added_at,
        } => Some(Event::ChildAdded(ChildAdded {
            child_id: child_id.to_string(),
            guardian_id: guardian_id.to_string(),
            added_at: Some(timestamp(*added_at)),
        })),
        ChildEvent::ChildArchived {
            child_id,
            guardian_id,
            archived_at,
        } => Some(Event::ChildArchived(ChildArchived {
            child_id: child_id.to_string(),
            guardian_id: guardian_id.to_string(),
            archived_at: Some(timestamp(*archived_at)),
        })),
        ChildEvent::ChildErased {
            child_id,
            erased_at,
        } => Some(Event::ChildErased(ChildErased {
            child_id: child_id.to_string(),
            erased_at: Some(timestamp(*erased_at)),
        })),
        ChildEvent::GuardianTransferred {
            child_id,
            transfer_id: _,
            former_guardian_id,
            guardian_id,
            transferred_at,
        } => Some(Event::GuardianTransferred(GuardianTransferred {
            child_id: child_id.to_string(),
            former_guardian_id: former_guardian_id.to_string(),
            guardian_id: guardian_id.to_string(),
            transferred_at: Some(timestamp(*transferred_at)),
        })),
        ChildEvent::ConsentGiven { .. }
        | ChildEvent::ConsentWithdrawn { .. }
        | ChildEvent::ChildUpdated { .. }
        | ChildEvent::MedicalUpdated { .. }
        | ChildEvent::CustomAllergenAdded { .. }
        | ChildEvent::CustomAllergenRemoved { .. }
        | ChildEvent::MedicalRead { .. }
        | ChildEvent::GuardianTransferRequested { .. }
        | ChildEvent::GuardianTransferCanceled { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::samples;

    #[test]
    fn consents_medical_data_and_offers_are_told_to_nobody() {
        let public: Vec<_> = samples::child_events().iter().filter_map(child).collect();
        assert!(
            matches!(
                public.as_slice(),
                [
                    Event::ChildAdded(_),
                    Event::GuardianTransferred(_),
                    Event::ChildArchived(_),
                    Event::ChildErased(_)
                ]
            ),
            "{public:?}"
        );
    }
}

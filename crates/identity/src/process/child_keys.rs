//! The process `child_keys` destroys the keys that a child's record says must be gone, whatever
//! crashes meanwhile.
//!
//! ```text
//! ConsentWithdrawn (medical data), ChildErased --> DestroyChildKeys, until it is answered
//! ```
//!
//! The RPC that recorded the event destroys the keys at once. The process comes after it, and finds
//! something to do only after a crash between the two.

use contracts::identity::v1::DestroyChildKeysRequest;
use eventsourcing::{Delivered, Effect, Input, Process};

use crate::domain::child::{ChildEvent, Purpose};

/// One instance for each child whose keys are destroyed.
pub struct ChildKeys;

impl Process for ChildKeys {
    const NAME: &'static str = "child_keys";
    type Event = ChildEvent;
    type State = ();

    fn key(&self, event: &Delivered<ChildEvent>) -> Option<String> {
        match &event.event {
            ChildEvent::ConsentWithdrawn {
                purpose: Purpose::MedicalData,
                child_id,
                ..
            }
            | ChildEvent::ChildErased { child_id, .. } => Some(child_id.to_string()),
            ChildEvent::ConsentWithdrawn { .. }
            | ChildEvent::ConsentGiven { .. }
            | ChildEvent::ChildAdded { .. }
            | ChildEvent::ChildUpdated { .. }
            | ChildEvent::ChildArchived { .. }
            | ChildEvent::MedicalUpdated { .. }
            | ChildEvent::CustomAllergenAdded { .. }
            | ChildEvent::CustomAllergenRemoved { .. }
            | ChildEvent::MedicalRead { .. }
            | ChildEvent::GuardianTransferRequested { .. }
            | ChildEvent::GuardianTransferCanceled { .. }
            | ChildEvent::GuardianTransferred { .. } => None,
        }
    }

    fn react(&self, (): &mut (), input: Input<'_, ChildEvent>) -> Vec<Effect> {
        let Input::Event(delivered) = input else {
            return Vec::new();
        };
        let child_id = delivered.event.child_id().to_string();
        let destroy = Effect::send(|request_id| DestroyChildKeysRequest {
            request_id,
            child_id,
        });
        vec![destroy, Effect::Done]
    }
}

#[cfg(test)]
mod tests {
    use testing::{Run, delivered};

    use super::*;
    use crate::domain::samples;

    const DESTROY: &str = "send /divinetime.identity.v1.ChildService/DestroyChildKeys";

    #[test]
    fn withdrawn_medical_data_and_erased_children_lose_their_keys_and_nothing_else_does() {
        let starting: Vec<_> = samples::child_events()
            .into_iter()
            .map(delivered)
            .filter(|delivered| ChildKeys.key(delivered).is_some())
            .map(|delivered| <&str>::from(&delivered.event))
            .collect();
        assert_eq!(starting, ["ConsentWithdrawn", "ChildErased"]);
    }

    #[test]
    fn the_command_names_the_child_and_comes_again_with_every_delivery() {
        let mut run = Run::of(ChildKeys);
        for _ in 0..2 {
            let erased = crate::domain::child::samples::erased();
            assert_eq!(run.event(erased), [DESTROY, "done"]);
            let request: DestroyChildKeysRequest = run.sent();
            assert_eq!(request.child_id, samples::child_id().to_string());
            assert_eq!(request.request_id, "request");
        }
    }
}

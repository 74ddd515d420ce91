//! The process `erasure` finishes erasures that were decided, also when the service crashed right
//! after the decision.
//!
//! ```text
//! UserErased          -> FinishErasure(user); remembers that the user was erased
//! ChildErased         -> FinishErasure(child), done
//! ChildAdded,
//! GuardianTransferred -> EraseChild, when the guardian was erased meanwhile
//! ```

use contracts::identity::v1::{EraseChildRequest, FinishErasureRequest};
use eventsourcing::{Delivered, Effect, Input, Process};
use serde::{Deserialize, Serialize};

use crate::domain::IdentityLogEvent;
use crate::domain::child::ChildEvent;
use crate::domain::user::UserEvent;
use crate::domain::values::{ChildId, UserId};

/// One instance for each erased subject.
pub struct Erasure;

/// What is remembered of a subject.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// Whether the subject is a user who was erased.
    erased: bool,
}

/// What an event means to the process.
enum Meaning {
    UserErased(UserId),
    ChildErased(ChildId),
    /// A user answers for a child from now on.
    Guardian(UserId, ChildId),
}

impl Process for Erasure {
    const NAME: &'static str = "erasure";
    type Event = IdentityLogEvent;
    type State = Known;

    fn key(&self, event: &Delivered<IdentityLogEvent>) -> Option<String> {
        Some(match meaning(&event.event)? {
            Meaning::UserErased(user_id) | Meaning::Guardian(user_id, _) => user_id.to_string(),
            Meaning::ChildErased(child_id) => child_id.to_string(),
        })
    }

    fn react(&self, state: &mut Known, input: Input<'_, IdentityLogEvent>) -> Vec<Effect> {
        let meaning = match input {
            Input::Event(delivered) => meaning(&delivered.event),
            Input::Timer { .. } => None,
        };
        match meaning {
            Some(Meaning::UserErased(user_id)) => {
                state.erased = true;
                vec![finish(user_id.to_string(), String::new())]
            }
            Some(Meaning::ChildErased(child_id)) => {
                vec![finish(String::new(), child_id.to_string()), Effect::Done]
            }
            Some(Meaning::Guardian(_, child_id)) if state.erased => {
                let child_id = child_id.to_string();
                let erase = move |request_id| EraseChildRequest {
                    request_id,
                    child_id,
                };
                vec![Effect::send(erase)]
            }
            Some(Meaning::Guardian(..)) | None => vec![Effect::Done],
        }
    }
}

/// Exactly one of the two ids is empty.
fn finish(user_id: String, child_id: String) -> Effect {
    let finish = move |request_id| FinishErasureRequest {
        request_id,
        user_id,
        child_id,
    };
    Effect::send(finish)
}

fn meaning(event: &IdentityLogEvent) -> Option<Meaning> {
    match event {
        IdentityLogEvent::User(UserEvent::UserErased { user_id, .. }) => {
            Some(Meaning::UserErased(*user_id))
        }
        IdentityLogEvent::Child(ChildEvent::ChildErased { child_id, .. }) => {
            Some(Meaning::ChildErased(*child_id))
        }
        IdentityLogEvent::Child(
            ChildEvent::ChildAdded {
                child_id,
                guardian_id,
                ..
            }
            | ChildEvent::GuardianTransferred {
                child_id,
                guardian_id,
                ..
            },
        ) => Some(Meaning::Guardian(*guardian_id, *child_id)),
        IdentityLogEvent::User(
            UserEvent::UserRegistered { .. }
            | UserEvent::UserLoggedIn { .. }
            | UserEvent::UserUpdated { .. }
            | UserEvent::UserRoleChanged { .. }
            | UserEvent::UserDeactivated { .. }
            | UserEvent::UserReactivated { .. }
            | UserEvent::VerificationRequested { .. }
            | UserEvent::EmailVerified { .. }
            | UserEvent::PhoneVerified { .. }
            | UserEvent::PasswordResetRequested { .. }
            | UserEvent::PasswordReset { .. }
            | UserEvent::PasswordChanged { .. }
            | UserEvent::EmailChanged { .. }
            | UserEvent::LoggedOut { .. }
            | UserEvent::LoggedOutEverywhere { .. }
            | UserEvent::RefreshTokenReused { .. },
        )
        | IdentityLogEvent::Child(
            ChildEvent::ConsentGiven { .. }
            | ChildEvent::ConsentWithdrawn { .. }
            | ChildEvent::ChildUpdated { .. }
            | ChildEvent::ChildArchived { .. }
            | ChildEvent::MedicalUpdated { .. }
            | ChildEvent::CustomAllergenAdded { .. }
            | ChildEvent::CustomAllergenRemoved { .. }
            | ChildEvent::MedicalRead { .. }
            | ChildEvent::GuardianTransferRequested { .. }
            | ChildEvent::GuardianTransferCanceled { .. },
        )
        | IdentityLogEvent::Trainer(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use testing::{Run, delivered};

    use super::*;
    use crate::domain::samples;

    const FINISH: &str = "send /divinetime.identity.v1.UserService/FinishErasure";
    const ERASE: &str = "send /divinetime.identity.v1.ChildService/EraseChild";

    fn of_user(name: &str) -> IdentityLogEvent {
        let mut events = samples::user_events().into_iter();
        let event = events.find(|event| <&str>::from(event) == name);
        IdentityLogEvent::User(event.unwrap())
    }

    fn of_child(name: &str) -> IdentityLogEvent {
        let mut events = samples::child_events().into_iter();
        let event = events.find(|event| <&str>::from(event) == name);
        IdentityLogEvent::Child(event.unwrap())
    }

    #[test]
    fn an_erasure_that_was_decided_is_finished() {
        let mut run = Run::of(Erasure);
        assert_eq!(run.event(of_user("UserErased")), [FINISH]);
        assert_eq!(run.event(of_user("UserErased")), [FINISH]);
        let child = Run::of(Erasure).event(of_child("ChildErased"));
        assert_eq!(child, [FINISH, "done"]);
    }

    #[test]
    fn a_child_that_came_to_an_erased_guardian_goes_after_them() {
        let mut run = Run::of(Erasure);
        run.event(of_user("UserErased"));
        assert_eq!(run.event(of_child("ChildAdded")), [ERASE]);
        assert_eq!(run.event(of_child("GuardianTransferred")), [ERASE]);
    }

    #[test]
    fn a_child_of_anybody_else_is_left_alone() {
        let mut run = Run::of(Erasure);
        assert_eq!(run.event(of_child("ChildAdded")), ["done"]);
        assert_eq!(*run.state(), Known::default());
    }

    #[test]
    fn children_meet_the_erasure_of_their_guardian_and_nothing_else_concerns_it() {
        let key = |event| Erasure.key(&delivered(event));
        assert_eq!(key(of_child("ChildAdded")), key(of_user("UserErased")));
        assert_ne!(key(of_child("ChildErased")), key(of_user("UserErased")));
        assert_eq!(key(of_user("UserRegistered")), None);
        assert_eq!(key(of_child("ConsentGiven")), None);
    }
}

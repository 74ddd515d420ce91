//! `erasure`: what was decided is brought to its end, also when the process that decided it
//! was killed right after. The call is answered at once when that has happened already.

use contracts::identity::v1::FinishErasureRequest;
use eventsourcing::{Delivered, Effect, Input, Process};

use crate::{
    NAME,
    domain::{IdentityLogEvent, child::ChildEvent, user::UserEvent},
};

const FINISH: &str = "/divinetime.identity.v1.UserService/FinishErasure";

/// One instance a subject. It remembers nothing.
pub struct Erasure;

impl Process for Erasure {
    const NAME: &'static str = "erasure";
    type Event = IdentityLogEvent;
    type State = ();

    fn key(&self, delivered: &Delivered<IdentityLogEvent>) -> Option<String> {
        subject(&delivered.event).map(|_| delivered.aggregate_id.clone())
    }

    fn react(&self, _: &mut (), input: Input<'_, IdentityLogEvent>) -> Vec<Effect> {
        let subject = match input {
            Input::Event(delivered) => subject(&delivered.event),
            Input::Timer { .. } => None,
        };
        subject.map_or_else(Vec::new, |(user_id, child_id)| {
            let finish = move |request_id| FinishErasureRequest {
                request_id,
                user_id,
                child_id,
            };
            vec![Effect::send(NAME, FINISH, finish), Effect::Done]
        })
    }
}

/// The user or the child that an event has erased, each empty for the other.
fn subject(event: &IdentityLogEvent) -> Option<(String, String)> {
    match event {
        IdentityLogEvent::User(UserEvent::UserErased { user_id, .. }) => {
            Some((user_id.to_string(), String::new()))
        }
        IdentityLogEvent::Child(ChildEvent::ChildErased { child_id, .. }) => {
            Some((String::new(), child_id.to_string()))
        }
        IdentityLogEvent::User(_) | IdentityLogEvent::Trainer(_) | IdentityLogEvent::Child(_) => {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use prost::Message as _;
    use uuid::Uuid;

    use super::*;
    use crate::domain::samples;

    fn delivered(event: IdentityLogEvent) -> Delivered<IdentityLogEvent> {
        Delivered {
            source: NAME,
            position: 1,
            event_id: Uuid::from_u128(100),
            recorded_at: samples::now(),
            actor: "system".to_owned(),
            aggregate_id: "subject".to_owned(),
            sequence: 1,
            correlation_id: Uuid::from_u128(101),
            trace_context: None,
            event,
        }
    }

    fn asked(event: IdentityLogEvent) -> Vec<FinishErasureRequest> {
        let delivered = delivered(event);
        let effects = Erasure.react(&mut (), Input::Event(&delivered));
        let sent = effects.into_iter().filter_map(|effect| match effect {
            Effect::Send { method, build, .. } => {
                assert_eq!(method, FINISH);
                let request = build("request".to_owned());
                Some(FinishErasureRequest::decode(request.as_slice()).unwrap())
            }
            _ => None,
        });
        sent.collect()
    }

    #[test]
    fn an_erasure_that_was_decided_is_finished() {
        let erased = samples::user_events()
            .into_iter()
            .find(|event| matches!(event, UserEvent::UserErased { .. }));
        let erased = IdentityLogEvent::User(erased.unwrap());
        let request = FinishErasureRequest {
            request_id: "request".to_owned(),
            user_id: samples::user_id().to_string(),
            child_id: String::new(),
        };
        assert_eq!(Erasure.key(&delivered(erased.clone())).unwrap(), "subject");
        assert_eq!(asked(erased.clone()), vec![request.clone()]);
        assert_eq!(asked(erased), vec![request]);
    }

    #[test]
    fn nothing_else_concerns_it() {
        let added = samples::child_events()
            .into_iter()
            .find(|event| matches!(event, ChildEvent::ChildAdded { .. }))
            .unwrap();
        let opened = samples::user_events().swap_remove(0);
        for event in [
            IdentityLogEvent::Child(added),
            IdentityLogEvent::User(opened),
        ] {
            assert_eq!(Erasure.key(&delivered(event.clone())), None);
            assert_eq!(asked(event), Vec::new());
        }
    }
}

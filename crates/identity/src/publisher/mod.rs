//! What identity publishes: from a private event to the public one, if there is one.
//!
//! A public event is built from the private event's fields alone, so that a replay publishes the
//! same bytes. Names, addresses and birthdates are not published.

mod child;
mod trainer;
mod user;

use contracts::identity::events::v1::identity_event::Event;
use eventsourcing::{DecodeError, Published, RecordedEvent};

use crate::domain::IdentityLogEvent;

/// The public event of a recorded one, if it has one.
pub fn publish(recorded: &RecordedEvent) -> Result<Option<Published>, DecodeError> {
    Ok(IdentityLogEvent::decode(recorded)?
        .as_ref()
        .and_then(public_event)
        .map(Published::of))
}

fn public_event(event: &IdentityLogEvent) -> Option<Event> {
    match event {
        IdentityLogEvent::User(event) => user::user(event),
        IdentityLogEvent::Trainer(event) => trainer::trainer(event),
        IdentityLogEvent::Child(event) => child::child(event),
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::samples;

    fn recorded(aggregate_type: &str, payload: String) -> RecordedEvent {
        RecordedEvent {
            position: 1,
            event_id: Uuid::from_u128(1),
            recorded_at: samples::now(),
            aggregate_type: aggregate_type.to_owned(),
            aggregate_id: Uuid::from_u128(2).to_string(),
            sequence: 1,
            event_type: "Any".to_owned(),
            event_version: "1.0".to_owned(),
            payload,
            command_id: Uuid::from_u128(3),
            actor: "system".to_owned(),
            correlation_id: Uuid::from_u128(4),
            causation_id: None,
            trace_context: None,
        }
    }

    fn all() -> Vec<RecordedEvent> {
        let mut all = Vec::new();
        all.extend(
            samples::user_events()
                .iter()
                .map(|event| recorded("user", json(event))),
        );
        all.extend(
            samples::trainer_events()
                .iter()
                .map(|event| recorded("trainer", json(event))),
        );
        all.extend(
            samples::child_events()
                .iter()
                .map(|event| recorded("child", json(event))),
        );
        all
    }

    fn json(event: &impl serde::Serialize) -> String {
        serde_json::to_string(event).unwrap()
    }

    #[test]
    fn what_happens_to_accounts_and_profiles_is_public() {
        let names: Vec<_> = all()
            .iter()
            .filter(|event| event.aggregate_type != "child")
            .filter_map(|event| publish(event).unwrap())
            .map(|published| published.event_type)
            .collect();
        assert_eq!(
            names,
            [
                "UserRegistered",
                "UserLoggedIn",
                "UserRoleChanged",
                "UserDeactivated",
                "UserReactivated",
                "UserErased",
                "TrainerCreated",
                "TrainerUpdated",
            ]
        );
    }

    #[test]
    fn a_replay_publishes_the_same_bytes() {
        for event in all() {
            let bytes = |event| publish(event).unwrap().map(|published| published.payload);
            assert_eq!(bytes(&event), bytes(&event));
        }
    }

    #[test]
    fn no_personal_data_leaves_identity() {
        for event in all() {
            let Some(published) = publish(&event).unwrap() else {
                continue;
            };
            let text = String::from_utf8_lossy(&published.payload).to_lowercase();
            for personal in samples::PERSONAL {
                assert!(
                    !text.contains(personal),
                    "{} tells {personal}",
                    published.event_type
                );
            }
        }
    }

    #[test]
    fn an_event_of_an_unknown_aggregate_is_an_error() {
        assert!(publish(&recorded("order", "{}".to_owned())).is_err());
    }
}

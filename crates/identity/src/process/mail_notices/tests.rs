use contracts::identity::v1::{EmailTemplate, QueueEmailRequest};
use contracts::wire::timestamp;
use eventsourcing::personal::Personal;
use eventsourcing::{Delivered, Effect, Input, Process};
use prost::Message as _;
use testing::sealed;
use uuid::Uuid;

use super::MailNotices;
use crate::domain::child::ChildEvent;
use crate::domain::user::UserEvent;
use crate::domain::values::{EmailAddress, Role, UserId};
use crate::domain::{IdentityLogEvent, samples};
use crate::wire::position;

const EVENT: Uuid = Uuid::from_u128(8);

fn delivered(event: IdentityLogEvent) -> Delivered<IdentityLogEvent> {
    Delivered {
        position: 12,
        event_id: EVENT,
        aggregate_id: samples::user_id().to_string(),
        ..::testing::delivered(event)
    }
}

fn user(event: UserEvent) -> Delivered<IdentityLogEvent> {
    delivered(IdentityLogEvent::User(event))
}

fn address() -> Personal<EmailAddress> {
    sealed(samples::user_id().uuid(), "email")
}

fn registered(role: Role) -> UserEvent {
    UserEvent::UserRegistered {
        user_id: samples::user_id(),
        role,
        email: address(),
        email_key: samples::email_key(),
        first_name: sealed(samples::user_id().uuid(), "first name"),
        last_name: sealed(samples::user_id().uuid(), "last name"),
        phone_number: None,
        registered_at: samples::now(),
    }
}

/// What the process does upon the last of these events.
fn after(events: &[Delivered<IdentityLogEvent>]) -> Vec<Effect> {
    let mut state = <MailNotices as Process>::State::default();
    let mut effects = Vec::new();
    for event in events {
        assert!(MailNotices.key(event).is_some(), "{event:?}");
        effects = MailNotices.react(&mut state, Input::Event(event));
    }
    effects
}

/// The command of the only effect.
fn told(effects: Vec<Effect>) -> QueueEmailRequest {
    let mut effects = effects.into_iter();
    let (Some(Effect::Send { method, build, .. }), None) = (effects.next(), effects.next()) else {
        panic!("not one command")
    };
    assert_eq!(method, "/divinetime.identity.v1.EmailService/QueueEmail");
    QueueEmailRequest::decode(build("request".to_owned()).as_slice()).unwrap()
}

fn notice(template: EmailTemplate, user_id: UserId, address: &str) -> QueueEmailRequest {
    QueueEmailRequest {
        request_id: "request".to_owned(),
        cause_event_id: EVENT.to_string(),
        template: template.into(),
        user_id: user_id.to_string(),
        sealed_recipient: address.to_owned(),
        occurred_at: Some(timestamp(samples::now())),
        min_position: Some(position(12)),
    }
}

#[test]
fn who_registers_is_welcomed_at_the_address_of_that_moment() {
    for role in [Role::Parent, Role::Trainer] {
        let effects = after(&[user(registered(role))]);
        let expected = notice(
            EmailTemplate::Welcome,
            samples::user_id(),
            address().as_sealed(),
        );
        assert_eq!(told(effects), expected);
    }
}

#[test]
fn an_admin_is_not_welcomed() {
    assert!(after(&[user(registered(Role::Admin))]).is_empty());
}

#[test]
fn an_event_that_is_delivered_twice_causes_the_same_command() {
    let event = user(registered(Role::Parent));
    let once = told(after(std::slice::from_ref(&event)));
    assert_eq!(told(after(&[event.clone(), event])), once);
}

#[test]
fn after_a_change_of_address_the_one_before_is_told_each_time() {
    let changed = |label: &str| {
        user(UserEvent::EmailChanged {
            user_id: samples::user_id(),
            email: sealed(samples::user_id().uuid(), label),
            email_key: "7a".repeat(32),
            former_email_key: samples::email_key(),
            changed_at: samples::now(),
        })
    };
    let told_at = |label: &str| {
        let address: Personal<EmailAddress> = sealed(samples::user_id().uuid(), label);
        let template = EmailTemplate::EmailChanged;
        notice(template, samples::user_id(), address.as_sealed())
    };
    let first = [user(registered(Role::Parent)), changed("second")];
    assert_eq!(told(after(&first)), told_at("email"));
    let [registered, second] = first;
    let effects = after(&[registered, second, changed("third")]);
    assert_eq!(told(effects), told_at("second"));
    assert!(after(&[changed("unknown before")]).is_empty());
}

#[test]
fn new_passwords_and_stolen_logins_are_told_to_the_address_of_now() {
    let (user_id, now) = (samples::user_id(), samples::now());
    let reset_at = now;
    let reset = UserEvent::PasswordReset { user_id, reset_at };
    let changed_at = now;
    let changed = UserEvent::PasswordChanged {
        user_id,
        changed_at,
    };
    let reused = UserEvent::RefreshTokenReused {
        user_id,
        login_id: Uuid::from_u128(5),
        detected_at: now,
    };
    for (event, template) in [
        (reset, EmailTemplate::PasswordChanged),
        (changed, EmailTemplate::PasswordChanged),
        (reused, EmailTemplate::RefreshTokenReused),
    ] {
        let effects = after(&[user(registered(Role::Admin)), user(event)]);
        assert_eq!(told(effects), notice(template, user_id, ""));
    }
}

#[test]
fn whom_a_child_is_offered_is_told() {
    let offered = |to| {
        delivered(IdentityLogEvent::Child(
            ChildEvent::GuardianTransferRequested {
                child_id: samples::child_id(),
                transfer_id: Uuid::from_u128(4).into(),
                guardian_id: samples::user_id(),
                to,
                requested_at: samples::now(),
                expires_at: samples::now(),
            },
        ))
    };
    let to = samples::trainer_id();
    let event = offered(Some(to));
    assert_eq!(MailNotices.key(&event), Some(to.to_string()));
    let expected = notice(EmailTemplate::GuardianTransferOffered, to, "");
    assert_eq!(told(after(&[event])), expected);
    assert_eq!(MailNotices.key(&offered(None)), None);
}

#[test]
fn after_an_erasure_nothing_is_remembered() {
    let erased = UserEvent::UserErased {
        user_id: samples::user_id(),
        role: Role::Parent,
        was_active: true,
        email_key: samples::email_key(),
        departure: None,
        erased_at: samples::now(),
    };
    let effects = after(&[user(registered(Role::Parent)), user(erased)]);
    assert!(matches!(effects[..], [Effect::Done]), "{effects:?}");
}

#[test]
fn what_nobody_is_told_of_is_not_for_the_process() {
    for event in samples::trainer_events() {
        assert_eq!(
            MailNotices.key(&delivered(IdentityLogEvent::Trainer(event))),
            None
        );
    }
    let logged_in = UserEvent::UserLoggedIn {
        user_id: samples::user_id(),
        logged_in_at: samples::now(),
    };
    assert_eq!(MailNotices.key(&user(logged_in)), None);
}

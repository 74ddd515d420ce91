mod golden;
mod lifecycle;
mod security;

use cqrs_es::test::TestFramework;
use eventsourcing::Root;
use eventsourcing::{Claim, ClaimChange, ClaimingEvent};
use testing::sealed;

use super::{Acting, EMAIL_SCOPE, LogIn, Registration, User, UserCommand, UserError, UserEvent};
use crate::domain::{samples, values::Role};

type Framework = TestFramework<Root<User>>;

fn register(acting: Acting, role: Role) -> UserCommand {
    let subject = samples::user_id().uuid();
    UserCommand::Register(Registration {
        user_id: samples::user_id(),
        acting,
        role,
        email: sealed(subject, "email"),
        email_key: samples::email_key(),
        first_name: sealed(subject, "first name"),
        last_name: sealed(subject, "last name"),
        phone_number: Some(sealed(subject, "phone number")),
        now: samples::now(),
    })
}

fn registered(as_role: Role) -> UserEvent {
    let mut event = samples::user_events().swap_remove(0);
    if let UserEvent::UserRegistered { role, .. } = &mut event {
        *role = as_role;
    }
    event
}

fn logged_in() -> UserEvent {
    samples::user_events().swap_remove(1)
}

#[test]
fn anyone_can_register_as_parent_or_trainer() {
    for role in [Role::Parent, Role::Trainer] {
        Framework::with(())
            .given_no_previous_events()
            .when(register(Acting::Anyone, role))
            .then_expect_events(vec![registered(role)]);
    }
}

#[test]
fn not_just_anyone_can_register_an_administrator() {
    Framework::with(())
        .given_no_previous_events()
        .when(register(Acting::Anyone, Role::Admin))
        .then_expect_error(UserError::AdminByAnyone);
}

#[test]
fn an_operator_can_register_an_administrator() {
    Framework::with(())
        .given_no_previous_events()
        .when(register(Acting::Operator, Role::Admin))
        .then_expect_events(vec![registered(Role::Admin)]);
}

#[test]
fn a_registration_that_is_repeated_is_done_already() {
    Framework::with(())
        .given(vec![registered(Role::Parent)])
        .when(register(Acting::Anyone, Role::Parent))
        .then_expect_events(Vec::new());
}

#[test]
fn every_login_is_recorded() {
    Framework::with(())
        .given(vec![registered(Role::Parent), logged_in()])
        .when(UserCommand::LogIn(LogIn {
            now: samples::now(),
        }))
        .then_expect_events(vec![logged_in()]);
}

#[test]
fn nobody_logs_in_without_an_account() {
    Framework::with(())
        .given_no_previous_events()
        .when(UserCommand::LogIn(LogIn {
            now: samples::now(),
        }))
        .then_expect_error(UserError::NotFound);
}

#[test]
fn a_registration_claims_the_fingerprint_of_the_address_and_a_login_claims_nothing() {
    let claim = Claim::Unique {
        scope: EMAIL_SCOPE,
        key: samples::email_key(),
    };
    assert_eq!(
        registered(Role::Parent).claims("1"),
        vec![ClaimChange::Acquire(claim)]
    );
    assert_eq!(logged_in().claims("1"), Vec::new());
}

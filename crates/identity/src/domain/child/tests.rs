use cqrs_es::test::TestFramework;

use super::{AddChild, Child, ChildCommand, ChildError, Consent};
use crate::domain::{samples, values::Role};

type Framework = TestFramework<Child>;

fn add(role: Role, consent: Consent) -> ChildCommand {
    ChildCommand::Add(AddChild {
        child_id: samples::child_id(),
        guardian_id: samples::user_id(),
        role,
        consent,
        player: samples::player(),
        now: samples::now(),
    })
}

#[test]
fn a_parent_adds_a_child_and_the_consent_is_recorded_first() {
    Framework::with(())
        .given_no_previous_events()
        .when(add(Role::Parent, Consent::Given))
        .then_expect_events(samples::child_events());
}

#[test]
fn nothing_of_a_child_is_recorded_without_consent() {
    Framework::with(())
        .given_no_previous_events()
        .when(add(Role::Parent, Consent::Withheld))
        .then_expect_error(ChildError::NoConsent);
}

#[test]
fn only_a_parent_has_children() {
    for role in [Role::Trainer, Role::Admin] {
        Framework::with(())
            .given_no_previous_events()
            .when(add(role, Consent::Given))
            .then_expect_error(ChildError::NotAParent);
    }
}

#[test]
fn a_child_that_is_there_already_is_not_added_again() {
    Framework::with(())
        .given(samples::child_events())
        .when(add(Role::Parent, Consent::Given))
        .then_expect_events(Vec::new());
}

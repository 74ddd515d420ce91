//! Given, when, then: what becomes of an account after it was opened.

use cqrs_es::test::TestFramework;
use eventsourcing::Root;
use eventsourcing::{Claim, ClaimChange, ClaimingEvent};
use testing::sealed;

use super::super::{
    ADMIN_SCOPE, Admins, ChangeRole, DEPARTURE_SCOPE, Deactivate, EMAIL_SCOPE, Erase, LogIn,
    PhoneChange, Reactivate, Update, User, UserCommand, UserError, UserEvent,
};
use super::registered;
use crate::domain::{samples, values::Role};

type Framework = TestFramework<Root<User>>;

const OTHERS: Admins = Admins {
    others: true,
    next_departure: 3,
};
const ALONE: Admins = Admins {
    others: false,
    next_departure: 3,
};

fn update() -> UserCommand {
    UserCommand::Update(Update {
        first_name: Some(sealed(samples::user_id().uuid(), "other first name")),
        last_name: None,
        phone_number: Some(PhoneChange::Cleared),
        now: samples::now(),
    })
}

fn nothing() -> UserCommand {
    UserCommand::Update(Update {
        first_name: None,
        last_name: None,
        phone_number: None,
        now: samples::now(),
    })
}

fn change(role: Role, admins: Admins) -> ChangeRole {
    ChangeRole {
        role,
        has_children: false,
        has_profile: false,
        admins,
        now: samples::now(),
    }
}

fn deactivate(admins: Admins) -> UserCommand {
    let now = samples::now();
    UserCommand::Deactivate(Deactivate { admins, now })
}

fn reactivate() -> UserCommand {
    let now = samples::now();
    UserCommand::Reactivate(Reactivate { now })
}

fn erase(admins: Admins) -> UserCommand {
    UserCommand::Erase(Erase {
        paid_ahead: false,
        admins,
        now: samples::now(),
    })
}

fn erase_with_paid_ahead(admins: Admins) -> UserCommand {
    UserCommand::Erase(Erase {
        paid_ahead: true,
        admins,
        now: samples::now(),
    })
}

fn log_in() -> UserCommand {
    let now = samples::now();
    UserCommand::LogIn(LogIn { now })
}

fn updated() -> UserEvent {
    samples::user_events().swap_remove(2)
}

fn role_changed(role: Role, departure: Option<u64>) -> UserEvent {
    UserEvent::UserRoleChanged {
        user_id: samples::user_id(),
        role,
        departure,
        active: true,
        changed_at: samples::now(),
    }
}

fn deactivated(role: Role, departure: Option<u64>) -> UserEvent {
    UserEvent::UserDeactivated {
        user_id: samples::user_id(),
        role,
        departure,
        deactivated_at: samples::now(),
    }
}

fn reactivated(role: Role) -> UserEvent {
    UserEvent::UserReactivated {
        user_id: samples::user_id(),
        role,
        reactivated_at: samples::now(),
    }
}

fn erased(role: Role, was_active: bool, departure: Option<u64>) -> UserEvent {
    UserEvent::UserErased {
        user_id: samples::user_id(),
        role,
        was_active,
        email_key: samples::email_key(),
        departure,
        erased_at: samples::now(),
    }
}

#[test]
fn what_is_given_is_updated() {
    Framework::with(())
        .given(vec![registered(Role::Parent)])
        .when(update())
        .then_expect_events(vec![updated()]);
}

#[test]
fn an_update_without_any_field_is_done_already() {
    Framework::with(())
        .given(vec![registered(Role::Parent)])
        .when(nothing())
        .then_expect_events(Vec::new());
}

#[test]
fn a_closed_account_can_be_corrected_but_not_entered() {
    let given = vec![registered(Role::Parent), deactivated(Role::Parent, None)];
    Framework::with(())
        .given(given.clone())
        .when(update())
        .then_expect_events(vec![updated()]);
    Framework::with(())
        .given(given)
        .when(log_in())
        .then_expect_error(UserError::Deactivated);
}

#[test]
fn a_role_changes_and_having_it_already_is_success() {
    Framework::with(())
        .given(vec![registered(Role::Parent)])
        .when(UserCommand::ChangeRole(change(Role::Trainer, ALONE)))
        .then_expect_events(vec![role_changed(Role::Trainer, None)]);
    Framework::with(())
        .given(vec![registered(Role::Parent)])
        .when(UserCommand::ChangeRole(change(Role::Parent, ALONE)))
        .then_expect_events(Vec::new());
}

#[test]
fn who_answers_for_children_remains_a_parent_and_who_has_a_profile_a_trainer() {
    let children = ChangeRole {
        has_children: true,
        ..change(Role::Admin, OTHERS)
    };
    Framework::with(())
        .given(vec![registered(Role::Parent)])
        .when(UserCommand::ChangeRole(children))
        .then_expect_error(UserError::HasChildren);
    let profile = ChangeRole {
        has_profile: true,
        ..change(Role::Parent, OTHERS)
    };
    Framework::with(())
        .given(vec![registered(Role::Trainer)])
        .when(UserCommand::ChangeRole(profile))
        .then_expect_error(UserError::HasProfile);
}

#[test]
fn the_last_active_admin_can_neither_be_demoted_nor_closed_nor_erased() {
    let commands = [
        UserCommand::ChangeRole(change(Role::Parent, ALONE)),
        deactivate(ALONE),
        erase(ALONE),
    ];
    for command in commands {
        Framework::with(())
            .given(vec![registered(Role::Admin)])
            .when(command)
            .then_expect_error(UserError::LastAdmin);
    }
}

#[test]
fn an_admin_who_leaves_others_behind_takes_the_next_number() {
    let cases = [
        (
            UserCommand::ChangeRole(change(Role::Parent, OTHERS)),
            role_changed(Role::Parent, Some(3)),
        ),
        (deactivate(OTHERS), deactivated(Role::Admin, Some(3))),
        (erase(OTHERS), erased(Role::Admin, true, Some(3))),
    ];
    for (command, event) in cases {
        Framework::with(())
            .given(vec![registered(Role::Admin)])
            .when(command)
            .then_expect_events(vec![event]);
    }
}

#[test]
fn a_closed_admin_may_go_though_they_are_the_only_one() {
    Framework::with(())
        .given(vec![
            registered(Role::Admin),
            deactivated(Role::Admin, Some(1)),
        ])
        .when(erase(ALONE))
        .then_expect_events(vec![erased(Role::Admin, false, None)]);
}

#[test]
fn an_account_is_closed_and_opened_once() {
    let closed = vec![registered(Role::Parent), deactivated(Role::Parent, None)];
    Framework::with(())
        .given(vec![registered(Role::Parent)])
        .when(deactivate(ALONE))
        .then_expect_events(vec![deactivated(Role::Parent, None)]);
    Framework::with(())
        .given(closed.clone())
        .when(deactivate(ALONE))
        .then_expect_events(Vec::new());
    Framework::with(())
        .given(closed)
        .when(reactivate())
        .then_expect_events(vec![reactivated(Role::Parent)]);
    Framework::with(())
        .given(vec![registered(Role::Parent)])
        .when(reactivate())
        .then_expect_events(Vec::new());
}

#[test]
fn who_was_opened_again_logs_in_again() {
    Framework::with(())
        .given(vec![
            registered(Role::Parent),
            deactivated(Role::Parent, None),
            reactivated(Role::Parent),
        ])
        .when(log_in())
        .then_expect_events(vec![samples::user_events().swap_remove(1)]);
}

#[test]
fn an_erased_user_is_the_subject_of_nothing_but_a_repeated_erasure() {
    let given = || vec![registered(Role::Parent), erased(Role::Parent, true, None)];
    Framework::with(())
        .given(given())
        .when(erase(ALONE))
        .then_expect_events(Vec::new());
    let commands = [
        update(),
        nothing(),
        UserCommand::ChangeRole(change(Role::Trainer, OTHERS)),
        deactivate(OTHERS),
        reactivate(),
        log_in(),
    ];
    for command in commands {
        Framework::with(())
            .given(given())
            .when(command)
            .then_expect_error(UserError::Erased);
    }
}

#[test]
fn erasing_waits_for_what_is_paid_unless_it_was_decided() {
    let closed = vec![registered(Role::Trainer), deactivated(Role::Trainer, None)];
    for given in [vec![registered(Role::Parent)], closed] {
        Framework::with(())
            .given(given)
            .when(erase_with_paid_ahead(OTHERS))
            .then_expect_error(UserError::BookingsAhead);
    }
    Framework::with(())
        .given(vec![
            registered(Role::Parent),
            erased(Role::Parent, true, None),
        ])
        .when(erase_with_paid_ahead(OTHERS))
        .then_expect_events(Vec::new());
    Framework::with(())
        .given_no_previous_events()
        .when(erase_with_paid_ahead(OTHERS))
        .then_expect_error(UserError::NotFound);
}

#[test]
fn something_is_held_of_a_user_until_they_are_erased() {
    let held = |events: Vec<UserEvent>| {
        let mut user = User::default();
        for event in events {
            eventsourcing::Decide::apply(&mut user, event);
        }
        user.require_known()
    };
    let opened = || registered(Role::Parent);
    assert_eq!(held(vec![]), Err(UserError::NotFound));
    assert_eq!(held(vec![opened()]), Ok(()));
    assert_eq!(
        held(vec![opened(), deactivated(Role::Parent, None)]),
        Ok(())
    );
    let erased = vec![opened(), erased(Role::Parent, true, None)];
    assert_eq!(held(erased), Err(UserError::Erased));
}

#[test]
fn nothing_is_done_to_an_account_that_was_never_opened() {
    for command in [
        update(),
        deactivate(OTHERS),
        reactivate(),
        erase(OTHERS),
        UserCommand::ChangeRole(change(Role::Trainer, OTHERS)),
    ] {
        Framework::with(())
            .given_no_previous_events()
            .when(command)
            .then_expect_error(UserError::NotFound);
    }
}

fn claim(scope: &'static str, key: &str) -> Claim {
    Claim::Unique {
        scope,
        key: key.to_owned(),
    }
}

#[test]
fn an_active_admin_holds_a_seat_and_leaves_it_with_a_number() {
    let seat = || claim(ADMIN_SCOPE, "7");
    let taken = || ClaimChange::Acquire(claim(DEPARTURE_SCOPE, "3"));
    let joins = vec![ClaimChange::Acquire(seat())];
    let leaves = vec![ClaimChange::Release(seat()), taken()];
    assert!(registered(Role::Admin).claims("7").contains(&joins[0]));
    assert_eq!(role_changed(Role::Admin, None).claims("7"), joins);
    assert_eq!(reactivated(Role::Admin).claims("7"), joins);
    assert_eq!(role_changed(Role::Parent, Some(3)).claims("7"), leaves);
    assert_eq!(deactivated(Role::Admin, Some(3)).claims("7"), leaves);
    assert_eq!(updated().claims("7"), Vec::new());
    assert_eq!(reactivated(Role::Parent).claims("7"), Vec::new());
}

#[test]
fn an_erasure_gives_the_address_back() {
    let address = claim(EMAIL_SCOPE, &samples::email_key());
    assert_eq!(
        erased(Role::Parent, true, None).claims("7"),
        vec![ClaimChange::Release(address)]
    );
}

use cqrs_es::test::TestFramework;
use eventsourcing::Root;
use eventsourcing::{Claim, ClaimChange, ClaimingEvent};
use testing::sealed;
use uuid::Uuid;

use super::{registered, samples};
use crate::domain::{
    user::{
        Channel, EMAIL_SCOPE, PhoneChange, Purpose, SecurityCommand, User, UserCommand, UserError,
        UserEvent,
    },
    values::Role,
};

type Framework = TestFramework<Root<User>>;

fn secure(command: SecurityCommand) -> UserCommand {
    UserCommand::Secure(command)
}

fn request(purpose: Purpose, channel: Channel) -> UserCommand {
    secure(SecurityCommand::RequestVerification {
        verification_id: samples::verification_id(),
        purpose,
        channel,
        expires_at: samples::now(),
        now: samples::now(),
    })
}

fn requested(purpose: Purpose, channel: Channel) -> UserEvent {
    UserEvent::VerificationRequested {
        user_id: samples::user_id(),
        verification_id: samples::verification_id(),
        purpose,
        channel,
        expires_at: samples::now(),
        requested_at: samples::now(),
    }
}

fn verify(channel: Channel) -> UserCommand {
    secure(SecurityCommand::Verify {
        verification_id: samples::verification_id(),
        channel,
        now: samples::now(),
    })
}

fn change_email() -> UserCommand {
    secure(SecurityCommand::ChangeEmail {
        verification_id: samples::verification_id(),
        email: sealed(samples::user_id().uuid(), "other email"),
        email_key: "6f".repeat(32),
        now: samples::now(),
    })
}

/// The event of a type among the samples.
fn sample(matching: impl Fn(&UserEvent) -> bool) -> UserEvent {
    let mut events = samples::user_events().into_iter();
    events.find(|event| matching(event)).unwrap()
}

fn email_verified() -> UserEvent {
    sample(|event| matches!(event, UserEvent::EmailVerified { .. }))
}

fn phone_verified() -> UserEvent {
    sample(|event| matches!(event, UserEvent::PhoneVerified { .. }))
}

fn email_changed() -> UserEvent {
    sample(|event| matches!(event, UserEvent::EmailChanged { .. }))
}

fn deactivated() -> UserEvent {
    sample(|event| matches!(event, UserEvent::UserDeactivated { .. }))
}

fn erased() -> UserEvent {
    sample(|event| matches!(event, UserEvent::UserErased { .. }))
}

fn phone_became(change: PhoneChange) -> UserEvent {
    UserEvent::UserUpdated {
        user_id: samples::user_id(),
        first_name: None,
        last_name: None,
        phone_number: Some(change),
        updated_at: samples::now(),
    }
}

fn given(mut events: Vec<UserEvent>) -> cqrs_es::test::AggregateTestExecutor<Root<User>> {
    events.insert(0, registered(Role::Parent));
    Framework::with(()).given(events)
}

#[test]
fn a_code_can_be_asked_for_and_comes_back() {
    for (channel, verified) in [
        (Channel::Email, email_verified()),
        (Channel::Phone, phone_verified()),
    ] {
        let asked = requested(Purpose::Verification, channel);
        given(vec![])
            .when(request(Purpose::Verification, channel))
            .then_expect_events(vec![asked.clone()]);
        given(vec![asked.clone()])
            .when(verify(channel))
            .then_expect_events(vec![verified.clone()]);
        given(vec![asked, verified])
            .when(verify(channel))
            .then_expect_events(vec![]);
    }
}

#[test]
fn nothing_is_verified_twice() {
    given(vec![email_verified()])
        .when(request(Purpose::Verification, Channel::Email))
        .then_expect_error(UserError::AlreadyVerified);
    given(vec![phone_verified()])
        .when(request(Purpose::Verification, Channel::Phone))
        .then_expect_error(UserError::AlreadyVerified);
}

#[test]
fn a_number_that_is_not_there_cannot_be_verified() {
    given(vec![phone_became(PhoneChange::Cleared)])
        .when(request(Purpose::Verification, Channel::Phone))
        .then_expect_error(UserError::NoPhoneNumber);
}

#[test]
fn a_code_proves_nothing_of_a_number_that_came_later() {
    let other = PhoneChange::Changed(sealed(samples::user_id().uuid(), "other number"));
    let asked = requested(Purpose::Verification, Channel::Phone);
    given(vec![asked, phone_became(other.clone())])
        .when(verify(Channel::Phone))
        .then_expect_error(UserError::CodeOutdated);
    given(vec![phone_verified(), phone_became(other)])
        .when(request(Purpose::Verification, Channel::Phone))
        .then_expect_events(vec![requested(Purpose::Verification, Channel::Phone)]);
}

#[test]
fn a_code_proves_nothing_of_an_address_that_came_later() {
    let asked = requested(Purpose::Verification, Channel::Email);
    given(vec![asked, email_changed()])
        .when(verify(Channel::Email))
        .then_expect_error(UserError::CodeOutdated);
}

#[test]
fn a_code_that_a_later_one_replaced_proves_nothing() {
    let UserEvent::VerificationRequested {
        user_id,
        purpose,
        channel,
        expires_at,
        requested_at,
        ..
    } = requested(Purpose::Verification, Channel::Email)
    else {
        unreachable!("that is what it made")
    };
    let later = UserEvent::VerificationRequested {
        user_id,
        verification_id: Uuid::from_u128(99),
        purpose,
        channel,
        expires_at,
        requested_at,
    };
    given(vec![requested(purpose, channel), later])
        .when(verify(channel))
        .then_expect_error(UserError::CodeOutdated);
}

#[test]
fn a_code_to_the_new_address_changes_the_login_address_and_verifies_it() {
    let asked = requested(Purpose::EmailChange, Channel::Email);
    given(vec![])
        .when(request(Purpose::EmailChange, Channel::Email))
        .then_expect_events(vec![asked.clone()]);
    given(vec![asked.clone()])
        .when(change_email())
        .then_expect_events(vec![email_changed()]);
    given(vec![asked, email_changed()])
        .when(change_email())
        .then_expect_events(vec![]);
    given(vec![email_changed()])
        .when(request(Purpose::Verification, Channel::Email))
        .then_expect_error(UserError::AlreadyVerified);
}

#[test]
fn a_code_for_something_else_changes_no_address() {
    given(vec![requested(Purpose::Verification, Channel::Email)])
        .when(change_email())
        .then_expect_error(UserError::CodeOutdated);
}

#[test]
fn another_address_is_claimed_and_the_old_one_is_free() {
    let claim = |key: String| Claim::Unique {
        scope: EMAIL_SCOPE,
        key,
    };
    assert_eq!(
        email_changed().claims("1"),
        vec![
            ClaimChange::Release(claim(samples::email_key())),
            ClaimChange::Acquire(claim("6f".repeat(32)))
        ]
    );
}

#[test]
fn the_address_that_is_given_up_at_last_is_the_present_one() {
    let (asked, erase) = (
        requested(Purpose::EmailChange, Channel::Email),
        UserCommand::Erase(crate::domain::user::Erase {
            paid_ahead: false,
            admins: crate::domain::user::Admins {
                others: true,
                next_departure: 1,
            },
            now: samples::now(),
        }),
    );
    let UserEvent::UserErased {
        user_id,
        role,
        was_active,
        departure,
        erased_at,
        ..
    } = erased()
    else {
        unreachable!("that is what it is")
    };
    given(vec![asked, email_changed()])
        .when(erase)
        .then_expect_events(vec![UserEvent::UserErased {
            user_id,
            role,
            was_active,
            email_key: "6f".repeat(32),
            departure,
            erased_at,
        }]);
}

/// Each command with the event that it comes to.
fn plain() -> Vec<(SecurityCommand, UserEvent)> {
    let (now, user_id) = (samples::now(), samples::user_id());
    let (verification_id, login_id) = (samples::verification_id(), samples::login_id());
    vec![
        (
            SecurityCommand::RequestPasswordReset {
                verification_id,
                expires_at: now,
                now,
            },
            UserEvent::PasswordResetRequested {
                user_id,
                verification_id,
                expires_at: now,
                requested_at: now,
            },
        ),
        (
            SecurityCommand::ResetPassword { now },
            UserEvent::PasswordReset {
                user_id,
                reset_at: now,
            },
        ),
        (
            SecurityCommand::ChangePassword { now },
            UserEvent::PasswordChanged {
                user_id,
                changed_at: now,
            },
        ),
        (
            SecurityCommand::LogOut { login_id, now },
            UserEvent::LoggedOut {
                user_id,
                login_id,
                logged_out_at: now,
            },
        ),
        (
            SecurityCommand::LogOutEverywhere { now },
            UserEvent::LoggedOutEverywhere {
                user_id,
                logged_out_at: now,
            },
        ),
        (
            SecurityCommand::ReportReuse { login_id, now },
            UserEvent::RefreshTokenReused {
                user_id,
                login_id,
                detected_at: now,
            },
        ),
    ]
}

#[test]
fn resets_changes_and_ends_of_logins_are_recorded() {
    for (command, event) in plain() {
        given(vec![])
            .when(secure(command))
            .then_expect_events(vec![event]);
    }
}

#[test]
fn a_login_ends_once() {
    let (now, login_id) = (samples::now(), samples::login_id());
    for command in [
        SecurityCommand::LogOut { login_id, now },
        SecurityCommand::ReportReuse { login_id, now },
    ] {
        given(samples::security_events())
            .when(secure(command))
            .then_expect_events(vec![]);
    }
}

#[test]
fn a_closed_account_proves_nothing_new_but_its_logins_end() {
    let refused = |command: UserCommand| {
        given(vec![deactivated()])
            .when(command)
            .then_expect_error(UserError::Deactivated);
    };
    refused(request(Purpose::Verification, Channel::Email));
    refused(verify(Channel::Email));
    refused(change_email());
    for (index, (command, event)) in plain().into_iter().enumerate() {
        if index < 3 {
            refused(secure(command));
        } else {
            given(vec![deactivated()])
                .when(secure(command))
                .then_expect_events(vec![event]);
        }
    }
}

#[test]
fn of_an_erased_user_nothing_more_is_recorded() {
    let mut commands: Vec<_> = plain()
        .into_iter()
        .map(|(command, _)| secure(command))
        .collect();
    commands.extend([
        request(Purpose::Verification, Channel::Email),
        verify(Channel::Phone),
        change_email(),
    ]);
    for command in commands {
        given(vec![erased()])
            .when(command)
            .then_expect_error(UserError::Erased);
    }
}

#[test]
fn without_an_account_there_is_nothing_to_prove() {
    for (command, _) in plain() {
        Framework::with(())
            .given_no_previous_events()
            .when(secure(command))
            .then_expect_error(UserError::NotFound);
    }
}

//! Codes that verify addresses and numbers, and let another address take the login's place.

use contracts::{
    common::v1::Role,
    identity::v1::{
        ChangeEmailRequest, GetUserRequest, LoginResponse, RegisterUserRequest,
        RequestEmailChangeRequest, RequestVerificationRequest, VerificationChannel,
        VerifyEmailRequest, VerifyPhoneRequest,
    },
};
use futures::future::join_all;
use identity::MailSettings;
use testing::Caller;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::{
    auth_support::wrong,
    mail_world::written,
    world::{PASSWORD, World, fields, id, reason, registration, registration_with_phone},
};

const EMAIL: &str = "anna@example.com";
const NEW: &str = "anna.new@example.com";

async fn anna(world: &World) -> LoginResponse {
    anna_by(world, registration(Role::Parent, EMAIL)).await
}

async fn anna_with_phone(world: &World) -> LoginResponse {
    anna_by(world, registration_with_phone(Role::Parent, EMAIL)).await
}

async fn anna_by(world: &World, request: RegisterUserRequest) -> LoginResponse {
    world.call(Caller::Nobody, request).await.unwrap();
    world.login(EMAIL, PASSWORD).await.unwrap()
}

fn ask(channel: VerificationChannel) -> RequestVerificationRequest {
    RequestVerificationRequest {
        request_id: id(),
        channel: channel.into(),
    }
}

fn email(code: &str) -> VerifyEmailRequest {
    VerifyEmailRequest {
        request_id: id(),
        code: code.to_owned(),
    }
}

fn refused(status: &Status) -> (Code, String) {
    (status.code(), reason(status))
}

fn expired() -> (Code, String) {
    (Code::FailedPrecondition, "CODE_EXPIRED".to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_is_verified_by_the_code_sent_to_it() {
    let world = World::start().await;
    let login = anna(&world).await;
    let asked = ask(VerificationChannel::Email);
    let sent = world.call(&login, asked.clone()).await.unwrap();
    let again = world.call(&login, asked).await.unwrap();
    assert_eq!(sent, again);
    let codes = world.codes(&login.user_id, "VERIFY_EMAIL").await;
    assert_eq!(codes.len(), 1, "a repeated request sends nothing");
    let request = email(&codes[0]);
    let verified = world.call(&login, request.clone()).await.unwrap();
    let again = world.call(&login, request).await.unwrap();
    assert_eq!(verified, again);
    let request = GetUserRequest {
        user_id: login.user_id.clone(),
        min_position: again.position,
    };
    let user = world.call(&login, request).await.unwrap().user.unwrap();
    assert!(user.email_verified && !user.phone_verified);
    let second = world.call(&login, email(&codes[0])).await.unwrap_err();
    assert_eq!(refused(&second), expired(), "a code is good once");
    let refused = world
        .call(&login, ask(VerificationChannel::Email))
        .await
        .unwrap_err();
    assert_eq!(reason(&refused), "ALREADY_VERIFIED");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_is_verified_by_the_code_sent_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::with_mail(MailSettings {
        directory: Some(folder.path().to_owned()),
        ..MailSettings::default()
    })
    .await;
    let login = anna_with_phone(&world).await;
    world
        .call(&login, ask(VerificationChannel::Phone))
        .await
        .unwrap();
    let text = written(folder.path(), "txt").await;
    let (_, code) = text.split_once("Your code is ").unwrap();
    let code = &code[..6];
    let elsewhere = world.call(&login, email(code)).await.unwrap_err();
    assert_eq!(refused(&elsewhere), expired());
    let request = VerifyPhoneRequest {
        request_id: id(),
        code: format!(" {} {} ", &code[..3], &code[3..]),
    };
    world.call(&login, request).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_nothing_sends_text_messages_no_number_is_verified() {
    let world = World::start().await;
    let login = anna_with_phone(&world).await;
    let status = world
        .call(&login, ask(VerificationChannel::Phone))
        .await
        .unwrap_err();
    assert_eq!(
        refused(&status),
        (Code::FailedPrecondition, "TEXTS_UNAVAILABLE".to_owned())
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_fifth_wrong_code_locks_the_right_one_out() {
    let world = World::start().await;
    let login = anna(&world).await;
    world
        .call(&login, ask(VerificationChannel::Email))
        .await
        .unwrap();
    let code = world.last_code(&login.user_id, "VERIFY_EMAIL").await;
    for left in (0..5).rev() {
        let status = world.call(&login, email(&wrong(&code))).await.unwrap_err();
        assert_eq!(reason(&status), "CODE_WRONG");
        let details = status.get_error_details();
        let metadata = &details.error_info().unwrap().metadata;
        assert_eq!(metadata["attempts_left"], left.to_string());
    }
    let locked = world.call(&login, email(&code)).await.unwrap_err();
    assert_eq!(refused(&locked), expired());
    world
        .call(&login, ask(VerificationChannel::Email))
        .await
        .unwrap();
    let code = world.last_code(&login.user_id, "VERIFY_EMAIL").await;
    world.call(&login, email(&code)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_wrong_codes_that_come_at_once_five_count() {
    let world = World::start().await;
    let login = anna(&world).await;
    world
        .call(&login, ask(VerificationChannel::Email))
        .await
        .unwrap();
    let code = world.last_code(&login.user_id, "VERIFY_EMAIL").await;
    let guesses = (0..20).map(|_| world.call(&login, email(&wrong(&code))));
    let answers = join_all(guesses).await.into_iter();
    let answers = answers.map(|answer| reason(&answer.unwrap_err()));
    let counted = answers.filter(|answer| answer == "CODE_WRONG");
    assert_eq!(counted.count(), 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_is_used_by_one_of_those_who_race_with_it() {
    let world = World::start().await;
    let login = anna(&world).await;
    world
        .call(&login, ask(VerificationChannel::Email))
        .await
        .unwrap();
    let code = world.last_code(&login.user_id, "VERIFY_EMAIL").await;
    let racers = (0..8).map(|_| world.call(&login, email(&code)));
    let answers = join_all(racers).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    let events = world.events_of(&login.user_id).await;
    let verified = events.iter().filter(|event| *event == "EmailVerified");
    assert_eq!(verified.count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_code_kills_the_one_before() {
    let world = World::start().await;
    let login = anna(&world).await;
    for _ in 0..2 {
        world
            .call(&login, ask(VerificationChannel::Email))
            .await
            .unwrap();
    }
    let codes = world.codes(&login.user_id, "VERIFY_EMAIL").await;
    if codes[0] != codes[1] {
        let status = world.call(&login, email(&codes[0])).await.unwrap_err();
        assert_eq!(reason(&status), "CODE_WRONG");
    }
    world.call(&login, email(&codes[1])).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_is_good_for_ten_minutes() {
    let world = World::start().await;
    let login = anna(&world).await;
    world
        .call(&login, ask(VerificationChannel::Email))
        .await
        .unwrap();
    sqlx::query("update otps set expires_at = expires_at - interval '10 minutes'")
        .execute(&world.database().pool())
        .await
        .unwrap();
    let code = world.last_code(&login.user_id, "VERIFY_EMAIL").await;
    let late = world.call(&login, email(&code)).await.unwrap_err();
    assert_eq!(refused(&late), expired());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_a_keyed_hash_of_a_code_is_stored() {
    let world = World::start().await;
    let login = anna(&world).await;
    world
        .call(&login, ask(VerificationChannel::Email))
        .await
        .unwrap();
    let code = world.last_code(&login.user_id, "VERIFY_EMAIL").await;
    let rows: Vec<(String,)> = sqlx::query_as(
        "select otp::text from otps union all select otp::text from verifications \
         union all select payload::text from events",
    )
    .fetch_all(&world.database().pool())
    .await
    .unwrap();
    assert!(rows.len() >= 4);
    for (row,) in rows {
        assert!(!row.contains(&format!("\"{code}\"")), "{row}");
        assert!(!row.contains(EMAIL), "{row}");
    }
}

fn another(address: &str, password: &str) -> RequestEmailChangeRequest {
    RequestEmailChangeRequest {
        request_id: id(),
        email: address.to_owned(),
        password: password.to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_address_is_changed_by_a_code_to_the_new_one() {
    let world = World::start().await;
    let login = anna(&world).await;
    world
        .call(&login, ask(VerificationChannel::Email))
        .await
        .unwrap();
    let to_the_old = world.last_code(&login.user_id, "VERIFY_EMAIL").await;
    world.call(&login, another(NEW, PASSWORD)).await.unwrap();
    world.login(EMAIL, PASSWORD).await.unwrap();
    let code = world.last_code(&login.user_id, "CONFIRM_NEW_EMAIL").await;
    let request = ChangeEmailRequest {
        request_id: id(),
        code,
    };
    let changed = world.call(&login, request.clone()).await.unwrap();
    let again = world.call(&login, request).await.unwrap();
    assert_eq!(changed, again);
    let old = world.login(EMAIL, PASSWORD).await.unwrap_err();
    assert_eq!(reason(&old), "BAD_CREDENTIALS");
    let login = world.login(NEW, PASSWORD).await.unwrap();
    let request = GetUserRequest {
        user_id: login.user_id.clone(),
        min_position: login.position.clone(),
    };
    let user = world.call(&login, request).await.unwrap().user.unwrap();
    assert_eq!((user.email.as_str(), user.email_verified), (NEW, true));
    let status = world.call(&login, email(&to_the_old)).await.unwrap_err();
    assert_eq!(refused(&status), expired());
    // The old address is free.
    world
        .call(Caller::Nobody, registration(Role::Parent, EMAIL))
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_goes_to_one_of_those_who_race_for_it() {
    let world = World::start().await;
    let mut changes = Vec::new();
    for name in ["one", "two"] {
        let account = world
            .account(Role::Parent, &format!("{name}@example.com"))
            .await;
        world.call(&account, another(NEW, PASSWORD)).await.unwrap();
        let code = world.last_code(&account.user_id, "CONFIRM_NEW_EMAIL").await;
        let request = ChangeEmailRequest {
            request_id: id(),
            code,
        };
        changes.push(world.call(account, request));
    }
    let answers = join_all(changes).await;
    let mut reasons: Vec<_> = answers
        .into_iter()
        .map(|answer| answer.map_or_else(|status| reason(&status), |_| "changed".to_owned()))
        .collect();
    reasons.sort();
    assert_eq!(reasons, ["EMAIL_TAKEN", "changed"]);
    let late = world.account(Role::Parent, "late@example.com").await;
    let status = world
        .call(&late, another(&NEW.to_uppercase(), PASSWORD))
        .await
        .unwrap_err();
    assert_eq!(
        refused(&status),
        (Code::AlreadyExists, "EMAIL_TAKEN".to_owned())
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_is_not_changed_without_the_password() {
    let world = World::start().await;
    let login = anna(&world).await;
    let status = world
        .call(&login, another(NEW, "wrong horse battery"))
        .await
        .unwrap_err();
    assert_eq!(
        refused(&status),
        (Code::Unauthenticated, "BAD_CREDENTIALS".to_owned())
    );
    let codes = world.codes(&login.user_id, "CONFIRM_NEW_EMAIL").await;
    assert_eq!(codes, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_malformed_comes_back_together() {
    let world = World::start().await;
    let login = anna(&world).await;
    let status = world
        .call(&login, RequestVerificationRequest::default())
        .await
        .unwrap_err();
    assert_eq!(fields(&status), ["request_id", "channel"]);
    let code = "12345x".to_owned();
    let request_id = String::new();
    let request = VerifyEmailRequest {
        request_id: request_id.clone(),
        code: code.clone(),
    };
    let status = world.call(&login, request).await.unwrap_err();
    assert_eq!(fields(&status), ["request_id", "code"]);
    let request = VerifyPhoneRequest {
        request_id: request_id.clone(),
        code: code.clone(),
    };
    let status = world.call(&login, request).await.unwrap_err();
    assert_eq!(fields(&status), ["request_id", "code"]);
    let request = ChangeEmailRequest { request_id, code };
    let status = world.call(&login, request).await.unwrap_err();
    assert_eq!(fields(&status), ["request_id", "code"]);
    let status = world
        .call(&login, RequestEmailChangeRequest::default())
        .await
        .unwrap_err();
    assert_eq!(fields(&status), ["request_id", "email", "password"]);
}

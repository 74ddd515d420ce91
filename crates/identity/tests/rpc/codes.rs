//! Codes that verify addresses and numbers, and let another address take the login's place.

use contracts::{
    common::v1::Role,
    identity::v1::{
        ChangeEmailRequest, GetUserRequest, LoginResponse, RegisterUserRequest,
        RequestEmailChangeRequest, RequestVerificationRequest, VerificationChannel,
        VerifyEmailRequest, VerifyPhoneRequest,
    },
};
use identity::MailSettings;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::{
    auth_support::{bearer, wrong},
    harness::{
        Bearer, Harness, PASSWORD, fields, id, reason, registration, registration_with_phone,
    },
};

const EMAIL: &str = "anna@example.com";
const NEW: &str = "anna.new@example.com";

async fn anna(harness: &Harness) -> LoginResponse {
    anna_by(harness, registration(Role::Parent, EMAIL)).await
}

async fn anna_with_phone(harness: &Harness) -> LoginResponse {
    anna_by(harness, registration_with_phone(Role::Parent, EMAIL)).await
}

async fn anna_by(harness: &Harness, request: RegisterUserRequest) -> LoginResponse {
    let mut users = harness.users(&Bearer::default());
    users.register_user(request).await.unwrap();
    harness.login(EMAIL, PASSWORD).await.unwrap()
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
    let harness = Harness::start().await;
    let login = anna(&harness).await;
    let mut client = harness.authentication(&bearer(&login));
    let asked = ask(VerificationChannel::Email);
    let sent = client
        .request_verification(asked.clone())
        .await
        .unwrap()
        .into_inner();
    let again = client
        .request_verification(asked)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(sent, again);
    let codes = harness.codes(&login.user_id, "VERIFY_EMAIL").await;
    assert_eq!(codes.len(), 1, "a repeated request sends nothing");
    let request = email(&codes[0]);
    let verified = client.verify_email(request.clone()).await.unwrap();
    let again = client.verify_email(request).await.unwrap();
    assert_eq!(verified.get_ref(), again.get_ref());
    let request = GetUserRequest {
        user_id: login.user_id.clone(),
        min_position: again.into_inner().position,
    };
    let user = harness
        .users(&bearer(&login))
        .get_user(request)
        .await
        .unwrap();
    let user = user.into_inner().user.unwrap();
    assert!(user.email_verified && !user.phone_verified);
    let second = client.verify_email(email(&codes[0])).await.unwrap_err();
    assert_eq!(refused(&second), expired(), "a code is good once");
    let refused = client
        .request_verification(ask(VerificationChannel::Email))
        .await
        .unwrap_err();
    assert_eq!(reason(&refused), "ALREADY_VERIFIED");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_is_verified_by_the_code_sent_to_it() {
    // Nobody sends here; that there is a place makes text messages possible.
    let harness = Harness::with_mail(MailSettings {
        directory: Some("unused".into()),
        ..MailSettings::default()
    })
    .await;
    let login = anna_with_phone(&harness).await;
    let mut client = harness.authentication(&bearer(&login));
    client
        .request_verification(ask(VerificationChannel::Phone))
        .await
        .unwrap();
    let code = harness.last_code(&login.user_id, "TEXT_MESSAGE").await;
    let elsewhere = client.verify_email(email(&code)).await.unwrap_err();
    assert_eq!(refused(&elsewhere), expired());
    let request = VerifyPhoneRequest {
        request_id: id(),
        code: format!(" {} {} ", &code[..3], &code[3..]),
    };
    client.verify_phone(request).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_nothing_sends_text_messages_no_number_is_verified() {
    let harness = Harness::start().await;
    let login = anna_with_phone(&harness).await;
    let status = harness
        .authentication(&bearer(&login))
        .request_verification(ask(VerificationChannel::Phone))
        .await
        .unwrap_err();
    assert_eq!(
        refused(&status),
        (Code::FailedPrecondition, "TEXTS_UNAVAILABLE".to_owned())
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_fifth_wrong_code_locks_the_right_one_out() {
    let harness = Harness::start().await;
    let login = anna(&harness).await;
    let mut client = harness.authentication(&bearer(&login));
    client
        .request_verification(ask(VerificationChannel::Email))
        .await
        .unwrap();
    let code = harness.last_code(&login.user_id, "VERIFY_EMAIL").await;
    for left in (0..5).rev() {
        let status = client.verify_email(email(&wrong(&code))).await.unwrap_err();
        assert_eq!(reason(&status), "CODE_WRONG");
        let details = status.get_error_details();
        let metadata = &details.error_info().unwrap().metadata;
        assert_eq!(metadata["attempts_left"], left.to_string());
    }
    let locked = client.verify_email(email(&code)).await.unwrap_err();
    assert_eq!(refused(&locked), expired());
    client
        .request_verification(ask(VerificationChannel::Email))
        .await
        .unwrap();
    let code = harness.last_code(&login.user_id, "VERIFY_EMAIL").await;
    client.verify_email(email(&code)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_wrong_codes_that_come_at_once_five_count() {
    let harness = Harness::start().await;
    let login = anna(&harness).await;
    let mut client = harness.authentication(&bearer(&login));
    client
        .request_verification(ask(VerificationChannel::Email))
        .await
        .unwrap();
    let code = harness.last_code(&login.user_id, "VERIFY_EMAIL").await;
    let guesses = (0..20).map(|_| {
        let mut client = client.clone();
        let request = email(&wrong(&code));
        async move { reason(&client.verify_email(request).await.unwrap_err()) }
    });
    let answers = futures::future::join_all(guesses).await;
    let counted = answers.iter().filter(|answer| *answer == "CODE_WRONG");
    assert_eq!(counted.count(), 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_is_used_by_one_of_those_who_race_with_it() {
    let harness = Harness::start().await;
    let login = anna(&harness).await;
    let mut client = harness.authentication(&bearer(&login));
    client
        .request_verification(ask(VerificationChannel::Email))
        .await
        .unwrap();
    let code = harness.last_code(&login.user_id, "VERIFY_EMAIL").await;
    let racers = (0..8).map(|_| {
        let mut client = client.clone();
        let request = email(&code);
        async move { client.verify_email(request).await }
    });
    let answers = futures::future::join_all(racers).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    let events = harness.events_of(&login.user_id).await;
    let verified = events.iter().filter(|event| *event == "EmailVerified");
    assert_eq!(verified.count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_code_kills_the_one_before() {
    let harness = Harness::start().await;
    let login = anna(&harness).await;
    let mut client = harness.authentication(&bearer(&login));
    for _ in 0..2 {
        client
            .request_verification(ask(VerificationChannel::Email))
            .await
            .unwrap();
    }
    let codes = harness.codes(&login.user_id, "VERIFY_EMAIL").await;
    if codes[0] != codes[1] {
        let status = client.verify_email(email(&codes[0])).await.unwrap_err();
        assert_eq!(reason(&status), "CODE_WRONG");
    }
    client.verify_email(email(&codes[1])).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_is_good_for_ten_minutes() {
    let harness = Harness::start().await;
    let login = anna(&harness).await;
    let mut client = harness.authentication(&bearer(&login));
    client
        .request_verification(ask(VerificationChannel::Email))
        .await
        .unwrap();
    sqlx::query("update otps set expires_at = expires_at - interval '10 minutes'")
        .execute(&harness.database.pool())
        .await
        .unwrap();
    let code = harness.last_code(&login.user_id, "VERIFY_EMAIL").await;
    let late = client.verify_email(email(&code)).await.unwrap_err();
    assert_eq!(refused(&late), expired());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_a_keyed_hash_of_a_code_is_stored() {
    let harness = Harness::start().await;
    let login = anna(&harness).await;
    let mut client = harness.authentication(&bearer(&login));
    client
        .request_verification(ask(VerificationChannel::Email))
        .await
        .unwrap();
    let code = harness.last_code(&login.user_id, "VERIFY_EMAIL").await;
    let rows: Vec<(String,)> = sqlx::query_as(
        "select otp::text from otps union all select otp::text from verifications \
         union all select payload::text from events",
    )
    .fetch_all(&harness.database.pool())
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
    let harness = Harness::start().await;
    let login = anna(&harness).await;
    let mut client = harness.authentication(&bearer(&login));
    client
        .request_verification(ask(VerificationChannel::Email))
        .await
        .unwrap();
    let to_the_old = harness.last_code(&login.user_id, "VERIFY_EMAIL").await;
    client
        .request_email_change(another(NEW, PASSWORD))
        .await
        .unwrap();
    harness.login(EMAIL, PASSWORD).await.unwrap();
    let code = harness.last_code(&login.user_id, "CONFIRM_NEW_EMAIL").await;
    let request = ChangeEmailRequest {
        request_id: id(),
        code,
    };
    let changed = client.change_email(request.clone()).await.unwrap();
    let again = client.change_email(request).await.unwrap();
    assert_eq!(changed.get_ref(), again.get_ref());
    let old = harness.login(EMAIL, PASSWORD).await.unwrap_err();
    assert_eq!(reason(&old), "BAD_CREDENTIALS");
    let login = harness.login(NEW, PASSWORD).await.unwrap();
    let request = GetUserRequest {
        user_id: login.user_id.clone(),
        min_position: login.position.clone(),
    };
    let user = harness
        .users(&bearer(&login))
        .get_user(request)
        .await
        .unwrap();
    let user = user.into_inner().user.unwrap();
    assert_eq!((user.email.as_str(), user.email_verified), (NEW, true));
    let status = client.verify_email(email(&to_the_old)).await.unwrap_err();
    assert_eq!(refused(&status), expired());
    // The old address is free.
    harness
        .users(&Bearer::default())
        .register_user(registration(Role::Parent, EMAIL))
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_goes_to_one_of_those_who_race_for_it() {
    let harness = Harness::start().await;
    let mut changes = Vec::new();
    for name in ["one", "two"] {
        let account = harness
            .account(Role::Parent, &format!("{name}@example.com"))
            .await;
        let mut client = harness.authentication(&account.bearer);
        client
            .request_email_change(another(NEW, PASSWORD))
            .await
            .unwrap();
        let code = harness
            .last_code(&account.user_id, "CONFIRM_NEW_EMAIL")
            .await;
        changes.push(async move {
            let request = ChangeEmailRequest {
                request_id: id(),
                code,
            };
            client.change_email(request).await
        });
    }
    let answers = futures::future::join_all(changes).await;
    let mut reasons: Vec<_> = answers
        .into_iter()
        .map(|answer| answer.map_or_else(|status| reason(&status), |_| "changed".to_owned()))
        .collect();
    reasons.sort();
    assert_eq!(reasons, ["EMAIL_TAKEN", "changed"]);
    let late = harness.account(Role::Parent, "late@example.com").await;
    let status = harness
        .authentication(&late.bearer)
        .request_email_change(another(&NEW.to_uppercase(), PASSWORD))
        .await
        .unwrap_err();
    assert_eq!(
        refused(&status),
        (Code::AlreadyExists, "EMAIL_TAKEN".to_owned())
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_is_not_changed_without_the_password() {
    let harness = Harness::start().await;
    let login = anna(&harness).await;
    let mut client = harness.authentication(&bearer(&login));
    let status = client
        .request_email_change(another(NEW, "wrong horse battery"))
        .await
        .unwrap_err();
    assert_eq!(
        refused(&status),
        (Code::Unauthenticated, "BAD_CREDENTIALS".to_owned())
    );
    let codes = harness.codes(&login.user_id, "CONFIRM_NEW_EMAIL").await;
    assert_eq!(codes, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_malformed_comes_back_together() {
    let harness = Harness::start().await;
    let login = anna(&harness).await;
    let mut client = harness.authentication(&bearer(&login));
    let status = client
        .request_verification(RequestVerificationRequest::default())
        .await
        .unwrap_err();
    assert_eq!(fields(&status), ["request_id", "channel"]);
    let code = "12345x".to_owned();
    let request_id = String::new();
    let request = VerifyEmailRequest {
        request_id: request_id.clone(),
        code: code.clone(),
    };
    let status = client.verify_email(request).await.unwrap_err();
    assert_eq!(fields(&status), ["request_id", "code"]);
    let request = VerifyPhoneRequest {
        request_id: request_id.clone(),
        code: code.clone(),
    };
    let status = client.verify_phone(request).await.unwrap_err();
    assert_eq!(fields(&status), ["request_id", "code"]);
    let request = ChangeEmailRequest { request_id, code };
    let status = client.change_email(request).await.unwrap_err();
    assert_eq!(fields(&status), ["request_id", "code"]);
    let status = client
        .request_email_change(RequestEmailChangeRequest::default())
        .await
        .unwrap_err();
    assert_eq!(fields(&status), ["request_id", "email", "password"]);
}

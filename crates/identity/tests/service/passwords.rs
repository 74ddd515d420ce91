//! Passwords that are changed or set anew.

use std::time::{Duration, Instant};

use contracts::{
    common::v1::Role,
    identity::v1::{
        ChangePasswordRequest, LoginResponse, RequestPasswordResetRequest, ResetPasswordRequest,
    },
};
use testing::Caller;
use tonic::{Code, Status};

use crate::world::{PASSWORD, World, fields, id, reason, registration};

const EMAIL: &str = "anna@example.com";
const NEW: &str = "another horse battery";

async fn anna(world: &World) -> LoginResponse {
    world
        .call(Caller::Nobody, registration(Role::Parent, EMAIL))
        .await
        .unwrap();
    world.login(EMAIL, PASSWORD).await.unwrap()
}

async fn token(world: &World, user_id: &str) -> String {
    ask(world, "ANNA@example.com").await;
    world.awaited_code(user_id, "RESET_PASSWORD").await
}

async fn ask(world: &World, email: &str) {
    let request = RequestPasswordResetRequest {
        email: email.to_owned(),
    };
    world.call(Caller::Nobody, request).await.unwrap();
}

fn reset(token: &str, new_password: &str) -> ResetPasswordRequest {
    ResetPasswordRequest {
        request_id: id(),
        token: token.to_owned(),
        new_password: new_password.to_owned(),
    }
}

fn change(password: &str, new_password: &str) -> ChangePasswordRequest {
    ChangePasswordRequest {
        request_id: id(),
        password: password.to_owned(),
        new_password: new_password.to_owned(),
    }
}

fn refused(status: &Status) -> (Code, String) {
    (status.code(), reason(status))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reset_token_sets_a_password_once_and_ends_all_logins() {
    let world = World::start().await;
    let login = anna(&world).await;
    let token = token(&world, &login.user_id).await;
    let request = reset(&token, NEW);
    let first = world.call(Caller::Nobody, request.clone()).await.unwrap();
    let again = world.call(Caller::Nobody, request.clone()).await.unwrap();
    assert_eq!(first, again);
    let other = ResetPasswordRequest {
        new_password: "a third horse battery".to_owned(),
        ..request
    };
    let status = world.call(Caller::Nobody, other).await.unwrap_err();
    assert_eq!(reason(&status), "REQUEST_ID_REUSED");
    let status = world
        .call(Caller::Nobody, reset(&token, "a third horse battery"))
        .await
        .unwrap_err();
    assert_eq!(
        refused(&status),
        (Code::FailedPrecondition, "CODE_EXPIRED".to_owned())
    );
    let status = world.refresh(&login.refresh_token).await.unwrap_err();
    assert_eq!(reason(&status), "REFRESH_TOKEN_INVALID");
    let status = world.login(EMAIL, PASSWORD).await.unwrap_err();
    assert_eq!(reason(&status), "BAD_CREDENTIALS");
    world.login(EMAIL, NEW).await.unwrap();
    let events = world.events_of(&login.user_id).await;
    assert_eq!(events[2..4], ["PasswordResetRequested", "PasswordReset"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reset_token_is_long_and_expires() {
    let world = World::start().await;
    let login = anna(&world).await;
    let token = token(&world, &login.user_id).await;
    let (_, secret) = token.split_once('.').unwrap();
    assert_eq!(secret.len(), 43, "256 bits");
    let flipped = format!("{}A", &token[..token.len() - 1]);
    for wrong in [flipped.as_str(), "token", &token[..36]] {
        if wrong == token {
            continue;
        }
        let status = world
            .call(Caller::Nobody, reset(wrong, NEW))
            .await
            .unwrap_err();
        let reason = reason(&status);
        assert!(matches!(reason.as_str(), "CODE_WRONG" | "CODE_EXPIRED"));
    }
    sqlx::query("update otps set expires_at = expires_at - interval '30 minutes'")
        .execute(&world.database().pool())
        .await
        .unwrap();
    let status = world
        .call(Caller::Nobody, reset(&token, NEW))
        .await
        .unwrap_err();
    assert_eq!(reason(&status), "CODE_EXPIRED");
    world.login(EMAIL, PASSWORD).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_those_who_race_with_a_reset_token_one_sets_the_password() {
    let world = World::start().await;
    let login = anna(&world).await;
    let token = token(&world, &login.user_id).await;
    let racers = (0..4).map(|racer| {
        let request = reset(&token, &format!("password of racer {racer}"));
        world.call(Caller::Nobody, request)
    });
    let answers = futures::future::join_all(racers).await;
    let winners: Vec<_> = answers
        .iter()
        .enumerate()
        .filter(|(_, answer)| answer.is_ok())
        .map(|(racer, _)| racer)
        .collect();
    assert_eq!(winners.len(), 1);
    let password = format!("password of racer {}", winners[0]);
    world.login(EMAIL, &password).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_address_is_answered_alike_and_after_the_same_time() {
    let world = World::start().await;
    anna(&world).await;
    let time = async |email: &str| {
        let start = Instant::now();
        ask(&world, email).await;
        start.elapsed()
    };
    let (mut known, mut unknown) = (Duration::MAX, Duration::MAX);
    for _ in 0..3 {
        known = known.min(time(EMAIL).await);
        unknown = unknown.min(time("nobody@example.com").await);
    }
    let apart = known.abs_diff(unknown);
    assert!(apart < Duration::from_millis(100), "{known:?} {unknown:?}");
    let letters: i64 = sqlx::query_scalar("select count(distinct user_id) from otps")
        .fetch_one(&world.database().pool())
        .await
        .unwrap();
    assert_eq!(letters, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_is_changed_by_the_present_one_and_other_logins_end() {
    let world = World::start().await;
    let login = anna(&world).await;
    let other = world.login(EMAIL, PASSWORD).await.unwrap();
    let status = world
        .call(&login, change("wrong horse battery", NEW))
        .await
        .unwrap_err();
    assert_eq!(
        refused(&status),
        (Code::Unauthenticated, "BAD_CREDENTIALS".to_owned())
    );
    let request = change(PASSWORD, NEW);
    let first = world.call(&login, request.clone()).await.unwrap();
    let again = world.call(&login, request).await.unwrap();
    assert_eq!(first, again);
    world.refresh(&login.refresh_token).await.unwrap();
    let status = world.refresh(&other.refresh_token).await.unwrap_err();
    assert_eq!(reason(&status), "REFRESH_TOKEN_INVALID");
    world.login(EMAIL, NEW).await.unwrap();
    let status = world.login(EMAIL, PASSWORD).await.unwrap_err();
    assert_eq!(reason(&status), "BAD_CREDENTIALS");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stolen_access_token_guesses_no_password() {
    let world = World::start().await;
    let login = anna(&world).await;
    for _ in 0..5 {
        let request = change("wrong horse battery", NEW);
        let status = world.call(&login, request).await.unwrap_err();
        assert_eq!(reason(&status), "BAD_CREDENTIALS");
    }
    let status = world.call(&login, change(PASSWORD, NEW)).await.unwrap_err();
    assert_eq!(
        refused(&status),
        (Code::ResourceExhausted, "TOO_MANY_ATTEMPTS".to_owned())
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_malformed_comes_back_together() {
    let world = World::start().await;
    let login = anna(&world).await;
    let status = world
        .call(&login, RequestPasswordResetRequest::default())
        .await
        .unwrap_err();
    assert_eq!(fields(&status), ["email"]);
    let status = world
        .call(&login, ResetPasswordRequest::default())
        .await
        .unwrap_err();
    assert_eq!(fields(&status), ["request_id", "token", "new_password"]);
    let request = ChangePasswordRequest {
        request_id: "1".to_owned(),
        password: String::new(),
        new_password: "short".to_owned(),
    };
    let status = world.call(&login, request).await.unwrap_err();
    assert_eq!(fields(&status), ["request_id", "password", "new_password"]);
}

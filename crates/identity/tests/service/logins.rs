//! Logins, and the refresh tokens that continue them.

use std::time::Duration;

use contracts::{
    common::v1::Role,
    identity::v1::{
        DeactivateUserRequest, EraseSubjectRequest, GetUserRequest, LoginRequest, LoginResponse,
        LogoutEverywhereRequest, LogoutRequest, RefreshTokenRequest, RequestVerificationRequest,
        VerificationChannel,
    },
};
use futures::future::join_all;
use testing::Caller;
use tonic::Code;
use uuid::Uuid;

use crate::world::{PASSWORD, World, fields, id, reason, registration};

const EMAIL: &str = "anna@example.com";

async fn anna(world: &World) -> LoginResponse {
    world
        .call(Caller::Nobody, registration(Role::Parent, EMAIL))
        .await
        .unwrap();
    world.login(EMAIL, PASSWORD).await.unwrap()
}

/// As if so many days had passed for a login.
async fn passes(world: &World, login: &LoginResponse, days: i32) {
    sqlx::query(
        "update logins set expires_at = expires_at - make_interval(days => $2) \
         where login_id = $1::uuid",
    )
    .bind(&login.login_id)
    .bind(days)
    .execute(&world.database().pool())
    .await
    .unwrap();
}

/// Waits until some logins were swept, which must leave these.
async fn swept_down_to(world: &World, expected: &[&LoginResponse]) {
    let left = async || -> Vec<String> {
        sqlx::query_scalar("select login_id::text from logins")
            .fetch_all(&world.database().pool())
            .await
            .unwrap()
    };
    let mut logins = left().await;
    while logins.len() > expected.len() {
        tokio::task::yield_now().await;
        logins = left().await;
    }
    let expected: Vec<_> = expected.iter().map(|login| &login.login_id).collect();
    assert_eq!(logins.iter().collect::<Vec<_>>(), expected);
}

async fn live_logins(world: &World, user_id: &str) -> i64 {
    sqlx::query_scalar("select count(*) from logins where user_id = $1::uuid and ended_at is null")
        .bind(user_id)
        .fetch_one(&world.database().pool())
        .await
        .unwrap()
}

fn closing(account: &LoginResponse) -> DeactivateUserRequest {
    DeactivateUserRequest {
        request_id: id(),
        user_id: account.user_id.clone(),
    }
}

fn refused(status: &tonic::Status) -> (Code, String) {
    (status.code(), reason(status))
}

fn invalid() -> (Code, String) {
    (Code::Unauthenticated, "REFRESH_TOKEN_INVALID".to_owned())
}

fn reused() -> (Code, String) {
    (Code::Unauthenticated, "REFRESH_TOKEN_REUSED".to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_is_continued_by_its_refresh_token_until_its_end() {
    let world = World::start().await;
    let login = anna(&world).await;
    let next = world.refresh(&login.refresh_token).await.unwrap();
    assert_eq!(
        (&next.user_id, &next.login_id, next.role()),
        (&login.user_id, &login.login_id, Role::Parent)
    );
    assert_eq!(
        next.refresh_token_expires_at,
        login.refresh_token_expires_at
    );
    assert_ne!(next.refresh_token, login.refresh_token);
    let request = GetUserRequest {
        user_id: login.user_id.clone(),
        min_position: login.position,
    };
    world.call(&next.access_token, request).await.unwrap();
    world.refresh(&next.refresh_token).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_is_given_once_more() {
    let world = World::start().await;
    let login = anna(&world).await;
    let lost = world.refresh(&login.refresh_token).await.unwrap();
    let again = world.refresh(&login.refresh_token).await.unwrap();
    assert_ne!(lost.refresh_token, again.refresh_token);
    world.refresh(&again.refresh_token).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_comes_again_ends_the_login_for_both() {
    let world = World::start().await;
    let login = anna(&world).await;
    let stolen = &login.refresh_token;
    let first = world.refresh(stolen).await.unwrap();
    let second = world.refresh(&first.refresh_token).await.unwrap();
    let thief = world.refresh(stolen).await.unwrap_err();
    assert_eq!(refused(&thief), reused());
    let owner = world.refresh(&second.refresh_token).await.unwrap_err();
    assert_eq!(refused(&owner), reused());
    let events = world.events_of(&login.user_id).await;
    assert_eq!(
        events,
        ["UserRegistered", "UserLoggedIn", "RefreshTokenReused"],
        "told once"
    );
    let other = world.login(EMAIL, PASSWORD).await.unwrap();
    world.refresh(&other.refresh_token).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_knows_the_id_of_a_login_cannot_end_it() {
    let world = World::start().await;
    let login = anna(&world).await;
    let (_, secret) = login.refresh_token.split_once('.').unwrap();
    let flipped = if secret.starts_with('A') { "B" } else { "A" };
    let made_up = [
        format!("{}.{}", login.login_id, "A".repeat(86)),
        format!("{}.{flipped}{}", login.login_id, &secret[1..]),
        format!("{}.{secret}", Uuid::now_v7()),
        login.login_id.clone(),
        format!("{}.", login.login_id),
        "token".to_owned(),
    ];
    for token in made_up {
        let status = world.refresh(&token).await.unwrap_err();
        assert_eq!(refused(&status), invalid(), "{token}");
    }
    world.refresh(&login.refresh_token).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_race_with_one_token_at_most_one_holds_a_live_one() {
    let world = World::start().await;
    let login = anna(&world).await;
    let racers = (0..12).map(|_| {
        let request = RefreshTokenRequest {
            refresh_token: login.refresh_token.clone(),
        };
        world.call(Caller::Nobody, request)
    });
    let mut tokens = Vec::new();
    for answer in join_all(racers).await {
        match answer {
            Ok(answer) => tokens.push(answer.refresh_token),
            Err(status) => assert_eq!(refused(&status), reused()),
        }
    }
    assert_eq!(
        tokens.len(),
        2,
        "the successor, and one in the time of grace"
    );
    for token in tokens {
        let status = world.refresh(&token).await.unwrap_err();
        assert_eq!(refused(&status), reused());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_ends_when_its_time_is_over_and_is_swept_later() {
    let mut world = World::start().await;
    let login = anna(&world).await;
    let other = world.login(EMAIL, PASSWORD).await.unwrap();
    passes(&world, &login, 31).await;
    let status = world.refresh(&login.refresh_token).await.unwrap_err();
    assert_eq!(refused(&status), invalid());
    passes(&world, &other, 61).await;
    // Sweeps when it starts, all logins in one statement.
    world.restart().await;
    swept_down_to(&world, &[&login]).await;
    passes(&world, &login, 30).await;
    world.restart().await;
    swept_down_to(&world, &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_logout_ends_the_present_login_and_can_be_repeated() {
    let world = World::start().await;
    let login = anna(&world).await;
    let other = world.login(EMAIL, PASSWORD).await.unwrap();
    let request = LogoutRequest {
        request_id: id(),
        login_id: String::new(),
    };
    let first = world.call(&login, request.clone()).await.unwrap();
    let again = world.call(&login, request).await.unwrap();
    assert_eq!(first, again);
    let ended = world.refresh(&login.refresh_token).await.unwrap_err();
    assert_eq!(refused(&ended), invalid());
    world.refresh(&other.refresh_token).await.unwrap();
    let by_name = LogoutRequest {
        request_id: id(),
        login_id: other.login_id.clone(),
    };
    world.call(&login, by_name).await.unwrap();
    let ended = world.refresh(&other.refresh_token).await.unwrap_err();
    assert_eq!(refused(&ended), invalid());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_elses_login_is_not_found() {
    let world = World::start().await;
    let login = anna(&world).await;
    let eve = world.account(Role::Trainer, "eve@example.com").await;
    for login_id in [login.login_id.clone(), id()] {
        let request = LogoutRequest {
            request_id: id(),
            login_id,
        };
        let status = world.call(&eve, request).await.unwrap_err();
        assert_eq!(refused(&status), (Code::NotFound, "NOT_FOUND".to_owned()));
    }
    world.refresh(&login.refresh_token).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_logins_end_at_once_for_oneself_or_by_an_admin() {
    let world = World::start().await;
    let one = anna(&world).await;
    let two = world.login(EMAIL, PASSWORD).await.unwrap();
    let everywhere = |user_id: &str| LogoutEverywhereRequest {
        request_id: id(),
        user_id: user_id.to_owned(),
    };
    world.call(&one, everywhere("")).await.unwrap();
    for login in [&one, &two] {
        let status = world.refresh(&login.refresh_token).await.unwrap_err();
        assert_eq!(refused(&status), invalid());
    }
    let three = world.login(EMAIL, PASSWORD).await.unwrap();
    let eve = world.account(Role::Trainer, "eve@example.com").await;
    let status = world
        .call(&eve, everywhere(&one.user_id))
        .await
        .unwrap_err();
    assert_eq!(refused(&status), (Code::NotFound, "NOT_FOUND".to_owned()));
    let admin = world.admin().await;
    world.call(&admin, everywhere(&one.user_id)).await.unwrap();
    let status = world.refresh(&three.refresh_token).await.unwrap_err();
    assert_eq!(refused(&status), invalid());
    let status = world.call(&admin, everywhere(&id())).await.unwrap_err();
    assert_eq!(refused(&status), (Code::NotFound, "NOT_FOUND".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_account_is_neither_entered_nor_continued() {
    let world = World::start().await;
    let login = anna(&world).await;
    let admin = world.admin().await;
    world.call(&admin, closing(&login)).await.unwrap();
    // As a crash leaves it that comes before the logins end.
    sqlx::query("update logins set ended_at = null, end_reason = null where user_id = $1::uuid")
        .bind(&login.user_id)
        .execute(&world.database().pool())
        .await
        .unwrap();
    let deactivated = (Code::PermissionDenied, "ACCOUNT_DEACTIVATED".to_owned());
    let status = world.refresh(&login.refresh_token).await.unwrap_err();
    assert_eq!(refused(&status), deactivated);
    let status = world.refresh(&login.refresh_token).await.unwrap_err();
    assert_eq!(refused(&status), invalid(), "the login has ended");
    let status = world.login(EMAIL, PASSWORD).await.unwrap_err();
    assert_eq!(refused(&status), deactivated);
    let status = world.login(EMAIL, "a wrong password").await.unwrap_err();
    assert_eq!(
        reason(&status),
        "BAD_CREDENTIALS",
        "strangers learn nothing"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_accounts_logins_end() {
    let world = World::start().await;
    let login = anna(&world).await;
    let admin = world.admin().await;
    assert_eq!(live_logins(&world, &login.user_id).await, 1);
    for _ in 0..2 {
        world.call(&admin, closing(&login)).await.unwrap();
        assert_eq!(live_logins(&world, &login.user_id).await, 0);
    }
    let status = world.refresh(&login.refresh_token).await.unwrap_err();
    assert_eq!(refused(&status), invalid());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_beside_the_log_remembers_how_an_erased_user_proved_who_they_were() {
    let world = World::start().await;
    let login = anna(&world).await;
    world.login(EMAIL, "wrong horse battery").await.unwrap_err();
    let request = RequestVerificationRequest {
        request_id: id(),
        channel: VerificationChannel::Email.into(),
    };
    world.call(&login, request).await.unwrap();
    let erase = EraseSubjectRequest {
        request_id: id(),
        user_id: login.user_id.clone(),
        child_id: String::new(),
    };
    world.call(&login, erase).await.unwrap();
    let rows: i64 = sqlx::query_scalar(
        "select (select count(*) from logins) + (select count(*) from otps) \
         + (select count(*) from login_attempts where account is not null)",
    )
    .fetch_one(&world.database().pool())
    .await
    .unwrap();
    assert_eq!(rows, 0);
    let status = world.refresh(&login.refresh_token).await.unwrap_err();
    assert_eq!(refused(&status), invalid());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn neither_tokens_nor_addresses_are_stored_in_the_clear() {
    let world = World::start().await;
    let login = anna(&world).await;
    world.refresh(&login.refresh_token).await.unwrap();
    let (_, secret) = login.refresh_token.split_once('.').unwrap();
    let rows: Vec<(String,)> = sqlx::query_as(
        "select row_to_json(l)::text from logins l union all select row_to_json(a)::text from login_attempts a \
         union all select row_to_json(e)::text from events e",
    )
    .fetch_all(&world.database().pool())
    .await
    .unwrap();
    assert!(rows.len() >= 4);
    for (row,) in rows {
        assert!(!row.contains(secret) && !row.contains("127.0.0.1"), "{row}");
        assert!(!row.contains("anna"), "{row}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_malformed_comes_back_together() {
    let world = World::start().await;
    let login = anna(&world).await;
    let empty = world
        .call(&login, LoginRequest::default())
        .await
        .unwrap_err();
    assert_eq!(fields(&empty), ["email", "password"]);
    let empty = world
        .call(&login, RefreshTokenRequest::default())
        .await
        .unwrap_err();
    assert_eq!(fields(&empty), ["refresh_token"]);
    let long = world
        .call(
            &login,
            RefreshTokenRequest {
                refresh_token: "x".repeat(257),
            },
        )
        .await
        .unwrap_err();
    assert_eq!(fields(&long), ["refresh_token"]);
    let bad = world
        .call(
            &login,
            LogoutRequest {
                request_id: "1".to_owned(),
                login_id: "2".to_owned(),
            },
        )
        .await
        .unwrap_err();
    assert_eq!(fields(&bad), ["request_id", "login_id"]);
    let bad = world
        .call(
            &login,
            LogoutEverywhereRequest {
                request_id: String::new(),
                user_id: "2".to_owned(),
            },
        )
        .await
        .unwrap_err();
    assert_eq!(fields(&bad), ["request_id", "user_id"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_that_is_cut_off_leaves_nothing_half_done() {
    let world = World::start().await;
    let login = anna(&world).await;
    for patience in 0..8 {
        let request = LoginRequest {
            email: EMAIL.to_owned(),
            password: PASSWORD.to_owned(),
        };
        let deadline = Duration::from_millis(3 * patience);
        // Whether it was in time or not.
        let _ = world.call_within(deadline, Caller::Nobody, request).await;
    }
    world.refresh(&login.refresh_token).await.unwrap();
    world.login(EMAIL, PASSWORD).await.unwrap();
}

//! Logins, and the refresh tokens that continue them.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use contracts::{
    common::v1::Role,
    identity::v1::{
        GetUserRequest, LoginRequest, LogoutEverywhereRequest, LogoutRequest, RefreshTokenRequest,
        RequestVerificationRequest, VerificationChannel,
    },
};
use eventsourcing::{Context, Repository};
use identity::internals::{
    Admins, Deactivate, Exchange, User, UserCommand, UserId, forget, logins_of, sweep,
};
use tonic::Code;
use uuid::Uuid;

use crate::{
    auth_support::bearer,
    harness::{Bearer, Harness, PASSWORD, fields, id, reason, registration},
};

const EMAIL: &str = "anna@example.com";

async fn anna(harness: &Harness) -> contracts::identity::v1::LoginResponse {
    harness
        .users(&Bearer::default())
        .register_user(registration(Role::Parent, EMAIL))
        .await
        .unwrap();
    harness.login(EMAIL, PASSWORD).await.unwrap()
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
    let harness = Harness::start().await;
    let login = anna(&harness).await;
    let next = harness.refresh(&login.refresh_token).await.unwrap();
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
    harness
        .users(&Bearer(next.access_token))
        .get_user(request)
        .await
        .unwrap();
    harness.refresh(&next.refresh_token).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_is_given_once_more() {
    let harness = Harness::start().await;
    let login = anna(&harness).await;
    let lost = harness.refresh(&login.refresh_token).await.unwrap();
    let again = harness.refresh(&login.refresh_token).await.unwrap();
    assert_ne!(lost.refresh_token, again.refresh_token);
    harness.refresh(&again.refresh_token).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_comes_again_ends_the_login_for_both() {
    let harness = Harness::start().await;
    let login = anna(&harness).await;
    let stolen = &login.refresh_token;
    let first = harness.refresh(stolen).await.unwrap();
    let second = harness.refresh(&first.refresh_token).await.unwrap();
    let thief = harness.refresh(stolen).await.unwrap_err();
    assert_eq!(refused(&thief), reused());
    let owner = harness.refresh(&second.refresh_token).await.unwrap_err();
    assert_eq!(refused(&owner), reused());
    let events = harness.events_of(&login.user_id).await;
    assert_eq!(
        events,
        ["UserRegistered", "UserLoggedIn", "RefreshTokenReused"],
        "told once"
    );
    let other = harness.login(EMAIL, PASSWORD).await.unwrap();
    harness.refresh(&other.refresh_token).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_knows_the_id_of_a_login_cannot_end_it() {
    let harness = Harness::start().await;
    let login = anna(&harness).await;
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
        let status = harness.refresh(&token).await.unwrap_err();
        assert_eq!(refused(&status), invalid(), "{token}");
    }
    harness.refresh(&login.refresh_token).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_race_with_one_token_at_most_one_holds_a_live_one() {
    let harness = Harness::start().await;
    let login = anna(&harness).await;
    let racers = (0..12).map(|_| {
        let request = RefreshTokenRequest {
            refresh_token: login.refresh_token.clone(),
        };
        let mut client = harness.anonymous();
        tokio::spawn(async move { client.refresh_token(request).await })
    });
    let mut tokens = Vec::new();
    for racer in racers.collect::<Vec<_>>() {
        match racer.await.unwrap() {
            Ok(answer) => tokens.push(answer.into_inner().refresh_token),
            Err(status) => assert_eq!(refused(&status), reused()),
        }
    }
    assert_eq!(
        tokens.len(),
        2,
        "the successor, and one in the time of grace"
    );
    for token in tokens {
        let status = harness.refresh(&token).await.unwrap_err();
        assert_eq!(refused(&status), reused());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_ends_when_its_time_is_over_and_is_swept_later() {
    let harness = Harness::start().await;
    let login = anna(&harness).await;
    let logins = logins_of(&harness.parts);
    let end = Utc::now() + TimeDelta::days(31);
    let exchanged = logins.exchange(&login.refresh_token, end).await.unwrap();
    assert!(matches!(exchanged, Exchange::Invalid));
    let pool = harness.database.pool();
    assert_eq!(sweep(&pool, end).await.unwrap(), 0);
    let later = end + TimeDelta::days(30);
    assert!(sweep(&pool, later).await.unwrap() >= 1);
    let rows: i64 = sqlx::query_scalar("select count(*) from logins")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(rows, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_logout_ends_the_present_login_and_can_be_repeated() {
    let harness = Harness::start().await;
    let login = anna(&harness).await;
    let other = harness.login(EMAIL, PASSWORD).await.unwrap();
    let request = LogoutRequest {
        request_id: id(),
        login_id: String::new(),
    };
    let mut client = harness.authentication(&bearer(&login));
    let first = client.logout(request.clone()).await.unwrap().into_inner();
    let again = client.logout(request).await.unwrap().into_inner();
    assert_eq!(first, again);
    let ended = harness.refresh(&login.refresh_token).await.unwrap_err();
    assert_eq!(refused(&ended), invalid());
    harness.refresh(&other.refresh_token).await.unwrap();
    let by_name = LogoutRequest {
        request_id: id(),
        login_id: other.login_id.clone(),
    };
    client.logout(by_name).await.unwrap();
    let ended = harness.refresh(&other.refresh_token).await.unwrap_err();
    assert_eq!(refused(&ended), invalid());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_elses_login_is_not_found() {
    let harness = Harness::start().await;
    let login = anna(&harness).await;
    let eve = harness.account(Role::Trainer, "eve@example.com").await;
    for login_id in [login.login_id.clone(), id()] {
        let request = LogoutRequest {
            request_id: id(),
            login_id,
        };
        let status = harness
            .authentication(&eve.bearer)
            .logout(request)
            .await
            .unwrap_err();
        assert_eq!(refused(&status), (Code::NotFound, "NOT_FOUND".to_owned()));
    }
    harness.refresh(&login.refresh_token).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_logins_end_at_once_for_oneself_or_by_an_admin() {
    let harness = Harness::start().await;
    let one = anna(&harness).await;
    let two = harness.login(EMAIL, PASSWORD).await.unwrap();
    let everywhere = |user_id: &str| LogoutEverywhereRequest {
        request_id: id(),
        user_id: user_id.to_owned(),
    };
    let mut own = harness.authentication(&bearer(&one));
    own.logout_everywhere(everywhere("")).await.unwrap();
    for login in [&one, &two] {
        let status = harness.refresh(&login.refresh_token).await.unwrap_err();
        assert_eq!(refused(&status), invalid());
    }
    let three = harness.login(EMAIL, PASSWORD).await.unwrap();
    let eve = harness.account(Role::Trainer, "eve@example.com").await;
    let mut client = harness.authentication(&eve.bearer);
    let status = client
        .logout_everywhere(everywhere(&one.user_id))
        .await
        .unwrap_err();
    assert_eq!(refused(&status), (Code::NotFound, "NOT_FOUND".to_owned()));
    let admin = harness.admin().await;
    let mut client = harness.authentication(&admin.bearer);
    client
        .logout_everywhere(everywhere(&one.user_id))
        .await
        .unwrap();
    let status = harness.refresh(&three.refresh_token).await.unwrap_err();
    assert_eq!(refused(&status), invalid());
    let status = client
        .logout_everywhere(everywhere(&id()))
        .await
        .unwrap_err();
    assert_eq!(refused(&status), (Code::NotFound, "NOT_FOUND".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_account_is_neither_entered_nor_continued() {
    let harness = Harness::start().await;
    let login = anna(&harness).await;
    let users: Repository<User> = Repository::new(&harness.log);
    let admins = Admins {
        others: true,
        next_departure: 1,
    };
    let command = UserCommand::Deactivate(Deactivate {
        admins,
        now: Utc::now(),
    });
    let context = Context::system();
    users
        .execute(&login.user_id, context, command, |_, _| Vec::new())
        .await
        .unwrap();
    let deactivated = (Code::PermissionDenied, "ACCOUNT_DEACTIVATED".to_owned());
    let status = harness.refresh(&login.refresh_token).await.unwrap_err();
    assert_eq!(refused(&status), deactivated);
    let status = harness.refresh(&login.refresh_token).await.unwrap_err();
    assert_eq!(refused(&status), invalid(), "the login has ended");
    let status = harness.login(EMAIL, PASSWORD).await.unwrap_err();
    assert_eq!(refused(&status), deactivated);
    let status = harness.login(EMAIL, "a wrong password").await.unwrap_err();
    assert_eq!(
        reason(&status),
        "BAD_CREDENTIALS",
        "strangers learn nothing"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_accounts_logins_end() {
    let harness = Harness::start().await;
    let login = anna(&harness).await;
    let user_id: UserId = login.user_id.parse::<Uuid>().unwrap().into();
    let logins = logins_of(&harness.parts);
    assert_eq!(logins.end_all(user_id).await.unwrap(), 1);
    assert_eq!(logins.end_all(user_id).await.unwrap(), 0);
    let status = harness.refresh(&login.refresh_token).await.unwrap_err();
    assert_eq!(refused(&status), invalid());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_beside_the_log_remembers_how_an_erased_user_proved_who_they_were() {
    let harness = Harness::start().await;
    let login = anna(&harness).await;
    harness
        .login(EMAIL, "wrong horse battery")
        .await
        .unwrap_err();
    let request = RequestVerificationRequest {
        request_id: id(),
        channel: VerificationChannel::Email.into(),
    };
    let mut client = harness.authentication(&bearer(&login));
    client.request_verification(request).await.unwrap();
    let user_id: UserId = login.user_id.parse::<Uuid>().unwrap().into();
    forget(&harness.parts, user_id).await.unwrap();
    let rows: i64 = sqlx::query_scalar(
        "select (select count(*) from logins) + (select count(*) from otps) \
         + (select count(*) from login_attempts where account is not null)",
    )
    .fetch_one(&harness.database.pool())
    .await
    .unwrap();
    assert_eq!(rows, 0);
    let status = harness.refresh(&login.refresh_token).await.unwrap_err();
    assert_eq!(refused(&status), invalid());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn neither_tokens_nor_addresses_are_stored_in_the_clear() {
    let harness = Harness::start().await;
    let login = anna(&harness).await;
    harness.refresh(&login.refresh_token).await.unwrap();
    let (_, secret) = login.refresh_token.split_once('.').unwrap();
    let rows: Vec<(String,)> = sqlx::query_as(
        "select row_to_json(l)::text from logins l union all select row_to_json(a)::text from login_attempts a \
         union all select row_to_json(e)::text from events e",
    )
    .fetch_all(&harness.database.pool())
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
    let harness = Harness::start().await;
    let login = anna(&harness).await;
    let mut client = harness.authentication(&bearer(&login));
    let empty = client.login(LoginRequest::default()).await.unwrap_err();
    assert_eq!(fields(&empty), ["email", "password"]);
    let empty = client
        .refresh_token(RefreshTokenRequest::default())
        .await
        .unwrap_err();
    assert_eq!(fields(&empty), ["refresh_token"]);
    let long = client
        .refresh_token(RefreshTokenRequest {
            refresh_token: "x".repeat(257),
        })
        .await
        .unwrap_err();
    assert_eq!(fields(&long), ["refresh_token"]);
    let bad = client
        .logout(LogoutRequest {
            request_id: "1".to_owned(),
            login_id: "2".to_owned(),
        })
        .await
        .unwrap_err();
    assert_eq!(fields(&bad), ["request_id", "login_id"]);
    let bad = client
        .logout_everywhere(LogoutEverywhereRequest {
            request_id: String::new(),
            user_id: "2".to_owned(),
        })
        .await
        .unwrap_err();
    assert_eq!(fields(&bad), ["request_id", "user_id"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_that_is_cut_off_leaves_nothing_half_done() {
    let harness = Harness::start().await;
    let login = anna(&harness).await;
    let mut client = harness.anonymous();
    for patience in 0..8 {
        let mut request = tonic::Request::new(LoginRequest {
            email: EMAIL.to_owned(),
            password: PASSWORD.to_owned(),
        });
        request.set_timeout(Duration::from_millis(3 * patience));
        // Whether it was in time or not.
        let _ = client.login(request).await;
    }
    harness.refresh(&login.refresh_token).await.unwrap();
    harness.login(EMAIL, PASSWORD).await.unwrap();
}

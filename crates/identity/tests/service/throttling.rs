//! Attempts that failed are counted, and nobody can lock somebody else out.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use contracts::{
    common::v1::Role,
    identity::v1::{RequestPasswordResetRequest, ResetPasswordRequest},
};
use futures::future::join_all;
use identity::MailSettings;
use identity::internals::{AttemptError, Attempts, Sort, Tried};
use testing::Caller;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::world::{PASSWORD, World, id, reason, registration};

const EMAIL: &str = "anna@example.com";
const WRONG: &str = "wrong horse battery";

async fn registered(world: &World) -> String {
    let answer = world
        .call(Caller::Nobody, registration(Role::Parent, EMAIL))
        .await
        .unwrap();
    answer.user_id
}

/// As if all that was counted had happened earlier.
async fn later(world: &World, by: TimeDelta) {
    sqlx::query(
        "update login_attempts set last_at = last_at - $1::bigint * interval '1 second', \
         blocked_until = blocked_until - $1::bigint * interval '1 second'",
    )
    .bind(by.num_seconds())
    .execute(&world.database().pool())
    .await
    .unwrap();
}

fn told(status: &Status) -> (Code, String) {
    (status.code(), reason(status))
}

fn too_many() -> (Code, String) {
    (Code::ResourceExhausted, "TOO_MANY_ATTEMPTS".to_owned())
}

fn retry_after(status: &Status) -> Duration {
    let details = status.get_error_details();
    details.retry_info().unwrap().retry_delay.unwrap()
}

async fn counters(world: &World, sort: Sort) -> Attempts {
    let lookup = world.resources().await.lookup.clone();
    Attempts::new(world.database().pool(), lookup, sort)
}

async fn count_until_refused(attempts: &Attempts, tried: &Tried, now: DateTime<Utc>) -> usize {
    for counted in 0..1_000 {
        if attempts.count(tried, now).await.is_err() {
            return counted;
        }
    }
    panic!("it never was refused")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_guesses_has_to_wait_known_or_not() {
    let world = World::start().await;
    registered(&world).await;
    let minute = TimeDelta::minutes(1);
    for email in [EMAIL, "nobody@example.com"] {
        for _ in 0..5 {
            let wrong = world.login(email, WRONG).await.unwrap_err();
            assert_eq!(reason(&wrong), "BAD_CREDENTIALS");
        }
        // The delays are of seconds: longer ones hold on a busy machine, too.
        later(&world, -minute).await;
        let early = world.login(email, WRONG).await.unwrap_err();
        assert_eq!(told(&early), too_many());
        assert!(retry_after(&early) <= Duration::from_secs(61));
        later(&world, minute * 2).await;
        let wrong = world.login(email, WRONG).await.unwrap_err();
        assert_eq!(reason(&wrong), "BAD_CREDENTIALS");
        later(&world, -minute).await;
    }
    let early = world.login(EMAIL, PASSWORD).await.unwrap_err();
    assert_eq!(told(&early), too_many(), "the right one is not looked at");
    later(&world, minute * 3).await;
    world.login(EMAIL, PASSWORD).await.unwrap();
    let wrong = world.login(EMAIL, WRONG).await.unwrap_err();
    assert_eq!(reason(&wrong), "BAD_CREDENTIALS", "it begins anew");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_guesses_that_come_at_once_only_so_many_are_answered() {
    let world = World::start().await;
    registered(&world).await;
    let guesses = (0..30).map(|_| world.login(EMAIL, WRONG));
    let start = Instant::now();
    let answers = join_all(guesses).await;
    // Five, and those whose delays of 1, 2, 4 seconds were over before the last was computed.
    let allowed = 5 + (start.elapsed().as_secs() + 1).ilog2() as usize;
    let wrong = answers
        .iter()
        .filter(|answer| matches!(answer, Err(status) if reason(status) == "BAD_CREDENTIALS"))
        .count();
    assert!(wrong <= allowed, "{wrong} were told that they are wrong");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn right_passwords_that_come_at_once_all_enter() {
    let world = World::start().await;
    registered(&world).await;
    let logins = (0..40).map(|_| world.login(EMAIL, PASSWORD));
    for answer in join_all(logins).await {
        answer.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_attacker_elsewhere_cannot_lock_the_owner_out() {
    let (world, now) = (World::at_rest(MailSettings::default()).await, Utc::now());
    let attempts = counters(&world, Sort::Login).await;
    let (account, home) = ("account", "192.0.2.1");
    let owner = attempts.on(account, home);
    attempts.succeeded(&owner, now).await.unwrap();
    // Many hosts, each with few attempts.
    for host in 0..30 {
        let attacker = attempts.on(account, &format!("198.51.100.{host}"));
        for _ in 0..4 {
            // Refused once the account's counter is used up.
            let _ = attempts.count(&attacker, now).await;
        }
    }
    let newcomer = attempts.on(account, "203.0.113.1");
    let refused = attempts.check(&newcomer, now).await;
    assert!(matches!(refused, Err(AttemptError::TooMany { .. })));
    attempts.check(&owner, now).await.unwrap();
    assert_eq!(count_until_refused(&attempts, &owner, now).await, 5);
    let mut connection = world.database().pool().acquire().await.unwrap();
    attempts.forget(&mut connection, account).await.unwrap();
    attempts.check(&owner, now).await.unwrap();
    attempts.check(&newcomer, now).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_network_has_one_budget_over_all_accounts() {
    let (world, now) = (World::at_rest(MailSettings::default()).await, Utc::now());
    let attempts = counters(&world, Sort::Login).await;
    for account in 0..100 {
        let tried = attempts.on(&account.to_string(), "192.0.2.1");
        attempts.count(&tried, now).await.unwrap();
    }
    let next = attempts.on("another", "192.0.2.1");
    assert!(attempts.check(&next, now).await.is_err());
    let elsewhere = attempts.on("another", "192.0.2.2");
    attempts.check(&elsewhere, now).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_forgets_nothing() {
    let (world, now) = (World::at_rest(MailSettings::default()).await, Utc::now());
    let before = counters(&world, Sort::Login).await;
    let tried = before.on("account", "192.0.2.1");
    assert_eq!(count_until_refused(&before, &tried, now).await, 5);
    let after = counters(&world, Sort::Login).await;
    let tried = after.on("account", "192.0.2.1");
    assert!(after.check(&tried, now).await.is_err());
    // One that was computed meanwhile is not told that it was right.
    assert!(after.succeeded(&tried, now).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counting_at_the_same_time_loses_nothing() {
    let (world, now) = (World::at_rest(MailSettings::default()).await, Utc::now());
    let attempts = counters(&world, Sort::Login).await;
    let tried = attempts.on("account", "192.0.2.1");
    let counted = (0..24).map(|_| attempts.count(&tried, now));
    let counted = join_all(counted).await;
    assert_eq!(counted.iter().filter(|counted| counted.is_ok()).count(), 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_fills_a_mailbox() {
    let world = World::start().await;
    let user_id = registered(&world).await;
    for email in [EMAIL, "nobody@example.com"] {
        let request = || RequestPasswordResetRequest {
            email: email.to_owned(),
        };
        for _ in 0..5 {
            world.call(Caller::Nobody, request()).await.unwrap();
        }
        let refused = world.call(Caller::Nobody, request()).await.unwrap_err();
        assert_eq!(told(&refused), too_many());
        assert!(retry_after(&refused) > Duration::from_secs(20));
    }
    assert!(world.codes(&user_id, "RESET_PASSWORD").await.len() <= 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reset_lets_the_owner_in_at_once() {
    let world = World::start().await;
    let user_id = registered(&world).await;
    for _ in 0..6 {
        world.login(EMAIL, WRONG).await.unwrap_err();
    }
    let request = RequestPasswordResetRequest {
        email: EMAIL.to_owned(),
    };
    world.call(Caller::Nobody, request).await.unwrap();
    let token = world.awaited_code(&user_id, "RESET_PASSWORD").await;
    let new = "another horse battery";
    let request = ResetPasswordRequest {
        request_id: id(),
        token,
        new_password: new.to_owned(),
    };
    world.call(Caller::Nobody, request).await.unwrap();
    world.login(EMAIL, new).await.unwrap();
}

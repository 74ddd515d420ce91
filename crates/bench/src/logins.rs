//! What hashing passwords costs, and what it costs the others.

use std::time::Duration;

use contracts::{
    common::v1::Role,
    identity::v1::{GetUserRequest, user_service_client::UserServiceClient},
};
use e2e::{
    own::OwnSystem,
    people::{self, PASSWORD, User},
};
use identity::{Password, Passwords};
use tonic::transport::Channel;

use crate::{
    Arguments,
    load::{Measured, middle, milliseconds, run},
    table::print,
};

/// Who register or log in at the same time: enough to keep every hashing thread busy.
const CALLERS: usize = 16;
/// Who log in at the same time while others read.
const FLOOD: usize = 200;
/// So many clients read during the flood of logins.
const READERS: usize = 4;

/// Registrations and logins through gRPC beside argon2 alone, and reads during a flood of logins.
pub async fn compare(arguments: &Arguments) {
    let seconds = arguments.seconds;
    let alone = alone(seconds).await;
    let system = OwnSystem::start(&[]).await;
    let channel = system.channel("identity");
    let registered = run(
        CALLERS,
        seconds,
        |_| channel.clone(),
        |channel| async move {
            let request = people::registration(&people::address(), Role::Parent);
            let mut users = UserServiceClient::new(channel.clone());
            users.register_user(request).await.expect("an account");
            (channel, true)
        },
    )
    .await;
    let accounts = accounts(&channel).await;
    let logged_in = flood(CALLERS, seconds, &channel, &accounts).await;
    let row = |name: &str, measured: &Measured| {
        vec![
            name.to_owned(),
            format!("{:.1}", measured.per_second),
            milliseconds(measured.p50),
            milliseconds(measured.p99),
            format!("{:.2}", measured.per_second / alone.per_second),
        ]
    };
    print(
        "Passwords: argon2id (19 MiB, 2 passes) on the same number of threads, from 16 callers",
        &["", "per second", "p50", "p99", "share"],
        &[
            row("argon2id alone", &alone),
            row("RegisterUser", &registered),
            row("Login", &logged_in),
        ],
    );

    let reader = people::login(&system, &accounts[0], PASSWORD).await;
    let other = system.channel("identity");
    let (mut idle, mut busy, mut flooding) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..arguments.rounds {
        idle.push(reads(seconds, &channel, &reader).await);
        let (read, entered) = tokio::join!(
            reads(seconds, &channel, &reader),
            flood(FLOOD, seconds, &other, &accounts),
        );
        busy.push(read);
        flooding.push(entered);
    }
    let (idle, busy, flooding) = (middle(&idle), middle(&busy), middle(&flooding));
    let row = |name: &str, measured: &Measured, ratio: String| {
        vec![
            name.to_owned(),
            format!("{:.0}", measured.per_second),
            milliseconds(measured.p50),
            milliseconds(measured.p99),
            ratio,
        ]
    };
    let slower = format!("{:.2}", ratio(busy.p99, idle.p99));
    print(
        "GetUser from 4 callers",
        &["", "per second", "p50", "p99", "ratio"],
        &[
            row("GetUser, nothing else to do", &idle, "1.00".to_owned()),
            row("GetUser, under 200 parallel logins", &busy, slower),
            row("those logins", &flooding, String::new()),
        ],
    );
}

fn ratio(one: Duration, other: Duration) -> f64 {
    one.as_secs_f64() / other.as_secs_f64()
}

/// Hashing as identity does it, without anything around it.
async fn alone(seconds: u64) -> Measured {
    let passwords = Passwords::new().expect("argon2");
    run(
        CALLERS,
        seconds,
        |_| passwords.clone(),
        |passwords| async move {
            let password = Password::chosen(PASSWORD).expect("a password");
            passwords.hash(password).await.expect("a hash");
            (passwords, true)
        },
    )
    .await
}

/// Addresses to log in with, so many that none is used by two callers.
async fn accounts(channel: &Channel) -> Vec<String> {
    let mut emails = Vec::new();
    while emails.len() < FLOOD {
        let opened = (0..CALLERS).map(|_| async {
            let email = people::address();
            let request = people::registration(&email, Role::Parent);
            let mut users = UserServiceClient::new(channel.clone());
            users.register_user(request).await.expect("an account");
            email
        });
        emails.extend(futures::future::join_all(opened).await);
    }
    emails
}

/// Logins by so many callers, each to an account of its own.
async fn flood(callers: usize, seconds: u64, channel: &Channel, emails: &[String]) -> Measured {
    run(
        callers,
        seconds,
        |caller| (channel.clone(), emails[caller].clone()),
        |(channel, email)| async move {
            people::login_over(channel.clone(), &email, PASSWORD).await;
            ((channel, email), true)
        },
    )
    .await
}

/// Reads of somebody's own account.
async fn reads(seconds: u64, channel: &Channel, user: &User) -> Measured {
    // Warm, and connected.
    read(channel.clone(), user.clone()).await;
    run(
        READERS,
        seconds,
        |_| (channel.clone(), user.clone()),
        |(channel, user)| async move {
            read(channel.clone(), user.clone()).await;
            ((channel, user), true)
        },
    )
    .await
}

async fn read(channel: Channel, user: User) {
    let request = user.says(GetUserRequest {
        user_id: user.id.clone(),
        min_position: None,
    });
    UserServiceClient::new(channel)
        .get_user(request)
        .await
        .expect("the account");
}

//! Erasing somebody with a long history.

use std::time::Instant;

use contracts::{
    common::v1::Role,
    identity::v1::{
        EraseSubjectRequest, UpdateUserRequest, user_service_client::UserServiceClient,
    },
};
use e2e::{
    own::OwnSystem,
    people::{self, User, id},
};
use tonic::transport::Channel;

use crate::{
    Arguments,
    table::{print, thousands},
};

const EVENTS: usize = 10_000;
/// Who make the history at the same time.
const WRITERS: usize = 64;

/// From the call to the certificate, of somebody with ten thousand events and of one with three.
pub async fn measure(_: &Arguments) {
    let system = OwnSystem::start(&[]).await;
    let channel = system.channel("identity");
    let (long, short) = (
        people::register(&system, Role::Parent).await,
        people::register(&system, Role::Parent).await,
    );
    let writers = (0..WRITERS).map(|writer| {
        let share = EVENTS / WRITERS + usize::from(writer < EVENTS % WRITERS);
        tokio::spawn(changes(channel.clone(), long.clone(), share))
    });
    for writer in futures::future::join_all(writers.collect::<Vec<_>>()).await {
        writer.expect("a writer");
    }
    // The read tables have followed, so that the erasure alone is measured.
    system.operate(&["projections", "wait"]);
    let row = |name: &str, (seconds, keys): (f64, usize)| {
        vec![name.to_owned(), format!("{seconds:.2}"), keys.to_string()]
    };
    print(
        "EraseSubject, from the call to the certificate",
        &["", "seconds", "keys destroyed"],
        &[
            row("a new account", erase(channel.clone(), &short).await),
            row(
                &format!("{} events", thousands(EVENTS as f64)),
                erase(channel, &long).await,
            ),
        ],
    );
}

/// Changes the account so many times, an event each.
async fn changes(channel: Channel, user: User, times: usize) {
    let mut users = UserServiceClient::new(channel);
    for _ in 0..times {
        let request = UpdateUserRequest {
            request_id: id(),
            user_id: user.id.clone(),
            first_name: Some("Ada".to_owned()),
            ..UpdateUserRequest::default()
        };
        users
            .update_user(user.says(request))
            .await
            .expect("a change");
    }
}

/// Seconds, and the keys that the certificate names.
async fn erase(channel: Channel, user: &User) -> (f64, usize) {
    let request = EraseSubjectRequest {
        request_id: id(),
        user_id: user.id.clone(),
        child_id: String::new(),
    };
    let begin = Instant::now();
    let answer = UserServiceClient::new(channel)
        .erase_subject(user.says(request))
        .await
        .expect("an erasure")
        .into_inner();
    let certificate = answer.certificate.expect("a certificate");
    (begin.elapsed().as_secs_f64(), certificate.keys.len())
}

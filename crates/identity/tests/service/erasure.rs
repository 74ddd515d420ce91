//! A subject is erased: what proves it, what is left, and what happens when it is interrupted.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use contracts::{
    common::v1::Role,
    identity::v1::{
        EraseSubjectRequest, ErasureCertificate, ExportSubjectRequest, FinishErasureRequest,
        GetUserRequest, ListChildrenRequest, UpdateUserRequest,
    },
};
use eventsourcing::{
    Context, Repository,
    personal::{Keyring, Opened, Personal},
    verify,
};
use identity::{
    MailSettings,
    internals::{LogIn, User, UserCommand},
    master_keys,
};
use prost::Message as _;
use ring::signature::{ED25519, UnparsedPublicKey};
use serde_json::Value;
use sqlx::PgPool;
use testing::Caller;
use tonic::{Code, Status};
use uuid::Uuid;

use crate::{
    projections::rebuild,
    world::{Account, PASSWORD, PHONE, World, child, fields, id, profile, reason, registration},
};

fn user(user_id: &str) -> EraseSubjectRequest {
    EraseSubjectRequest {
        request_id: id(),
        user_id: user_id.to_owned(),
        child_id: String::new(),
    }
}

fn one_child(child_id: &str) -> EraseSubjectRequest {
    EraseSubjectRequest {
        request_id: id(),
        user_id: String::new(),
        child_id: child_id.to_owned(),
    }
}

async fn erase(
    world: &World,
    by: &Account,
    request: EraseSubjectRequest,
) -> Result<ErasureCertificate, Status> {
    let answer = world.call(by, request).await?;
    assert_eq!(
        answer.position,
        answer.certificate.as_ref().unwrap().position
    );
    Ok(answer.certificate.unwrap())
}

async fn add_child(world: &World, guardian: &Account, first_name: &str) -> String {
    let answer = world.call(guardian, child(first_name)).await.unwrap();
    answer.child_id
}

/// Every row of every read table, and of what lies beside the log.
async fn rows(pool: &PgPool) -> Vec<(String, String)> {
    let tables: Vec<String> = sqlx::query_scalar(
        "select table_name::text from information_schema.tables \
         where table_schema = current_schema() and table_type = 'BASE TABLE' \
           and table_name not in ('subject_keys', 'lookup_key', 'signing_keys')",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    let mut rows = Vec::new();
    for table in tables {
        let all: Vec<String> =
            sqlx::query_scalar(&format!("select row_to_json(t.*)::text from {table} t"))
                .fetch_all(pool)
                .await
                .unwrap();
        rows.extend(all.into_iter().map(|row| (table.clone(), row)));
    }
    rows
}

/// The sealed values in a text.
fn sealed(text: &str) -> Vec<Personal<Value>> {
    text.match_indices("sealed:1:")
        .filter_map(|(start, _)| {
            let rest = &text[start..];
            let end = rest.find(['"', '\\', ' ', ',']).unwrap_or(rest.len());
            Personal::from_sealed(&rest[..end]).ok()
        })
        .collect()
}

async fn read_rows(world: &World) -> Vec<(String, String)> {
    let mut rows = rows(&world.database().pool()).await;
    rows.retain(|(table, _)| ["users", "trainers", "children"].contains(&table.as_str()));
    rows.sort();
    rows
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erased_parent_is_gone_with_their_children_and_the_log_is_whole() {
    let world = World::start().await;
    let anna = world
        .account_with_phone(Role::Parent, "anna@example.com")
        .await;
    let bea = world.account(Role::Parent, "bea@example.com").await;
    let cleo = add_child(&world, &anna, "Cleo").await;
    let dora = add_child(&world, &anna, "Dora").await;
    let other = add_child(&world, &bea, "Emil").await;

    let certificate = erase(&world, &anna, user(&anna.user_id)).await.unwrap();
    assert_eq!(certificate.subject_id, anna.user_id);
    assert_eq!(certificate.child_ids, [cleo.clone(), dora.clone()]);
    let gone: Vec<_> = certificate.keys.iter().collect();
    for subject in [&anna.user_id, &cleo, &dora] {
        let key = gone.iter().find(|key| key.subject_id == **subject).unwrap();
        assert_eq!(key.fingerprint.len(), 64);
    }
    let unsigned = ErasureCertificate {
        signature: Vec::new(),
        ..certificate.clone()
    };
    let keys = world.listed_keys(false).await;
    assert_eq!(certificate.key_id, keys[0].key_id);
    UnparsedPublicKey::new(&ED25519, &keys[0].public_key)
        .verify(&unsigned.encode_to_vec(), &certificate.signature)
        .unwrap();

    let pool = world.database().pool();
    let verified = verify::verify(&pool, Some(&certificate.head_hash), |_, _| {})
        .await
        .unwrap();
    assert_eq!(verified.events, world.head().await.position);

    let before = read_rows(&world).await;
    assert_eq!(before.len(), 5, "two users and three children are counted");
    for (table, row) in &before {
        let theirs = [&anna.user_id, &cleo, &dora];
        let is_theirs = theirs
            .iter()
            .any(|id| row.contains(&format!(r#""id":"{id}""#)));
        assert_eq!(sealed(row).is_empty(), is_theirs, "{table} {row}");
    }
    rebuild(&world).await;
    assert_eq!(read_rows(&world).await, before);

    let again = erase(&world, &anna, user(&anna.user_id)).await.unwrap();
    assert_eq!(again, certificate);
    let refused = world.login("anna@example.com", PASSWORD).await;
    assert_eq!(reason(&refused.unwrap_err()), "BAD_CREDENTIALS");
    let free = registration(Role::Parent, "ANNA@example.com");
    world.call(&bea, free).await.unwrap();
    let read = GetUserRequest {
        user_id: anna.user_id.clone(),
        min_position: None,
    };
    let shown = world.call(&anna, read).await.unwrap().user.unwrap();
    assert!(shown.erased && !shown.active);
    assert_eq!(
        [
            shown.email,
            shown.first_name,
            shown.last_name,
            shown.phone_number
        ],
        [const { String::new() }; 4]
    );
    let update = UpdateUserRequest {
        request_id: id(),
        user_id: anna.user_id.clone(),
        first_name: Some("Anna".to_owned()),
        last_name: None,
        phone_number: None,
    };
    let refused = world.call(&anna, update).await.unwrap_err();
    assert_eq!(reason(&refused), "SUBJECT_ERASED");
    assert_eq!(opened_of(&world, &other).await, 5, "others are untouched");
    assert_eq!(opened_of(&world, &cleo).await, 0);
}

/// How many values of a subject, anywhere in the schema, can still be opened.
async fn opened_of(world: &World, subject: &str) -> usize {
    let pool = world.database().pool();
    let keys = Keyring::new(pool.clone(), master_keys(&world.settings).unwrap());
    let mut known = std::collections::HashSet::new();
    for (_, row) in rows(&pool).await {
        for value in sealed(&row) {
            let opener = keys.opener([value.subject()]).await.unwrap();
            let is_known = matches!(opener.open(&value).unwrap(), Opened::Known(_));
            if is_known && value.subject().to_string() == subject {
                known.insert(value.as_sealed().to_owned());
            }
        }
    }
    known.len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_of_the_schema_without_the_keys_opens_nothing() {
    let world = World::start().await;
    let anna = world
        .account_with_phone(Role::Parent, "anna@example.com")
        .await;
    add_child(&world, &anna, "Cleo").await;
    let elsewhere = World::at_rest(MailSettings::default()).await;
    let keys = Keyring::new(
        elsewhere.database().pool(),
        master_keys(&world.settings).unwrap(),
    );
    let mut values = 0;
    for (_, row) in rows(&world.database().pool()).await {
        for value in sealed(&row) {
            let opener = keys.opener([value.subject()]).await.unwrap();
            assert_eq!(opener.open(&value).unwrap(), Opened::Erased);
            values += 1;
        }
    }
    assert!(values > 10, "{values}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trainer_goes_with_their_profile_by_an_administrators_hand() {
    let world = World::start().await;
    let tara = world.account(Role::Trainer, "tara@example.com").await;
    let admin = world.admin().await;
    world.call(&tara, profile("Quinn")).await.unwrap();
    let certificate = erase(&world, &admin, user(&tara.user_id)).await.unwrap();
    assert_eq!(certificate.child_ids, Vec::<String>::new());
    for (table, row) in read_rows(&world).await {
        let is_theirs = table == "trainers" || row.contains(&tara.user_id);
        assert_eq!(sealed(&row).is_empty(), is_theirs, "{table} {row}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guardian_erases_one_child_and_nobody_elses() {
    let world = World::start().await;
    let anna = world.account(Role::Parent, "anna@example.com").await;
    let bea = world.account(Role::Parent, "bea@example.com").await;
    let cleo = add_child(&world, &anna, "Cleo").await;
    let dora = add_child(&world, &anna, "Dora").await;
    for request in [one_child(&cleo), user(&anna.user_id)] {
        let refused = erase(&world, &bea, request).await.unwrap_err();
        assert_eq!(reason(&refused), "NOT_FOUND");
    }
    let certificate = erase(&world, &anna, one_child(&cleo)).await.unwrap();
    assert_eq!(certificate.subject_id, cleo);
    let again = erase(&world, &anna, one_child(&cleo)).await.unwrap();
    assert_eq!(again, certificate);
    assert_eq!(opened_of(&world, &cleo).await, 0);
    assert!(opened_of(&world, &dora).await > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_administrator_cannot_be_erased() {
    let world = World::start().await;
    let admin = world.admin().await;
    let refused = erase(&world, &admin, user(&admin.user_id))
        .await
        .unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::FailedPrecondition, "LAST_ADMIN")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_erased_while_something_paid_lies_ahead() {
    let world = World::start().await;
    let anna = world.account(Role::Parent, "anna@example.com").await;
    let tara = world.account(Role::Trainer, "tara@example.com").await;
    let cleo = add_child(&world, &anna, "Cleo").await;
    let over = world.held(&cleo, &tara.user_id, TimeDelta::hours(-2));
    world.paid(over);
    let session = world.held(&cleo, &tara.user_id, TimeDelta::hours(2));
    world.paid(session);
    let subjects = [
        (&anna, user(&anna.user_id)),
        (&anna, one_child(&cleo)),
        (&tara, user(&tara.user_id)),
    ];
    for (by, request) in subjects {
        let refused = erase(&world, by, request).await.unwrap_err();
        assert_eq!(
            (refused.code(), reason(&refused).as_str()),
            (Code::FailedPrecondition, "BOOKINGS_AHEAD")
        );
    }
    assert!(opened_of(&world, &cleo).await > 0);
    world.canceled(session);
    erase(&world, &anna, user(&anna.user_id)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_that_is_wrong_with_an_erasure_is_told_together() {
    let world = World::start().await;
    let anna = world.account(Role::Parent, "anna@example.com").await;
    let both = EraseSubjectRequest {
        request_id: "1".to_owned(),
        user_id: id(),
        child_id: "x".to_owned(),
    };
    let refused = erase(&world, &anna, both).await.unwrap_err();
    assert_eq!(fields(&refused), ["request_id", "child_id", "child_id"]);
    let neither = user("");
    let refused = erase(&world, &anna, neither).await.unwrap_err();
    assert_eq!(fields(&refused), ["user_id"]);
    let export = ExportSubjectRequest {
        user_id: "x".to_owned(),
    };
    let refused = world.call(&anna, export).await;
    assert_eq!(fields(&refused.unwrap_err()), ["user_id"]);
    let finish = FinishErasureRequest {
        request_id: id(),
        user_id: anna.user_id,
        child_id: String::new(),
    };
    let refused = world.call(Caller::Service, finish).await.unwrap_err();
    assert_eq!(reason(&refused), "NOT_FOUND");
    let refused = world
        .call(Caller::Service, FinishErasureRequest::default())
        .await;
    assert_eq!(fields(&refused.unwrap_err()), ["request_id", "user_id"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erasure_that_was_interrupted_is_finished_by_its_process() {
    let world = World::start().await;
    let anna = world.account(Role::Parent, "anna@example.com").await;
    let cleo = add_child(&world, &anna, "Cleo").await;
    let pool = world.database().pool();
    let children = ListChildrenRequest {
        min_position: Some(world.head().await),
        ..Default::default()
    };
    world.call(&anna, children).await.unwrap();
    // The read tables of children stay where they are.
    let mut lock = pool.begin().await.unwrap();
    sqlx::query("select from checkpoints where projection = 'children' for update")
        .execute(&mut *lock)
        .await
        .unwrap();
    let soon = Duration::from_millis(500);
    let interrupted = world.call_within(soon, &anna, user(&anna.user_id)).await;
    assert!(interrupted.is_err(), "nobody folds the read tables");
    assert!(opened_of(&world, &anna.user_id).await > 0);

    lock.rollback().await.unwrap();
    let user_id: Uuid = anna.user_id.parse().unwrap();
    let is_finished = async || -> bool {
        sqlx::query_scalar("select exists (select from erasures where subject_id = $1)")
            .bind(user_id)
            .fetch_one(&pool)
            .await
            .unwrap()
    };
    while !is_finished().await {
        tokio::task::yield_now().await;
    }
    for subject in [&anna.user_id, &cleo] {
        assert_eq!(opened_of(&world, subject).await, 0);
    }
    erase(&world, &anna, user(&anna.user_id)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subject_of_ten_thousand_events_is_erased_in_seconds() {
    let world = World::start().await;
    let anna = world.account(Role::Parent, "anna@example.com").await;
    let users = Repository::<User>::new(&world.database().log().await);
    let log_in = || async {
        let now = chrono::Utc::now();
        let command = UserCommand::LogIn(LogIn { now });
        let reply = |_: &User, _: &[_]| Vec::new();
        users
            .execute(&anna.user_id, Context::system(), command, reply)
            .await
            .unwrap()
    };
    for _ in 0..100 {
        futures::future::join_all((0..100).map(|_| log_in())).await;
    }
    let began = Instant::now();
    erase(&world, &anna, user(&anna.user_id)).await.unwrap();
    let took = began.elapsed();
    println!("a subject of 10,000 events was erased in {took:?}");
    assert!(took < Duration::from_secs(5), "{took:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_gets_everything_that_is_held_of_them_and_of_their_children() {
    let world = World::start().await;
    let anna = world
        .account_with_phone(Role::Parent, "anna@example.com")
        .await;
    let bea = world.account(Role::Parent, "bea@example.com").await;
    let cleo = add_child(&world, &anna, "Cleo").await;
    let request = ExportSubjectRequest {
        user_id: anna.user_id.clone(),
    };
    let refused = world.call(&bea, request.clone()).await;
    assert_eq!(reason(&refused.unwrap_err()), "NOT_FOUND");
    let answer = world.call(&anna, request.clone()).await.unwrap();
    assert_eq!(answer.content_type, "application/json");
    let export: Value = serde_json::from_slice(&answer.content).unwrap();
    assert_eq!(export["account"]["email"], "anna@example.com");
    assert_eq!(export["account"]["phone_number"], PHONE);
    assert_eq!(export["account"]["email_key"], Value::Null);
    assert_eq!(export["children"][0]["id"], cleo.as_str());
    assert_eq!(export["children"][0]["first_name"], "Cleo");
    assert_eq!(export["children"][0]["birthdate"], "2016-02-29");
    assert_eq!(
        export["children"][0]["consents"][0]["purpose"],
        "CHILD_DATA"
    );
    assert_eq!(export["events"][0]["event"], "UserRegistered");
    assert!(!answer.content.windows(8).any(|text| text == b"sealed:1"));
    erase(&world, &anna, user(&anna.user_id)).await.unwrap();
    let refused = world.call(&anna, request).await.unwrap_err();
    assert_eq!(reason(&refused), "SUBJECT_ERASED");
}

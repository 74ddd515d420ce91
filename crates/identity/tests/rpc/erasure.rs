//! A subject is erased: what proves it, what is left, and what happens when it is interrupted.

use std::{sync::Arc, time::Duration, time::Instant};

use chrono::TimeDelta;
use contracts::{
    common::v1::Role,
    identity::v1::{
        EraseSubjectRequest, ErasureCertificate, ExportSubjectRequest, FinishErasureRequest,
        GetUserRequest, UpdateUserRequest,
    },
};
use eventsourcing::{
    Bus, Context, Feed, LocalFeed, ProcessRunner, Repository,
    personal::{Keyring, Opened, Personal},
    verify,
};
use identity::{
    internals::{Erasure, IdentityLogEvent, LogIn, Projectors, User, UserCommand},
    master_keys,
};
use prost::Message as _;
use ring::signature::{ED25519, UnparsedPublicKey};
use serde_json::Value;
use sqlx::PgPool;
use tonic::{Code, Request, Status};

use crate::harness::{
    Account, Harness, PASSWORD, PHONE, child, fields, id, profile, reason, registration,
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
    harness: &Harness,
    by: &Account,
    request: EraseSubjectRequest,
) -> Result<ErasureCertificate, Status> {
    let answer = harness.users(&by.bearer).erase_subject(request).await?;
    let answer = answer.into_inner();
    assert_eq!(
        answer.position,
        answer.certificate.as_ref().unwrap().position
    );
    Ok(answer.certificate.unwrap())
}

async fn add_child(harness: &Harness, guardian: &Account, first_name: &str) -> String {
    let mut children = harness.children(&guardian.bearer);
    let answer = children.add_child(child(first_name)).await.unwrap();
    answer.into_inner().child_id
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

async fn rebuild(harness: &Harness) {
    let projectors = Projectors::new(&harness.log, &harness.database.pool());
    projectors.users.rebuild(|_| {}).await.unwrap();
    projectors.trainers.rebuild(|_| {}).await.unwrap();
    projectors.children.rebuild(|_| {}).await.unwrap();
}

async fn read_rows(harness: &Harness) -> Vec<(String, String)> {
    let mut rows = rows(&harness.database.pool()).await;
    rows.retain(|(table, _)| ["users", "trainers", "children"].contains(&table.as_str()));
    rows.sort();
    rows
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erased_parent_is_gone_with_their_children_and_the_log_is_whole() {
    let harness = Harness::start().await;
    let anna = harness
        .account_with_phone(Role::Parent, "anna@example.com")
        .await;
    let bea = harness.account(Role::Parent, "bea@example.com").await;
    let cleo = add_child(&harness, &anna, "Cleo").await;
    let dora = add_child(&harness, &anna, "Dora").await;
    let other = add_child(&harness, &bea, "Emil").await;

    let certificate = erase(&harness, &anna, user(&anna.user_id)).await.unwrap();
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
    assert_eq!(certificate.key_id, harness.key.id());
    UnparsedPublicKey::new(&ED25519, harness.key.public_key())
        .verify(&unsigned.encode_to_vec(), &certificate.signature)
        .unwrap();

    let pool = harness.database.pool();
    let verified = verify::verify(&pool, Some(&certificate.head_hash), |_, _| {})
        .await
        .unwrap();
    assert_eq!(verified.events, harness.log.head().await.unwrap());

    let before = read_rows(&harness).await;
    assert_eq!(before.len(), 5, "two users and three children are counted");
    for (table, row) in &before {
        let theirs = [&anna.user_id, &cleo, &dora];
        let is_theirs = theirs
            .iter()
            .any(|id| row.contains(&format!(r#""id":"{id}""#)));
        assert_eq!(sealed(row).is_empty(), is_theirs, "{table} {row}");
    }
    rebuild(&harness).await;
    assert_eq!(read_rows(&harness).await, before);

    let again = erase(&harness, &anna, user(&anna.user_id)).await.unwrap();
    assert_eq!(again, certificate);
    let refused = harness.login("anna@example.com", PASSWORD).await;
    assert_eq!(reason(&refused.unwrap_err()), "BAD_CREDENTIALS");
    let free = registration(Role::Parent, "ANNA@example.com");
    let mut users = harness.users(&bea.bearer);
    users.register_user(free).await.unwrap();
    let read = GetUserRequest {
        user_id: anna.user_id.clone(),
        min_position: None,
    };
    let mut own = harness.users(&anna.bearer);
    let shown = own.get_user(read).await.unwrap().into_inner().user.unwrap();
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
    let refused = own.update_user(update).await.unwrap_err();
    assert_eq!(reason(&refused), "SUBJECT_ERASED");
    assert_eq!(opened_of(&harness, &other).await, 5, "others are untouched");
    assert_eq!(opened_of(&harness, &cleo).await, 0);
}

/// How many values of a subject, anywhere in the schema, can still be opened.
async fn opened_of(harness: &Harness, subject: &str) -> usize {
    let pool = harness.database.pool();
    let keys = Keyring::new(pool.clone(), master_keys(&harness.parts.settings).unwrap());
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
    let harness = Harness::start().await;
    let anna = harness
        .account_with_phone(Role::Parent, "anna@example.com")
        .await;
    add_child(&harness, &anna, "Cleo").await;
    let elsewhere = Harness::without_projectors().await;
    let keys = Keyring::new(
        elsewhere.database.pool(),
        master_keys(&harness.parts.settings).unwrap(),
    );
    let mut values = 0;
    for (_, row) in rows(&harness.database.pool()).await {
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
    let harness = Harness::start().await;
    let tara = harness.account(Role::Trainer, "tara@example.com").await;
    let admin = harness.admin().await;
    let mut trainers = harness.trainers(&tara.bearer);
    trainers.create_trainer(profile("Quinn")).await.unwrap();
    let certificate = erase(&harness, &admin, user(&tara.user_id)).await.unwrap();
    assert_eq!(certificate.child_ids, Vec::<String>::new());
    for (table, row) in read_rows(&harness).await {
        let is_theirs = table == "trainers" || row.contains(&tara.user_id);
        assert_eq!(sealed(&row).is_empty(), is_theirs, "{table} {row}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guardian_erases_one_child_and_nobody_elses() {
    let harness = Harness::start().await;
    let anna = harness.account(Role::Parent, "anna@example.com").await;
    let bea = harness.account(Role::Parent, "bea@example.com").await;
    let cleo = add_child(&harness, &anna, "Cleo").await;
    let dora = add_child(&harness, &anna, "Dora").await;
    for request in [one_child(&cleo), user(&anna.user_id)] {
        let refused = erase(&harness, &bea, request).await.unwrap_err();
        assert_eq!(reason(&refused), "NOT_FOUND");
    }
    let certificate = erase(&harness, &anna, one_child(&cleo)).await.unwrap();
    assert_eq!(certificate.subject_id, cleo);
    let again = erase(&harness, &anna, one_child(&cleo)).await.unwrap();
    assert_eq!(again, certificate);
    assert_eq!(opened_of(&harness, &cleo).await, 0);
    assert!(opened_of(&harness, &dora).await > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_administrator_cannot_be_erased() {
    let harness = Harness::start().await;
    let admin = harness.admin().await;
    let refused = erase(&harness, &admin, user(&admin.user_id))
        .await
        .unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::FailedPrecondition, "LAST_ADMIN")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_erased_while_something_paid_lies_ahead() {
    let harness = Harness::start().await;
    let anna = harness.account(Role::Parent, "anna@example.com").await;
    let tara = harness.account(Role::Trainer, "tara@example.com").await;
    let cleo = add_child(&harness, &anna, "Cleo").await;
    let bookings = &harness.bookings;
    let over = bookings.held(&cleo, &tara.user_id, TimeDelta::hours(-2));
    bookings.paid(over);
    let session = bookings.held(&cleo, &tara.user_id, TimeDelta::hours(2));
    bookings.paid(session);
    let subjects = [
        (&anna, user(&anna.user_id)),
        (&anna, one_child(&cleo)),
        (&tara, user(&tara.user_id)),
    ];
    for (by, request) in subjects {
        let refused = erase(&harness, by, request).await.unwrap_err();
        assert_eq!(
            (refused.code(), reason(&refused).as_str()),
            (Code::FailedPrecondition, "BOOKINGS_AHEAD")
        );
    }
    assert!(opened_of(&harness, &cleo).await > 0);
    bookings.canceled(session);
    erase(&harness, &anna, user(&anna.user_id)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_that_is_wrong_with_an_erasure_is_told_together() {
    let harness = Harness::start().await;
    let anna = harness.account(Role::Parent, "anna@example.com").await;
    let both = EraseSubjectRequest {
        request_id: "1".to_owned(),
        user_id: id(),
        child_id: "x".to_owned(),
    };
    let refused = erase(&harness, &anna, both).await.unwrap_err();
    assert_eq!(fields(&refused), ["request_id", "child_id", "child_id"]);
    let neither = user("");
    let refused = erase(&harness, &anna, neither).await.unwrap_err();
    assert_eq!(fields(&refused), ["user_id"]);
    let export = ExportSubjectRequest {
        user_id: "x".to_owned(),
    };
    let refused = harness.users(&anna.bearer).export_subject(export).await;
    assert_eq!(fields(&refused.unwrap_err()), ["user_id"]);
    let mut service = harness.users(&harness.service());
    let finish = FinishErasureRequest {
        request_id: id(),
        user_id: anna.user_id,
        child_id: String::new(),
    };
    let refused = service.finish_erasure(finish).await.unwrap_err();
    assert_eq!(reason(&refused), "NOT_FOUND");
    let refused = service
        .finish_erasure(FinishErasureRequest::default())
        .await;
    assert_eq!(fields(&refused.unwrap_err()), ["request_id", "user_id"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erasure_that_was_interrupted_is_finished_by_its_process() {
    let harness = Harness::without_projectors().await;
    let anna = harness.account(Role::Parent, "anna@example.com").await;
    let cleo = add_child(&harness, &anna, "Cleo").await;
    let projectors = Projectors::new(&harness.log, &harness.database.pool());
    projectors.children.drain().await.unwrap();
    harness.bookings_projector().drain().await.unwrap();
    let mut request = Request::new(user(&anna.user_id));
    request.set_timeout(Duration::from_millis(500));
    let interrupted = harness.users(&anna.bearer).erase_subject(request).await;
    assert!(interrupted.is_err(), "nobody folds the read tables");
    assert!(opened_of(&harness, &anna.user_id).await > 0);

    harness.project();
    let pool = harness.database.pool();
    let feed: Arc<dyn Feed<IdentityLogEvent>> = Arc::new(LocalFeed::new(
        identity::NAME,
        &harness.log,
        IdentityLogEvent::decode,
    ));
    let token = harness.service().0;
    let address = format!("http://{}", harness.address);
    let bus = Bus::new([(identity::NAME, address)], Arc::new(move || token.clone()));
    let process = ProcessRunner::new(Erasure, pool.clone(), vec![feed], bus.unwrap());
    process.drain().await.unwrap();
    assert_eq!(process.dispatch_ready().await.unwrap(), 1);
    let stored: i64 = sqlx::query_scalar("select count(*) from erasures")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(stored, 1);
    for subject in [&anna.user_id, &cleo] {
        assert_eq!(opened_of(&harness, subject).await, 0);
    }
    erase(&harness, &anna, user(&anna.user_id)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subject_of_ten_thousand_events_is_erased_in_seconds() {
    let harness = Harness::start().await;
    let anna = harness.account(Role::Parent, "anna@example.com").await;
    let users = Repository::<User>::new(&harness.log);
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
    erase(&harness, &anna, user(&anna.user_id)).await.unwrap();
    let took = began.elapsed();
    println!("a subject of 10,000 events was erased in {took:?}");
    assert!(took < Duration::from_secs(5), "{took:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_gets_everything_that_is_held_of_them_and_of_their_children() {
    let harness = Harness::start().await;
    let anna = harness
        .account_with_phone(Role::Parent, "anna@example.com")
        .await;
    let bea = harness.account(Role::Parent, "bea@example.com").await;
    let cleo = add_child(&harness, &anna, "Cleo").await;
    let request = ExportSubjectRequest {
        user_id: anna.user_id.clone(),
    };
    let refused = harness
        .users(&bea.bearer)
        .export_subject(request.clone())
        .await;
    assert_eq!(reason(&refused.unwrap_err()), "NOT_FOUND");
    let mut own = harness.users(&anna.bearer);
    let answer = own
        .export_subject(request.clone())
        .await
        .unwrap()
        .into_inner();
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
    erase(&harness, &anna, user(&anna.user_id)).await.unwrap();
    let refused = own.export_subject(request).await.unwrap_err();
    assert_eq!(reason(&refused), "SUBJECT_ERASED");
}

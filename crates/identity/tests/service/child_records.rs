//! Consents, changes, archiving and erasing of children, and the keys that go with them.

use chrono::TimeDelta;
use contracts::{
    common::v1::{LogPosition, Role},
    google::r#type::Date,
    identity::v1::{
        AddChildRequest, ArchiveChildRequest, Child, ConsentPurpose, DestroyChildKeysRequest,
        EraseChildRequest, GetChildRequest, RecordConsentRequest, RecordConsentResponse,
        SkillLevel, UpdateChildRequest, WithdrawConsentRequest,
    },
};
use eventsourcing::{Context, Repository};
use identity::internals::{Acting, Action, Child as Record, ChildCommand};
use testing::Caller;
use tonic::{Code, Status};
use uuid::Uuid;

use crate::world::{Account, World, child, fields, id, reason};

pub async fn added(world: &World, guardian: &Account) -> String {
    let added = world.call(guardian, child("Cleo")).await.unwrap();
    added.child_id
}

pub async fn consent(
    world: &World,
    caller: &Account,
    child_id: &str,
    purpose: ConsentPurpose,
) -> Result<RecordConsentResponse, Status> {
    let request = RecordConsentRequest {
        request_id: id(),
        child_id: child_id.to_owned(),
        purpose: purpose.into(),
        policy_version: "2026-01".to_owned(),
    };
    world.call(caller, request).await
}

pub async fn withdraw(
    world: &World,
    caller: &Account,
    child_id: &str,
    purpose: ConsentPurpose,
) -> Result<Option<LogPosition>, Status> {
    let request = WithdrawConsentRequest {
        request_id: id(),
        child_id: child_id.to_owned(),
        purpose: purpose.into(),
    };
    Ok(world.call(caller, request).await?.position)
}

pub async fn get(
    world: &World,
    caller: &Account,
    child_id: &str,
    min_position: Option<LogPosition>,
) -> Result<Child, Status> {
    let request = GetChildRequest {
        child_id: child_id.to_owned(),
        min_position,
    };
    let answer = world.call(caller, request).await?;
    Ok(answer.child.unwrap())
}

pub fn told<T: std::fmt::Debug>(result: Result<T, Status>) -> (Code, String) {
    let refused = result.unwrap_err();
    (refused.code(), reason(&refused))
}

pub fn precondition(reason: &str) -> (Code, String) {
    (Code::FailedPrecondition, reason.to_owned())
}

pub fn not_found() -> (Code, String) {
    (Code::NotFound, "NOT_FOUND".to_owned())
}

async fn archive(world: &World, caller: &Account, child_id: &str) -> Result<(), Status> {
    let request = ArchiveChildRequest {
        request_id: id(),
        child_id: child_id.to_owned(),
    };
    world.call(caller, request).await.map(drop)
}

async fn update(
    world: &World,
    caller: &Account,
    request: UpdateChildRequest,
) -> Result<Option<LogPosition>, Status> {
    Ok(world.call(caller, request).await?.position)
}

fn team(child_id: &str) -> UpdateChildRequest {
    UpdateChildRequest {
        request_id: id(),
        child_id: child_id.to_owned(),
        team: Some("Harbour City".to_owned()),
        ..Default::default()
    }
}

async fn erase(world: &World, caller: &Account, child_id: &str) -> Result<(), Status> {
    let request = EraseChildRequest {
        request_id: id(),
        child_id: child_id.to_owned(),
    };
    world.call(caller, request).await.map(drop)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consent_comes_first_and_the_child_is_added_by_it() {
    let world = World::start().await;
    let anna = world.account(Role::Parent, "anna@example.com").await;
    let eve = world.account(Role::Parent, "eve@example.com").await;
    let consented = consent(&world, &anna, "", ConsentPurpose::ChildData);
    let child_id = consented.await.unwrap().child_id;
    assert_eq!(told(get(&world, &anna, &child_id, None).await), not_found());
    let request = |child_id: &str| AddChildRequest {
        child_id: child_id.to_owned(),
        guardian_consent: false,
        ..child("Cleo")
    };
    for unknown in [request(&child_id), request(&id())] {
        let refused = world.call(&eve, unknown).await;
        assert_eq!(told(refused), not_found());
    }
    let added = world.call(&anna, request(&child_id)).await.unwrap();
    assert_eq!(added.child_id, child_id);
    let shown = get(&world, &anna, &child_id, added.position).await.unwrap();
    let consents: Vec<_> = shown
        .consents
        .iter()
        .map(|consent| (consent.purpose(), consent.policy_version.as_str()))
        .collect();
    assert_eq!(consents, [(ConsentPurpose::ChildData, "2026-01")]);
    let stranger = consent(&world, &eve, &child_id, ConsentPurpose::MedicalData);
    assert_eq!(told(stranger.await), not_found());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_child_is_not_added_by_a_consent_to_something_else() {
    let world = World::start().await;
    let anna = world.account(Role::Parent, "anna@example.com").await;
    let consented = consent(&world, &anna, "", ConsentPurpose::MedicalData);
    let request = AddChildRequest {
        child_id: consented.await.unwrap().child_id,
        guardian_consent: false,
        ..child("Cleo")
    };
    let refused = world.call(&anna, request).await;
    assert_eq!(told(refused), precondition("CONSENT_MISSING"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_what_is_given_changes_and_only_for_the_guardian_and_admins() {
    let world = World::start().await;
    let anna = world.account(Role::Parent, "anna@example.com").await;
    let eve = world.account(Role::Parent, "eve@example.com").await;
    let admin = world.admin().await;
    let child_id = added(&world, &anna).await;
    let position = update(&world, &anna, team(&child_id)).await.unwrap();
    let shown = get(&world, &anna, &child_id, position).await.unwrap();
    assert_eq!(
        (shown.first_name.as_str(), shown.team.as_str()),
        ("Cleo", "Harbour City")
    );
    assert_eq!(shown.skill_level(), SkillLevel::Advanced);
    let birthday = Date {
        year: 2017,
        month: 3,
        day: 1,
    };
    let request = UpdateChildRequest {
        request_id: id(),
        child_id: child_id.clone(),
        first_name: Some("Clea".to_owned()),
        birthdate: Some(birthday),
        skill_level: Some(SkillLevel::Beginner.into()),
        specify: Some(String::new()),
        ..Default::default()
    };
    let position = update(&world, &admin, request).await.unwrap();
    let shown = get(&world, &anna, &child_id, position).await.unwrap();
    assert_eq!(
        (shown.first_name.as_str(), shown.specify.as_str()),
        ("Clea", "")
    );
    assert_eq!(shown.birthdate, Some(birthday));
    assert!(shown.updated_at.is_some() && shown.updated_at != shown.created_at);
    assert_eq!(
        told(update(&world, &eve, team(&child_id)).await),
        not_found()
    );
    assert_eq!(told(update(&world, &anna, team(&id())).await), not_found());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_that_is_wrong_is_told_together() {
    let world = World::start().await;
    let anna = world.account(Role::Parent, "anna@example.com").await;
    let bad = UpdateChildRequest {
        request_id: "x".to_owned(),
        child_id: String::new(),
        first_name: Some(" ".to_owned()),
        last_name: Some("x".repeat(101)),
        birthdate: Some(Date {
            year: 1899,
            month: 12,
            day: 31,
        }),
        skill_level: Some(0),
        specify: Some("x".repeat(501)),
        team: Some("x".repeat(101)),
    };
    let refused = world.call(&anna, bad).await.unwrap_err();
    let expected = "request_id child_id first_name last_name birthdate skill_level specify team";
    assert_eq!(fields(&refused).join(" "), expected);
    let refused = world.call(
        &anna,
        RecordConsentRequest {
            child_id: "x".to_owned(),
            ..Default::default()
        },
    );
    let expected = "request_id child_id purpose policy_version";
    assert_eq!(fields(&refused.await.unwrap_err()).join(" "), expected);
    let refused = world.call(&anna, WithdrawConsentRequest::default());
    assert_eq!(
        fields(&refused.await.unwrap_err()).join(" "),
        "request_id child_id purpose"
    );
    let refused = world.call(&anna, ArchiveChildRequest::default()).await;
    assert_eq!(fields(&refused.unwrap_err()), ["request_id", "child_id"]);
    let refused = world.call(&anna, EraseChildRequest::default()).await;
    assert_eq!(fields(&refused.unwrap_err()), ["request_id", "child_id"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_archived_child_stays_to_be_seen_and_takes_nothing_new() {
    let world = World::start().await;
    let anna = world.account(Role::Parent, "anna@example.com").await;
    let eve = world.account(Role::Parent, "eve@example.com").await;
    let child_id = added(&world, &anna).await;
    assert_eq!(told(archive(&world, &eve, &child_id).await), not_found());
    archive(&world, &anna, &child_id).await.unwrap();
    archive(&world, &anna, &child_id).await.unwrap();
    let refused = update(&world, &anna, team(&child_id)).await;
    assert_eq!(told(refused), precondition("CHILD_ARCHIVED"));
    let refused = consent(&world, &anna, &child_id, ConsentPurpose::MedicalData).await;
    assert_eq!(told(refused), precondition("CHILD_ARCHIVED"));
    erase(&world, &anna, &child_id).await.unwrap();
    let refused = update(&world, &anna, team(&child_id)).await;
    assert_eq!(told(refused), precondition("SUBJECT_ERASED"));
    let refused = archive(&world, &anna, &child_id).await;
    assert_eq!(told(refused), precondition("SUBJECT_ERASED"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_erased_while_something_paid_lies_ahead() {
    let world = World::start().await;
    let anna = world.account(Role::Parent, "anna@example.com").await;
    let child_id = added(&world, &anna).await;
    let trainer = id();
    let over = world.held(&child_id, &trainer, TimeDelta::hours(-2));
    world.paid(over);
    let session = world.held(&child_id, &trainer, TimeDelta::hours(2));
    world.paid(session);
    let purpose = ConsentPurpose::ChildData;
    let refusal = precondition("BOOKINGS_AHEAD");
    let refused = withdraw(&world, &anna, &child_id, purpose).await;
    assert_eq!(told(refused), refusal);
    assert_eq!(told(erase(&world, &anna, &child_id).await), refusal);
    world.canceled(session);
    world.confirmed_tickets(&child_id, &trainer, TimeDelta::hours(-47));
    assert_eq!(told(erase(&world, &anna, &child_id).await), refusal);
    let other = added(&world, &anna).await;
    let held = world.held(&other, &trainer, TimeDelta::hours(1));
    let done = world.held(&other, &trainer, TimeDelta::minutes(-30));
    world.paid(done);
    world.completed(done);
    world.paid(held);
    world.expired(held);
    let position = withdraw(&world, &anna, &other, purpose).await.unwrap();
    let shown = get(&world, &anna, &other, position).await.unwrap();
    assert!(shown.erased && shown.consents.is_empty());
    withdraw(&world, &anna, &other, purpose).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_told_to_lie_ahead_keeps_from_erasing_but_not_the_system() {
    let world = World::without_scheduling().await;
    let anna = world.account(Role::Parent, "anna@example.com").await;
    let child_id = added(&world, &anna).await;
    let refused = erase(&world, &anna, &child_id).await;
    let unavailable = (Code::Unavailable, "TEMPORARILY_UNAVAILABLE".to_owned());
    assert_eq!(told(refused), unavailable);
    let purpose = ConsentPurpose::ChildData;
    let refused = withdraw(&world, &anna, &child_id, purpose).await;
    assert_eq!(told(refused), unavailable);
    let request = EraseChildRequest {
        request_id: id(),
        child_id: child_id.clone(),
    };
    world.call(Caller::Service, request).await.unwrap();
    assert!(!has_key(&world, &child_id).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_a_crash_has_left_is_destroyed_by_the_process() {
    let mut world = World::start().await;
    let anna = world.account(Role::Parent, "anna@example.com").await;
    let child_id = added(&world, &anna).await;
    world.stop().await;
    let records = Repository::<Record>::new(&world.database().log().await);
    let command = ChildCommand {
        child_id: Uuid::parse_str(&child_id).unwrap().into(),
        acting: Acting::System,
        now: chrono::Utc::now(),
        action: Action::Erase { paid_ahead: false },
    };
    let none = |_: &Record, _: &[_]| Vec::new();
    records
        .execute(&child_id, Context::system(), command, none)
        .await
        .unwrap();
    assert!(has_key(&world, &child_id).await, "killed in between");
    world.restart().await;
    while has_key(&world, &child_id).await {
        tokio::task::yield_now().await;
    }
    let request = DestroyChildKeysRequest {
        request_id: id(),
        child_id: child_id.clone(),
    };
    let refused = world.call(&anna, request.clone());
    assert_eq!(refused.await.unwrap_err().code(), Code::PermissionDenied);
    for _ in 0..2 {
        let answer = world.call(Caller::Service, request.clone()).await.unwrap();
        assert_eq!(answer.destroyed, 2, "the child's and the medical one");
    }
    assert!(!has_key(&world, &child_id).await);
    let unknown = DestroyChildKeysRequest {
        request_id: id(),
        child_id: id(),
    };
    let answer = world.call(Caller::Service, unknown).await.unwrap();
    assert_eq!(answer.destroyed, 0);
}

pub async fn has_key(world: &World, subject: &str) -> bool {
    let keys: i64 = sqlx::query_scalar(
        "select count(*) from subject_keys where subject_id = $1 and wrapped is not null",
    )
    .bind(Uuid::parse_str(subject).unwrap())
    .fetch_one(&world.database().pool())
    .await
    .unwrap();
    keys > 0
}

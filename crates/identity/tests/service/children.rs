use std::time::Duration;

use contracts::{
    common::v1::{LogPosition, Role},
    google::r#type::Date,
    identity::v1::{
        AddChildRequest, AddChildResponse, EraseChildRequest, GetChildRequest, ListChildrenRequest,
        ListChildrenResponse, SkillLevel,
    },
};
use tonic::{Code, Status};

use crate::world::{Account, World, child, fields, id, reason};

async fn add(
    world: &World,
    caller: &Account,
    request: AddChildRequest,
) -> Result<AddChildResponse, Status> {
    world.call(caller, request).await
}

async fn list(
    world: &World,
    caller: &Account,
    request: ListChildrenRequest,
) -> Result<ListChildrenResponse, Status> {
    world.call(caller, request).await
}

fn of(guardian: &Account, min_position: Option<LogPosition>) -> ListChildrenRequest {
    ListChildrenRequest {
        guardian_id: guardian.user_id.clone(),
        min_position,
        ..Default::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_parent_adds_a_child_and_sees_it() {
    let world = World::start().await;
    let anna = world.account(Role::Parent, "anna@example.com").await;
    let added = add(&world, &anna, child("Cleo")).await.unwrap();
    let request = GetChildRequest {
        child_id: added.child_id.clone(),
        min_position: added.position.clone(),
    };
    let cleo = world.call(&anna, request).await.unwrap().child.unwrap();
    assert_eq!(
        (&cleo.child_id, &cleo.guardian_id),
        (&added.child_id, &anna.user_id)
    );
    assert_eq!(
        (cleo.first_name.as_str(), cleo.last_name.as_str()),
        ("Cleo", "Berg")
    );
    assert_eq!(
        cleo.birthdate,
        Some(Date {
            year: 2016,
            month: 2,
            day: 29
        })
    );
    assert_eq!(cleo.skill_level(), SkillLevel::Advanced);
    assert_eq!(
        (cleo.specify.as_str(), cleo.team.as_str()),
        ("Plays two years up.", "Harbour United")
    );
    let own = ListChildrenRequest {
        min_position: added.position,
        ..Default::default()
    };
    assert_eq!(list(&world, &anna, own).await.unwrap().children, [cleo]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_parents_children_are_not_found() {
    let world = World::start().await;
    let anna = world.account(Role::Parent, "anna@example.com").await;
    let eve = world.account(Role::Parent, "eve@example.com").await;
    let added = add(&world, &anna, child("Cleo")).await.unwrap();
    for child_id in [added.child_id, id()] {
        let request = GetChildRequest {
            child_id,
            min_position: added.position.clone(),
        };
        let refused = world.call(&eve, request).await.unwrap_err();
        assert_eq!(
            (refused.code(), reason(&refused).as_str()),
            (Code::NotFound, "NOT_FOUND")
        );
    }
    let refused = list(&world, &eve, of(&anna, added.position.clone()))
        .await
        .unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::NotFound, "NOT_FOUND")
    );
    assert_eq!(
        list(&world, &eve, of(&eve, added.position))
            .await
            .unwrap()
            .children,
        []
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_administrator_sees_the_children_of_the_guardian_they_name() {
    let world = World::start().await;
    let admin = world.admin().await;
    let anna = world.account(Role::Parent, "anna@example.com").await;
    let added = add(&world, &anna, child("Cleo")).await.unwrap();
    let listed = list(&world, &admin, of(&anna, added.position))
        .await
        .unwrap()
        .children;
    let found = GetChildRequest {
        child_id: added.child_id,
        min_position: None,
    };
    let found = world.call(&admin, found).await.unwrap().child;
    assert_eq!(listed, [found.unwrap()]);
    let refused = list(&world, &admin, ListChildrenRequest::default())
        .await
        .unwrap_err();
    assert_eq!(fields(&refused), ["guardian_id"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn trainers_neither_add_nor_see_children() {
    let world = World::start().await;
    let tara = world.account(Role::Trainer, "tara@example.com").await;
    let refused = add(&world, &tara, child("Cleo")).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::PermissionDenied, "ROLE_NOT_ALLOWED")
    );
    let refused = list(&world, &tara, of(&tara, None)).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::PermissionDenied, "ROLE_NOT_ALLOWED")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_that_is_wrong_with_a_child_is_told_together() {
    let world = World::start().await;
    let anna = world.account(Role::Parent, "anna@example.com").await;
    let bad = AddChildRequest {
        request_id: "x".to_owned(),
        guardian_consent: false,
        first_name: String::new(),
        last_name: "x".repeat(101),
        birthdate: Some(Date {
            year: 2023,
            month: 2,
            day: 29,
        }),
        skill_level: 99,
        specify: "x".repeat(501),
        team: "x".repeat(101),
        policy_version: "of today".to_owned(),
        ..Default::default()
    };
    assert_eq!(
        fields(&add(&world, &anna, bad).await.unwrap_err()),
        [
            "request_id",
            "policy_version",
            "guardian_consent",
            "first_name",
            "last_name",
            "birthdate",
            "skill_level",
            "specify",
            "team",
        ]
    );
    for (year, month, day) in [
        (1899, 12, 31),
        (9999, 1, 1),
        (2020, -1, 1),
        (2020, 1, 0),
        (2020, 0, 0),
    ] {
        let request = AddChildRequest {
            birthdate: Some(Date { year, month, day }),
            ..child("Cleo")
        };
        assert_eq!(
            fields(&add(&world, &anna, request).await.unwrap_err()),
            ["birthdate"]
        );
    }
    assert_eq!(
        world.head().await.position,
        2,
        "registration and login alone"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_request_adds_no_second_child() {
    let world = World::start().await;
    let anna = world.account(Role::Parent, "anna@example.com").await;
    let eve = world.account(Role::Parent, "eve@example.com").await;
    let request = child("Cleo");
    let first = add(&world, &anna, request.clone()).await.unwrap();
    assert_eq!(add(&world, &anna, request.clone()).await.unwrap(), first);
    let other = AddChildRequest {
        team: "Other".to_owned(),
        ..request.clone()
    };
    for (caller, request) in [(&anna, other), (&eve, request)] {
        let refused = add(&world, caller, request).await.unwrap_err();
        assert_eq!(
            (refused.code(), reason(&refused).as_str()),
            (Code::InvalidArgument, "REQUEST_ID_REUSED")
        );
    }
    assert_eq!(
        list(&world, &anna, of(&anna, first.position))
            .await
            .unwrap()
            .children
            .len(),
        1
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_go_in_the_order_of_adding() {
    let world = World::start().await;
    let anna = world.account(Role::Parent, "anna@example.com").await;
    let mut position = None;
    for name in ["Zoe", "Ann", "Max"] {
        position = add(&world, &anna, child(name)).await.unwrap().position;
    }
    let request = ListChildrenRequest {
        page_size: 2,
        ..of(&anna, position)
    };
    let first = list(&world, &anna, request.clone()).await.unwrap();
    let request = ListChildrenRequest {
        page_token: first.next_page_token.clone(),
        ..request
    };
    let second = list(&world, &anna, request).await.unwrap();
    let names: Vec<_> = first
        .children
        .iter()
        .chain(&second.children)
        .map(|child| child.first_name.as_str())
        .collect();
    assert_eq!(names, ["Zoe", "Ann", "Max"]);
    assert_eq!(second.next_page_token, "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_does_not_answer_before_the_position_it_is_given() {
    let world = World::start().await;
    let anna = world.account(Role::Parent, "anna@example.com").await;
    let ahead = LogPosition {
        service: "identity".to_owned(),
        position: 1_000,
    };
    let soon = Duration::from_millis(300);
    let refused = world.call_within(soon, &anna, of(&anna, Some(ahead)));
    let refused = refused.await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::DeadlineExceeded, "POSITION_NOT_REACHED")
    );
    let foreign = LogPosition {
        service: "scheduling".to_owned(),
        position: 1,
    };
    let refused = list(&world, &anna, of(&anna, Some(foreign)))
        .await
        .unwrap_err();
    assert_eq!(fields(&refused), ["min_position.service"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erased_child_is_empty_and_nothing_of_it_can_be_read_anywhere() {
    let world = World::start().await;
    let anna = world.account(Role::Parent, "anna@example.com").await;
    let request = child("Cleo");
    let added = add(&world, &anna, request.clone()).await.unwrap();
    let erase = EraseChildRequest {
        request_id: id(),
        child_id: added.child_id.clone(),
    };
    let position = world.call(&anna, erase.clone()).await.unwrap().position;
    assert!(position.is_some());
    let again = world.call(&anna, erase).await.unwrap();
    assert_eq!(again.position, position);
    let get = GetChildRequest {
        child_id: added.child_id.clone(),
        min_position: position,
    };
    let shown = world.call(&anna, get).await.unwrap().child.unwrap();
    assert!(shown.erased && shown.archived_at.is_some());
    assert_eq!((shown.first_name.as_str(), shown.birthdate), ("", None));
    let blank: bool = sqlx::query_scalar(
        "select first_name || last_name || name || birthdate || team || specify = '' from children",
    )
    .fetch_one(&world.database().pool())
    .await
    .unwrap();
    assert!(blank);
    let keys: i64 = sqlx::query_scalar(
        "select count(*) from subject_keys where subject_id = $1 and wrapped is not null",
    )
    .bind(uuid::Uuid::parse_str(&added.child_id).unwrap())
    .fetch_one(&world.database().pool())
    .await
    .unwrap();
    assert_eq!(keys, 0);
    let refused = add(&world, &anna, request).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::FailedPrecondition, "SUBJECT_ERASED")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn neither_the_log_nor_the_read_tables_hold_anything_of_a_child_in_clear() {
    let world = World::start().await;
    let anna = world.account(Role::Parent, "anna@example.com").await;
    let added = add(&world, &anna, child("Zyxwold")).await.unwrap();
    list(&world, &anna, of(&anna, added.position))
        .await
        .unwrap();
    let texts: Vec<String> = sqlx::query_scalar(
        "select row_to_json(e)::text from events e where aggregate_type = 'child' \
         union all select row_to_json(r)::text from requests r \
         union all select row_to_json(c)::text from children c",
    )
    .fetch_all(&world.database().pool())
    .await
    .unwrap();
    assert!(texts.len() > 3);
    for text in texts {
        for clear in ["Zyxwold", "2016-02-29", "two years up", "Harbour"] {
            assert!(!text.contains(clear), "{text}");
        }
    }
}

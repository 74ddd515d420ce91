use contracts::{
    common::v1::Role,
    identity::v1::{DeactivateUserRequest, ListUsersRequest, UserOrder},
};

use crate::harness::{Account, Harness, fields, id, reason};

struct World {
    harness: Harness,
    admin: Account,
    anna: Account,
    bea: Account,
    tara: Account,
}

async fn world() -> World {
    let harness = Harness::start().await;
    let admin = harness.admin().await;
    let anna = harness.account(Role::Parent, "anna@example.com").await;
    let tara = harness.account(Role::Trainer, "Tara@Example.com").await;
    let bea = harness.account(Role::Parent, "bea@example.com").await;
    World {
        harness,
        admin,
        anna,
        bea,
        tara,
    }
}

impl World {
    async fn list(&self, request: ListUsersRequest) -> (Vec<String>, String) {
        let min_position = Some(self.harness.head().await);
        let request = ListUsersRequest {
            min_position,
            ..request
        };
        let mut users = self.harness.users(&self.admin.bearer);
        let answer = users.list_users(request).await.unwrap().into_inner();
        let ids = answer.users.into_iter().map(|user| user.user_id);
        (ids.collect(), answer.next_page_token)
    }
}

fn ids(accounts: [&Account; 4]) -> Vec<String> {
    accounts.map(|account| account.user_id.clone()).to_vec()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accounts_are_found_by_what_they_are() {
    let world = world().await;
    let parents = ListUsersRequest {
        role: Role::Parent.into(),
        ..ListUsersRequest::default()
    };
    let both = [&world.anna, &world.bea].map(|account| account.user_id.clone());
    assert_eq!(world.list(parents).await.0, both);
    let tara = ListUsersRequest {
        email: "tara@example.COM".to_owned(),
        ..ListUsersRequest::default()
    };
    assert_eq!(
        world.list(tara).await.0,
        std::slice::from_ref(&world.tara.user_id)
    );
    let nobody = ListUsersRequest {
        email: "tara@example.org".to_owned(),
        ..ListUsersRequest::default()
    };
    assert_eq!(world.list(nobody).await.0, Vec::<String>::new());
    let request = DeactivateUserRequest {
        request_id: id(),
        user_id: world.bea.user_id.clone(),
    };
    let mut users = world.harness.users(&world.admin.bearer);
    users.deactivate_user(request).await.unwrap();
    let closed = ListUsersRequest {
        active: Some(false),
        ..ListUsersRequest::default()
    };
    assert_eq!(
        world.list(closed).await.0,
        std::slice::from_ref(&world.bea.user_id)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_range_of_creation_includes_its_start_and_not_its_end() {
    let world = world().await;
    let (all, _) = world.list(ListUsersRequest::default()).await;
    assert_eq!(all.len(), 4);
    let mut users = world.harness.users(&world.admin.bearer);
    let answer = users.list_users(ListUsersRequest::default()).await.unwrap();
    let created = answer
        .into_inner()
        .users
        .into_iter()
        .map(|user| user.created_at);
    let created: Vec<_> = created.collect();
    let middle = ListUsersRequest {
        created_from: created[1],
        created_before: created[3],
        ..ListUsersRequest::default()
    };
    assert_eq!(world.list(middle).await.0, all[1..3]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_go_in_either_direction_of_either_order() {
    let world = world().await;
    let (admin, anna) = (&world.admin, &world.anna);
    world
        .harness
        .login("anna@example.com", crate::harness::PASSWORD)
        .await
        .unwrap();
    let by_creation = ids([admin, anna, &world.tara, &world.bea]);
    let by_login = ids([admin, &world.tara, &world.bea, anna]);
    for (order, expected) in [
        (UserOrder::CreatedAt, by_creation),
        (UserOrder::LastLoginAt, by_login),
    ] {
        for descending in [false, true] {
            let mut expected = expected.clone();
            if descending {
                expected.reverse();
            }
            let mut request = ListUsersRequest {
                order: order.into(),
                descending,
                page_size: 1,
                ..ListUsersRequest::default()
            };
            let mut found = Vec::new();
            loop {
                let (ids, token) = world.list(request.clone()).await;
                found.extend(ids);
                if token.is_empty() {
                    break;
                }
                request.page_token = token;
            }
            assert_eq!(found, expected, "{order:?} {descending}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_that_is_wrong_with_a_list_is_told_together() {
    let world = world().await;
    let request = ListUsersRequest {
        page_size: 1,
        ..ListUsersRequest::default()
    };
    let (_, page_token) = world.list(request).await;
    let bad = ListUsersRequest {
        role: Role::Service.into(),
        email: "tara".to_owned(),
        order: 9,
        descending: true,
        page_size: -1,
        page_token,
        created_from: Some(prost_types::Timestamp {
            seconds: i64::MAX,
            nanos: 0,
        }),
        ..ListUsersRequest::default()
    };
    let mut users = world.harness.users(&world.admin.bearer);
    let refused = users.list_users(bad).await.unwrap_err();
    let expected = [
        "email",
        "order",
        "role",
        "created_from",
        "page_size",
        "page_token",
    ];
    assert_eq!(fields(&refused), expected);
    let mut own = world.harness.users(&world.anna.bearer);
    let refused = own
        .list_users(ListUsersRequest::default())
        .await
        .unwrap_err();
    assert_eq!(reason(&refused), "ROLE_NOT_ALLOWED");
}

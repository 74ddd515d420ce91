use contracts::{
    common::v1::Role,
    identity::v1::{DeactivateUserRequest, ListUsersRequest, UserOrder},
};

use crate::world::{Account, PASSWORD, World, fields, id, reason};

struct People {
    world: World,
    admin: Account,
    anna: Account,
    bea: Account,
    tara: Account,
}

async fn people() -> People {
    let world = World::start().await;
    let admin = world.admin().await;
    let anna = world.account(Role::Parent, "anna@example.com").await;
    let tara = world.account(Role::Trainer, "Tara@Example.com").await;
    let bea = world.account(Role::Parent, "bea@example.com").await;
    People {
        world,
        admin,
        anna,
        bea,
        tara,
    }
}

impl People {
    async fn list(&self, request: ListUsersRequest) -> (Vec<String>, String) {
        let min_position = Some(self.world.head().await);
        let request = ListUsersRequest {
            min_position,
            ..request
        };
        let answer = self.world.call(&self.admin, request).await.unwrap();
        let ids = answer.users.into_iter().map(|user| user.user_id);
        (ids.collect(), answer.next_page_token)
    }
}

fn ids(accounts: [&Account; 4]) -> Vec<String> {
    accounts.map(|account| account.user_id.clone()).to_vec()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accounts_are_found_by_what_they_are() {
    let people = people().await;
    let parents = ListUsersRequest {
        role: Role::Parent.into(),
        ..ListUsersRequest::default()
    };
    let both = [&people.anna, &people.bea].map(|account| account.user_id.clone());
    assert_eq!(people.list(parents).await.0, both);
    let tara = ListUsersRequest {
        email: "tara@example.COM".to_owned(),
        ..ListUsersRequest::default()
    };
    assert_eq!(
        people.list(tara).await.0,
        std::slice::from_ref(&people.tara.user_id)
    );
    let nobody = ListUsersRequest {
        email: "tara@example.org".to_owned(),
        ..ListUsersRequest::default()
    };
    assert_eq!(people.list(nobody).await.0, Vec::<String>::new());
    let request = DeactivateUserRequest {
        request_id: id(),
        user_id: people.bea.user_id.clone(),
    };
    people.world.call(&people.admin, request).await.unwrap();
    let closed = ListUsersRequest {
        active: Some(false),
        ..ListUsersRequest::default()
    };
    assert_eq!(
        people.list(closed).await.0,
        std::slice::from_ref(&people.bea.user_id)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_range_of_creation_includes_its_start_and_not_its_end() {
    let people = people().await;
    let (all, _) = people.list(ListUsersRequest::default()).await;
    assert_eq!(all.len(), 4);
    let answer = people
        .world
        .call(&people.admin, ListUsersRequest::default());
    let users = answer.await.unwrap().users.into_iter();
    let created = users.map(|user| user.created_at);
    let created: Vec<_> = created.collect();
    let middle = ListUsersRequest {
        created_from: created[1],
        created_before: created[3],
        ..ListUsersRequest::default()
    };
    assert_eq!(people.list(middle).await.0, all[1..3]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_go_in_either_direction_of_either_order() {
    let people = people().await;
    let (admin, anna) = (&people.admin, &people.anna);
    people
        .world
        .login("anna@example.com", PASSWORD)
        .await
        .unwrap();
    let by_creation = ids([admin, anna, &people.tara, &people.bea]);
    let by_login = ids([admin, &people.tara, &people.bea, anna]);
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
                let (ids, token) = people.list(request.clone()).await;
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
    let people = people().await;
    let request = ListUsersRequest {
        page_size: 1,
        ..ListUsersRequest::default()
    };
    let (_, page_token) = people.list(request).await;
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
    let refused = people.world.call(&people.admin, bad).await.unwrap_err();
    let expected = [
        "email",
        "order",
        "role",
        "created_from",
        "page_size",
        "page_token",
    ];
    assert_eq!(fields(&refused), expected);
    let own = people.world.call(&people.anna, ListUsersRequest::default());
    let refused = own.await.unwrap_err();
    assert_eq!(reason(&refused), "ROLE_NOT_ALLOWED");
}

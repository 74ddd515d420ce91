use contracts::{
    common::v1::Role,
    identity::v1::{
        ChangeRoleRequest, DeactivateUserRequest, GetUserRequest, ReactivateUserRequest,
        UpdateUserRequest, User,
    },
};
use futures::future::join_all;
use tonic::{Code, Status};

use crate::world::{Account, PASSWORD, PHONE, World, child, fields, id, profile, reason};

fn change(user_id: &str, role: Role) -> ChangeRoleRequest {
    ChangeRoleRequest {
        request_id: id(),
        user_id: user_id.to_owned(),
        role: role.into(),
    }
}

fn deactivation(user_id: &str) -> DeactivateUserRequest {
    DeactivateUserRequest {
        request_id: id(),
        user_id: user_id.to_owned(),
    }
}

fn reactivation(user_id: &str) -> ReactivateUserRequest {
    ReactivateUserRequest {
        request_id: id(),
        user_id: user_id.to_owned(),
    }
}

fn update(user_id: &str) -> UpdateUserRequest {
    UpdateUserRequest {
        request_id: id(),
        user_id: user_id.to_owned(),
        first_name: None,
        last_name: None,
        phone_number: None,
    }
}

/// The account as it is now.
async fn read(world: &World, reader: &Account, user_id: &str) -> User {
    let min_position = Some(world.head().await);
    let request = GetUserRequest {
        user_id: user_id.to_owned(),
        min_position,
    };
    let answer = world.call(reader, request).await;
    answer.unwrap().user.unwrap()
}

fn refusal(status: &Status) -> (Code, String) {
    (status.code(), reason(status))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_changes_what_they_give_and_nothing_else() {
    let world = World::start().await;
    let anna = world
        .account_with_phone(Role::Parent, "anna@example.com")
        .await;
    let request = UpdateUserRequest {
        last_name: Some("  Lind ".to_owned()),
        ..update(&anna.user_id)
    };
    let first = world.call(&anna, request.clone()).await.unwrap();
    let again = world.call(&anna, request).await.unwrap();
    assert_eq!(first, again);
    let user = read(&world, &anna, &anna.user_id).await;
    assert_eq!(
        (user.first_name.as_str(), user.last_name.as_str()),
        ("Anna", "Lind")
    );
    assert_eq!(user.phone_number, PHONE);
    let request = UpdateUserRequest {
        phone_number: Some(String::new()),
        ..update(&anna.user_id)
    };
    world.call(&anna, request).await.unwrap();
    assert_eq!(read(&world, &anna, &anna.user_id).await.phone_number, "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_that_is_wrong_with_an_update_is_told_together() {
    let world = World::start().await;
    let anna = world.account(Role::Parent, "anna@example.com").await;
    let bad = UpdateUserRequest {
        request_id: "1".to_owned(),
        user_id: String::new(),
        first_name: Some(" ".to_owned()),
        last_name: Some("x".repeat(101)),
        phone_number: Some("123".to_owned()),
    };
    let refused = world.call(&anna, bad).await.unwrap_err();
    assert_eq!(
        fields(&refused),
        [
            "request_id",
            "user_id",
            "first_name",
            "last_name",
            "phone_number"
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_elses_account_is_changed_by_an_administrator_alone() {
    let world = World::start().await;
    let anna = world.account(Role::Parent, "anna@example.com").await;
    let bea = world.account(Role::Parent, "bea@example.com").await;
    let admin = world.admin().await;
    let request = UpdateUserRequest {
        first_name: Some("Annika".to_owned()),
        ..update(&anna.user_id)
    };
    let refused = world.call(&bea, request.clone()).await;
    assert_eq!(reason(&refused.unwrap_err()), "NOT_FOUND");
    world.call(&admin, request).await.unwrap();
    let user = read(&world, &anna, &anna.user_id).await;
    assert_eq!(user.first_name, "Annika");
    let nobody = UpdateUserRequest {
        first_name: Some("Nobody".to_owned()),
        ..update(&id())
    };
    let refused = world.call(&admin, nobody).await.unwrap_err();
    assert_eq!(reason(&refused), "NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_counts_from_the_next_login() {
    let world = World::start().await;
    let anna = world.account(Role::Parent, "anna@example.com").await;
    let admin = world.admin().await;
    world
        .call(&admin, change(&anna.user_id, Role::Trainer))
        .await
        .unwrap();
    world
        .call(&admin, change(&anna.user_id, Role::Trainer))
        .await
        .unwrap();
    assert_eq!(
        read(&world, &anna, &anna.user_id).await.role(),
        Role::Trainer
    );
    let login = world.login("anna@example.com", PASSWORD).await.unwrap();
    assert_eq!(login.role(), Role::Trainer);
    let refused = world
        .call(&admin, change("x", Role::Service))
        .await
        .unwrap_err();
    assert_eq!(fields(&refused), ["user_id", "role"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guardian_remains_a_parent_and_a_profile_belongs_to_a_trainer() {
    let world = World::start().await;
    let anna = world.account(Role::Parent, "anna@example.com").await;
    let tara = world.account(Role::Trainer, "tara@example.com").await;
    let admin = world.admin().await;
    world.call(&anna, child("Cleo")).await.unwrap();
    world.call(&tara, profile("Quinn")).await.unwrap();
    for user_id in [&anna.user_id, &tara.user_id] {
        let request = change(user_id, Role::Admin);
        let refused = world.call(&admin, request).await;
        let expected = (Code::FailedPrecondition, "ROLE_MISMATCH".to_owned());
        assert_eq!(refusal(&refused.unwrap_err()), expected);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_account_is_told_of_only_with_the_right_password() {
    let world = World::start().await;
    let anna = world.account(Role::Parent, "anna@example.com").await;
    let admin = world.admin().await;
    world
        .call(&admin, deactivation(&anna.user_id))
        .await
        .unwrap();
    world
        .call(&admin, deactivation(&anna.user_id))
        .await
        .unwrap();
    let refused = world.login("anna@example.com", PASSWORD).await.unwrap_err();
    let expected = (Code::PermissionDenied, "ACCOUNT_DEACTIVATED".to_owned());
    assert_eq!(refusal(&refused), expected);
    let guess = world.login("anna@example.com", "incorrect horse").await;
    assert_eq!(reason(&guess.unwrap_err()), "BAD_CREDENTIALS");
    let own = UpdateUserRequest {
        first_name: Some("Anne".to_owned()),
        ..update(&anna.user_id)
    };
    let refused = world.call(&anna, own).await;
    assert_eq!(reason(&refused.unwrap_err()), "ACCOUNT_DEACTIVATED");
    assert!(!read(&world, &admin, &anna.user_id).await.active);
    world
        .call(&admin, reactivation(&anna.user_id))
        .await
        .unwrap();
    world
        .call(&admin, reactivation(&anna.user_id))
        .await
        .unwrap();
    assert!(read(&world, &admin, &anna.user_id).await.active);
    world.login("anna@example.com", PASSWORD).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_active_administrator_stays() {
    let world = World::start().await;
    let admin = world.admin().await;
    let last = (Code::FailedPrecondition, "LAST_ADMIN".to_owned());
    let demoted = world
        .call(&admin, change(&admin.user_id, Role::Parent))
        .await;
    assert_eq!(refusal(&demoted.unwrap_err()), last);
    let closed = world.call(&admin, deactivation(&admin.user_id)).await;
    assert_eq!(refusal(&closed.unwrap_err()), last);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_all_administrators_who_leave_at_once_one_stays() {
    let world = World::start().await;
    let admin = world.admin().await;
    let mut everybody = vec![admin.user_id.clone()];
    for number in 0..5 {
        let email = format!("admin{number}@example.com");
        let account = world.account(Role::Parent, &email).await;
        let request = change(&account.user_id, Role::Admin);
        world.call(&admin, request).await.unwrap();
        everybody.push(account.user_id);
    }
    let leaving = everybody.iter().enumerate().map(|(number, user_id)| {
        let (world, admin) = (&world, &admin);
        async move {
            if number % 2 == 0 {
                let demotion = change(user_id, Role::Parent);
                world.call(admin, demotion).await.map(drop)
            } else {
                let closing = deactivation(user_id);
                world.call(admin, closing).await.map(drop)
            }
        }
    });
    let outcomes = join_all(leaving).await.into_iter();
    let refusals: Vec<_> = outcomes.filter_map(Result::err).collect();
    let refusals: Vec<_> = refusals.iter().map(reason).collect();
    assert_eq!(refusals, ["LAST_ADMIN"]);
    let log = world.database().log().await;
    let seats = log.claimed("user.active-admin").await.unwrap();
    assert_eq!(seats.len(), 1);
}

use contracts::{
    common::v1::Role,
    identity::v1::{
        ChangeRoleRequest, DeactivateUserRequest, GetUserRequest, ReactivateUserRequest,
        UpdateUserRequest, User,
    },
};
use tonic::{Code, Status};

use crate::harness::{Account, Harness, PASSWORD, PHONE, child, fields, id, profile, reason};

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
async fn read(harness: &Harness, reader: &Account, user_id: &str) -> User {
    let min_position = Some(harness.head().await);
    let request = GetUserRequest {
        user_id: user_id.to_owned(),
        min_position,
    };
    let answer = harness.users(&reader.bearer).get_user(request).await;
    answer.unwrap().into_inner().user.unwrap()
}

fn refusal(status: &Status) -> (Code, String) {
    (status.code(), reason(status))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_changes_what_they_give_and_nothing_else() {
    let harness = Harness::start().await;
    let anna = harness
        .account_with_phone(Role::Parent, "anna@example.com")
        .await;
    let mut users = harness.users(&anna.bearer);
    let request = UpdateUserRequest {
        last_name: Some("  Lind ".to_owned()),
        ..update(&anna.user_id)
    };
    let first = users.update_user(request.clone()).await.unwrap();
    let again = users.update_user(request).await.unwrap();
    assert_eq!(first.into_inner(), again.into_inner());
    let user = read(&harness, &anna, &anna.user_id).await;
    assert_eq!(
        (user.first_name.as_str(), user.last_name.as_str()),
        ("Anna", "Lind")
    );
    assert_eq!(user.phone_number, PHONE);
    let request = UpdateUserRequest {
        phone_number: Some(String::new()),
        ..update(&anna.user_id)
    };
    users.update_user(request).await.unwrap();
    assert_eq!(read(&harness, &anna, &anna.user_id).await.phone_number, "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_that_is_wrong_with_an_update_is_told_together() {
    let harness = Harness::start().await;
    let anna = harness.account(Role::Parent, "anna@example.com").await;
    let bad = UpdateUserRequest {
        request_id: "1".to_owned(),
        user_id: String::new(),
        first_name: Some(" ".to_owned()),
        last_name: Some("x".repeat(101)),
        phone_number: Some("123".to_owned()),
    };
    let refused = harness
        .users(&anna.bearer)
        .update_user(bad)
        .await
        .unwrap_err();
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
    let harness = Harness::start().await;
    let anna = harness.account(Role::Parent, "anna@example.com").await;
    let bea = harness.account(Role::Parent, "bea@example.com").await;
    let admin = harness.admin().await;
    let request = UpdateUserRequest {
        first_name: Some("Annika".to_owned()),
        ..update(&anna.user_id)
    };
    let refused = harness
        .users(&bea.bearer)
        .update_user(request.clone())
        .await;
    assert_eq!(reason(&refused.unwrap_err()), "NOT_FOUND");
    let mut users = harness.users(&admin.bearer);
    users.update_user(request).await.unwrap();
    let user = read(&harness, &anna, &anna.user_id).await;
    assert_eq!(user.first_name, "Annika");
    let nobody = UpdateUserRequest {
        first_name: Some("Nobody".to_owned()),
        ..update(&id())
    };
    let refused = users.update_user(nobody).await.unwrap_err();
    assert_eq!(reason(&refused), "NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_counts_from_the_next_login() {
    let harness = Harness::start().await;
    let anna = harness.account(Role::Parent, "anna@example.com").await;
    let admin = harness.admin().await;
    let mut users = harness.users(&admin.bearer);
    users
        .change_role(change(&anna.user_id, Role::Trainer))
        .await
        .unwrap();
    users
        .change_role(change(&anna.user_id, Role::Trainer))
        .await
        .unwrap();
    assert_eq!(
        read(&harness, &anna, &anna.user_id).await.role(),
        Role::Trainer
    );
    let login = harness.login("anna@example.com", PASSWORD).await.unwrap();
    assert_eq!(login.role(), Role::Trainer);
    let refused = users
        .change_role(change("x", Role::Service))
        .await
        .unwrap_err();
    assert_eq!(fields(&refused), ["user_id", "role"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guardian_remains_a_parent_and_a_profile_belongs_to_a_trainer() {
    let harness = Harness::start().await;
    let anna = harness.account(Role::Parent, "anna@example.com").await;
    let tara = harness.account(Role::Trainer, "tara@example.com").await;
    let admin = harness.admin().await;
    let children = &mut harness.children(&anna.bearer);
    children.add_child(child("Cleo")).await.unwrap();
    let trainers = &mut harness.trainers(&tara.bearer);
    trainers.create_trainer(profile("Quinn")).await.unwrap();
    for user_id in [&anna.user_id, &tara.user_id] {
        let request = change(user_id, Role::Admin);
        let refused = harness.users(&admin.bearer).change_role(request).await;
        let expected = (Code::FailedPrecondition, "ROLE_MISMATCH".to_owned());
        assert_eq!(refusal(&refused.unwrap_err()), expected);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_account_is_told_of_only_with_the_right_password() {
    let harness = Harness::start().await;
    let anna = harness.account(Role::Parent, "anna@example.com").await;
    let admin = harness.admin().await;
    let mut users = harness.users(&admin.bearer);
    users
        .deactivate_user(deactivation(&anna.user_id))
        .await
        .unwrap();
    users
        .deactivate_user(deactivation(&anna.user_id))
        .await
        .unwrap();
    let refused = harness
        .login("anna@example.com", PASSWORD)
        .await
        .unwrap_err();
    let expected = (Code::PermissionDenied, "ACCOUNT_DEACTIVATED".to_owned());
    assert_eq!(refusal(&refused), expected);
    let guess = harness.login("anna@example.com", "incorrect horse").await;
    assert_eq!(reason(&guess.unwrap_err()), "BAD_CREDENTIALS");
    let own = UpdateUserRequest {
        first_name: Some("Anne".to_owned()),
        ..update(&anna.user_id)
    };
    let refused = harness.users(&anna.bearer).update_user(own).await;
    assert_eq!(reason(&refused.unwrap_err()), "ACCOUNT_DEACTIVATED");
    assert!(!read(&harness, &admin, &anna.user_id).await.active);
    users
        .reactivate_user(reactivation(&anna.user_id))
        .await
        .unwrap();
    users
        .reactivate_user(reactivation(&anna.user_id))
        .await
        .unwrap();
    assert!(read(&harness, &admin, &anna.user_id).await.active);
    harness.login("anna@example.com", PASSWORD).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_active_administrator_stays() {
    let harness = Harness::start().await;
    let admin = harness.admin().await;
    let mut users = harness.users(&admin.bearer);
    let last = (Code::FailedPrecondition, "LAST_ADMIN".to_owned());
    let demoted = users
        .change_role(change(&admin.user_id, Role::Parent))
        .await;
    assert_eq!(refusal(&demoted.unwrap_err()), last);
    let closed = users.deactivate_user(deactivation(&admin.user_id)).await;
    assert_eq!(refusal(&closed.unwrap_err()), last);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_all_administrators_who_leave_at_once_one_stays() {
    let harness = Harness::start().await;
    let admin = harness.admin().await;
    let mut everybody = vec![admin.user_id.clone()];
    for number in 0..5 {
        let email = format!("admin{number}@example.com");
        let account = harness.account(Role::Parent, &email).await;
        let request = change(&account.user_id, Role::Admin);
        harness
            .users(&admin.bearer)
            .change_role(request)
            .await
            .unwrap();
        everybody.push(account.user_id);
    }
    let leaving = everybody.iter().enumerate().map(|(number, user_id)| {
        let mut users = harness.users(&admin.bearer);
        let (demotion, closing) = (change(user_id, Role::Parent), deactivation(user_id));
        tokio::spawn(async move {
            if number % 2 == 0 {
                users.change_role(demotion).await.map(drop)
            } else {
                users.deactivate_user(closing).await.map(drop)
            }
        })
    });
    let mut refusals = Vec::new();
    for outcome in leaving.collect::<Vec<_>>() {
        if let Err(status) = outcome.await.unwrap() {
            refusals.push(reason(&status));
        }
    }
    assert_eq!(refusals, ["LAST_ADMIN"]);
    let seats = harness.log.claimed("user.active-admin").await.unwrap();
    assert_eq!(seats.len(), 1);
}

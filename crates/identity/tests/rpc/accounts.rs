use chrono::{TimeDelta, Utc};
use contracts::{
    common::v1::Role,
    identity::v1::{GetUserRequest, ListSigningKeysRequest, RegisterUserRequest},
};
use identity::{CreateAdminError, NewAdmin};
use service::auth::Claims;
use tonic::Code;

use crate::harness::{
    Bearer, Harness, PASSWORD, PHONE, fields, id, reason, registration, registration_with_phone,
};

async fn register(
    harness: &Harness,
    request: RegisterUserRequest,
) -> Result<String, tonic::Status> {
    let answer = harness
        .users(&Bearer::default())
        .register_user(request)
        .await?;
    Ok(answer.into_inner().user_id)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_registers_logs_in_at_once_and_reads_their_account() {
    let harness = Harness::start().await;
    let user_id = register(
        &harness,
        registration_with_phone(Role::Parent, "Anna@Example.com"),
    )
    .await
    .unwrap();
    let login = harness.login("anna@EXAMPLE.com", PASSWORD).await.unwrap();
    assert_eq!((&login.user_id, login.role()), (&user_id, Role::Parent));
    let request = GetUserRequest {
        user_id: user_id.clone(),
        min_position: login.position,
    };
    let user = harness
        .users(&Bearer(login.access_token))
        .get_user(request)
        .await
        .unwrap();
    let user = user.into_inner().user.unwrap();
    assert_eq!(
        (user.user_id.as_str(), user.email.as_str(), user.role()),
        (user_id.as_str(), "Anna@Example.com", Role::Parent)
    );
    assert_eq!(
        (user.first_name.as_str(), user.last_name.as_str()),
        ("Anna", "Berg")
    );
    assert_eq!(user.phone_number, PHONE);
    assert_eq!(user.created_at, user.updated_at);
    assert!(user.last_login_at.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_has_one_user_whatever_its_case() {
    let harness = Harness::start().await;
    register(&harness, registration(Role::Parent, "anna@example.com"))
        .await
        .unwrap();
    let refused = register(&harness, registration(Role::Trainer, "ANNA@example.COM"))
        .await
        .unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::AlreadyExists, "EMAIL_TAKEN")
    );
    assert_eq!(credentials(&harness).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_race_for_an_address_exactly_one_gets_it() {
    let harness = Harness::start().await;
    let racers = (0..24).map(|racer| {
        let email = if racer % 2 == 0 {
            "race@example.com"
        } else {
            "RACE@Example.com"
        };
        let mut users = harness.users(&Bearer::default());
        tokio::spawn(async move { users.register_user(registration(Role::Parent, email)).await })
    });
    let mut winners = Vec::new();
    for racer in racers.collect::<Vec<_>>() {
        match racer.await.unwrap() {
            Ok(answer) => winners.push(answer.into_inner().user_id),
            Err(refused) => assert_eq!(reason(&refused), "EMAIL_TAKEN"),
        }
    }
    let login = harness.login("race@example.com", PASSWORD).await.unwrap();
    assert_eq!(winners, [login.user_id]);
    assert_eq!(credentials(&harness).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_registration_gets_the_first_answer() {
    let harness = Harness::start().await;
    let request = registration(Role::Parent, "anna@example.com");
    let mut users = harness.users(&Bearer::default());
    let first = users
        .register_user(request.clone())
        .await
        .unwrap()
        .into_inner();
    let again = users.register_user(request).await.unwrap().into_inner();
    assert_eq!(first, again);
    assert_eq!(credentials(&harness).await, 1);
    assert_eq!(
        harness
            .login("anna@example.com", PASSWORD)
            .await
            .unwrap()
            .user_id,
        first.user_id
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_id_is_good_for_one_request() {
    let harness = Harness::start().await;
    let request = registration(Role::Parent, "anna@example.com");
    register(&harness, request.clone()).await.unwrap();
    let others = [
        RegisterUserRequest {
            email: "other@example.com".to_owned(),
            ..request.clone()
        },
        RegisterUserRequest {
            first_name: "Other".to_owned(),
            ..request.clone()
        },
        RegisterUserRequest {
            password: "another password".to_owned(),
            ..request
        },
    ];
    for other in others {
        let refused = register(&harness, other).await.unwrap_err();
        assert_eq!(
            (refused.code(), reason(&refused).as_str()),
            (Code::InvalidArgument, "REQUEST_ID_REUSED")
        );
    }
    assert_eq!(credentials(&harness).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_address_and_a_wrong_password_get_the_same_answer() {
    let harness = Harness::start().await;
    register(&harness, registration(Role::Parent, "anna@example.com"))
        .await
        .unwrap();
    let wrong = harness
        .login("anna@example.com", "wrong horse battery")
        .await
        .unwrap_err();
    let unknown = harness
        .login("nobody@example.com", "wrong horse battery")
        .await
        .unwrap_err();
    assert_eq!(
        (wrong.code(), reason(&wrong).as_str()),
        (Code::Unauthenticated, "BAD_CREDENTIALS")
    );
    assert_eq!(wrong.code(), unknown.code());
    assert_eq!(wrong.message(), unknown.message());
    assert_eq!(wrong.details(), unknown.details());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_that_is_wrong_with_a_registration_is_told_together() {
    let harness = Harness::start().await;
    let bad = RegisterUserRequest {
        request_id: "1".to_owned(),
        role: Role::Admin.into(),
        email: "anna".to_owned(),
        password: "short".to_owned(),
        first_name: " ".to_owned(),
        last_name: "x".repeat(101),
        phone_number: "123".to_owned(),
    };
    let refused = register(&harness, bad).await.unwrap_err();
    assert_eq!(
        fields(&refused),
        [
            "request_id",
            "role",
            "email",
            "password",
            "first_name",
            "last_name",
            "phone_number"
        ]
    );
    assert!(
        !refused.message().contains("short"),
        "{}",
        refused.message()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_but_an_operator_appoints_an_administrator() {
    let harness = Harness::start().await;
    for role in [Role::Admin, Role::Service, Role::Unspecified] {
        let refused = register(&harness, registration(role, "eve@example.com"))
            .await
            .unwrap_err();
        assert_eq!(fields(&refused), ["role"]);
    }
    let admin = harness.admin().await;
    let parent = harness.account(Role::Parent, "anna@example.com").await;
    let request = GetUserRequest {
        user_id: parent.user_id.clone(),
        min_position: parent.position,
    };
    let user = harness
        .users(&admin.bearer)
        .get_user(request)
        .await
        .unwrap()
        .into_inner()
        .user
        .unwrap();
    assert_eq!(user.user_id, parent.user_id);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_administrator_needs_an_address_of_their_own_and_a_good_password() {
    let harness = Harness::start().await;
    harness.admin().await;
    let create = async |email: &str, password: &str, first_name: &str| {
        let admin = NewAdmin {
            email: email.to_owned(),
            password: password.to_owned(),
            first_name: first_name.to_owned(),
            last_name: "Root".to_owned(),
        };
        identity::create_admin(&harness.parts, admin)
            .await
            .unwrap_err()
    };
    let taken = create("ROOT@example.com", PASSWORD, "Ada").await;
    assert!(matches!(taken, CreateAdminError::EmailTaken), "{taken}");
    let short = create("other@example.com", "short", "Ada").await;
    assert!(matches!(short, CreateAdminError::Password(_)), "{short}");
    let malformed = create("other", PASSWORD, "Ada").await;
    assert!(
        matches!(malformed, CreateAdminError::Email(_)),
        "{malformed}"
    );
    let nameless = create("other@example.com", PASSWORD, " ").await;
    assert!(matches!(nameless, CreateAdminError::Name), "{nameless}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_elses_account_is_not_found() {
    let harness = Harness::start().await;
    let anna = harness.account(Role::Parent, "anna@example.com").await;
    let eve = harness.account(Role::Trainer, "eve@example.com").await;
    for user_id in [anna.user_id, id()] {
        let request = GetUserRequest {
            user_id,
            min_position: eve.position.clone(),
        };
        let refused = harness
            .users(&eve.bearer)
            .get_user(request)
            .await
            .unwrap_err();
        assert_eq!(
            (refused.code(), reason(&refused).as_str()),
            (Code::NotFound, "NOT_FOUND")
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_is_read_with_a_valid_token_only() {
    let harness = Harness::start().await;
    let anna = harness.account(Role::Parent, "anna@example.com").await;
    let user_id = anna.user_id.parse().unwrap();
    let an_hour = TimeDelta::hours(1);
    let expired = harness.key.sign(&Claims::user(
        user_id,
        Role::Parent,
        Utc::now() - an_hour * 2,
        an_hour,
    ));
    let own_key = service::auth::KeyPair::generate().unwrap();
    let forged = own_key.sign(&Claims::user(user_id, Role::Admin, Utc::now(), an_hour));
    for (token, expected) in [
        (String::new(), "TOKEN_MISSING"),
        (expired, "TOKEN_EXPIRED"),
        (forged, "TOKEN_INVALID"),
    ] {
        let request = GetUserRequest {
            user_id: anna.user_id.clone(),
            min_position: None,
        };
        let refused = harness
            .users(&Bearer(token))
            .get_user(request)
            .await
            .unwrap_err();
        assert_eq!(
            (refused.code(), reason(&refused).as_str()),
            (Code::Unauthenticated, expected)
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_key_that_signs_tokens_is_public() {
    let harness = Harness::start().await;
    let keys = harness
        .keys()
        .list_signing_keys(ListSigningKeysRequest::default())
        .await
        .unwrap()
        .into_inner()
        .keys;
    assert_eq!(keys.len(), 1);
    assert_eq!(keys[0].algorithm, "EdDSA");
    assert_eq!(
        (keys[0].key_id.as_str(), keys[0].public_key.as_slice()),
        (harness.key.id(), harness.key.public_key())
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_holds_neither_passwords_nor_their_hashes() {
    let harness = Harness::start().await;
    harness.account(Role::Parent, "anna@example.com").await;
    let pool = harness.database.pool();
    let texts: Vec<(String,)> =
        sqlx::query_as("select row_to_json(e)::text from events e union all select row_to_json(r)::text from requests r")
            .fetch_all(&pool)
            .await
            .unwrap();
    assert!(!texts.is_empty());
    for (text,) in texts {
        assert!(
            !text.contains(PASSWORD) && !text.contains("argon2"),
            "{text}"
        );
    }
}

async fn credentials(harness: &Harness) -> i64 {
    sqlx::query_scalar("select count(*) from credentials")
        .fetch_one(&harness.database.pool())
        .await
        .unwrap()
}

use chrono::{TimeDelta, Utc};
use contracts::{
    common::v1::Role,
    identity::v1::{GetUserRequest, RegisterUserRequest},
};
use futures::future::join_all;
use identity::{CreateAdminError, NewAdmin};
use service::auth::Claims;
use testing::{Bearer, Caller};
use tonic::Code;

use crate::world::{
    PASSWORD, PHONE, World, fields, id, reason, registration, registration_with_phone,
};

async fn register(world: &World, request: RegisterUserRequest) -> Result<String, tonic::Status> {
    let answer = world.call(Caller::Nobody, request).await?;
    Ok(answer.user_id)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_registers_logs_in_at_once_and_reads_their_account() {
    let world = World::start().await;
    let user_id = register(
        &world,
        registration_with_phone(Role::Parent, "Anna@Example.com"),
    )
    .await
    .unwrap();
    let login = world.login("anna@EXAMPLE.com", PASSWORD).await.unwrap();
    assert_eq!((&login.user_id, login.role()), (&user_id, Role::Parent));
    let request = GetUserRequest {
        user_id: user_id.clone(),
        min_position: login.position,
    };
    let user = world
        .call(&login.access_token, request)
        .await
        .unwrap()
        .user
        .unwrap();
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
    let world = World::start().await;
    register(&world, registration(Role::Parent, "anna@example.com"))
        .await
        .unwrap();
    let refused = register(&world, registration(Role::Trainer, "ANNA@example.COM"))
        .await
        .unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::AlreadyExists, "EMAIL_TAKEN")
    );
    assert_eq!(credentials(&world).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_race_for_an_address_exactly_one_gets_it() {
    let world = World::start().await;
    let racers = (0..24).map(|racer| {
        let email = if racer % 2 == 0 {
            "race@example.com"
        } else {
            "RACE@Example.com"
        };
        world.call(Caller::Nobody, registration(Role::Parent, email))
    });
    let mut winners = Vec::new();
    for answer in join_all(racers).await {
        match answer {
            Ok(answer) => winners.push(answer.user_id),
            Err(refused) => assert_eq!(reason(&refused), "EMAIL_TAKEN"),
        }
    }
    let login = world.login("race@example.com", PASSWORD).await.unwrap();
    assert_eq!(winners, [login.user_id]);
    assert_eq!(credentials(&world).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_registration_gets_the_first_answer() {
    let world = World::start().await;
    let request = registration(Role::Parent, "anna@example.com");
    let first = world.call(Caller::Nobody, request.clone()).await.unwrap();
    let again = world.call(Caller::Nobody, request).await.unwrap();
    assert_eq!(first, again);
    assert_eq!(credentials(&world).await, 1);
    assert_eq!(
        world
            .login("anna@example.com", PASSWORD)
            .await
            .unwrap()
            .user_id,
        first.user_id
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_id_is_good_for_one_request() {
    let world = World::start().await;
    let request = registration(Role::Parent, "anna@example.com");
    register(&world, request.clone()).await.unwrap();
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
        let refused = register(&world, other).await.unwrap_err();
        assert_eq!(
            (refused.code(), reason(&refused).as_str()),
            (Code::InvalidArgument, "REQUEST_ID_REUSED")
        );
    }
    assert_eq!(credentials(&world).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_address_and_a_wrong_password_get_the_same_answer() {
    let world = World::start().await;
    register(&world, registration(Role::Parent, "anna@example.com"))
        .await
        .unwrap();
    let wrong = world
        .login("anna@example.com", "wrong horse battery")
        .await
        .unwrap_err();
    let unknown = world
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
    let world = World::start().await;
    let bad = RegisterUserRequest {
        request_id: "1".to_owned(),
        role: Role::Admin.into(),
        email: "anna".to_owned(),
        password: "short".to_owned(),
        first_name: " ".to_owned(),
        last_name: "x".repeat(101),
        phone_number: "123".to_owned(),
    };
    let refused = register(&world, bad).await.unwrap_err();
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
    let world = World::start().await;
    for role in [Role::Admin, Role::Service, Role::Unspecified] {
        let refused = register(&world, registration(role, "eve@example.com"))
            .await
            .unwrap_err();
        assert_eq!(fields(&refused), ["role"]);
    }
    let admin = world.admin().await;
    let parent = world.account(Role::Parent, "anna@example.com").await;
    let request = GetUserRequest {
        user_id: parent.user_id.clone(),
        min_position: parent.position,
    };
    let user = world.call(&admin, request).await.unwrap().user.unwrap();
    assert_eq!(user.user_id, parent.user_id);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_administrator_needs_an_address_of_their_own_and_a_good_password() {
    let world = World::start().await;
    world.admin().await;
    let create = async |email: &str, password: &str, first_name: &str| {
        let admin = NewAdmin {
            email: email.to_owned(),
            password: password.to_owned(),
            first_name: first_name.to_owned(),
            last_name: "Root".to_owned(),
        };
        identity::create_admin(world.resources().await, admin)
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
    let world = World::start().await;
    let anna = world.account(Role::Parent, "anna@example.com").await;
    let eve = world.account(Role::Trainer, "eve@example.com").await;
    for user_id in [anna.user_id, id()] {
        let request = GetUserRequest {
            user_id,
            min_position: eve.position.clone(),
        };
        let refused = world.call(&eve, request).await.unwrap_err();
        assert_eq!(
            (refused.code(), reason(&refused).as_str()),
            (Code::NotFound, "NOT_FOUND")
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_is_read_with_a_valid_token_only() {
    let world = World::start().await;
    let anna = world.account(Role::Parent, "anna@example.com").await;
    let user_id = anna.user_id.parse().unwrap();
    let an_hour = TimeDelta::hours(1);
    let expired = world.signing_key().await.sign(&Claims::user(
        user_id,
        Role::Parent,
        Utc::now() - an_hour * 2,
        an_hour,
    ));
    let own_key = service::auth::KeyPair::generate().unwrap();
    let forged = own_key.sign(&Claims::user(user_id, Role::Admin, Utc::now(), an_hour));
    for (bearer, expected) in [
        (&Caller::Nobody as &dyn Bearer, "TOKEN_MISSING"),
        (&expired, "TOKEN_EXPIRED"),
        (&forged, "TOKEN_INVALID"),
    ] {
        let request = GetUserRequest {
            user_id: anna.user_id.clone(),
            min_position: None,
        };
        let refused = world.call(bearer, request).await.unwrap_err();
        assert_eq!(
            (refused.code(), reason(&refused).as_str()),
            (Code::Unauthenticated, expected)
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_key_that_signs_tokens_is_public() {
    let world = World::start().await;
    let key = world.signing_key().await;
    let keys = world.listed_keys(false).await;
    assert_eq!(keys.len(), 1);
    assert_eq!(keys[0].algorithm, "EdDSA");
    assert_eq!(
        (keys[0].key_id.as_str(), keys[0].public_key.as_slice()),
        (key.id(), key.public_key())
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_holds_neither_passwords_nor_their_hashes() {
    let world = World::start().await;
    world.account(Role::Parent, "anna@example.com").await;
    let pool = world.database().pool();
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

async fn credentials(world: &World) -> i64 {
    sqlx::query_scalar("select count(*) from credentials")
        .fetch_one(&world.database().pool())
        .await
        .unwrap()
}

//! What becomes of a profile after it was created.

use contracts::{
    common::v1::{LogPosition, Money, Role},
    identity::v1::{
        AdditionalSource, AdditionalSources, EraseSubjectRequest, GetTrainerRequest, Photos,
        Trainer, TrainerContacts, UpdateTrainerRequest, UpdateTrainerResponse,
    },
};
use testing::Caller;
use tonic::{Code, Status};

use crate::{
    trainers::{create, list},
    world::{Account, World, fields, id, profile, reason},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_update_changes_what_it_names_and_nothing_else() {
    let world = World::start().await;
    let tara = world.account(Role::Trainer, "tara@example.com").await;
    let created = create(&world, &tara, profile("Quinn")).await.unwrap();
    let before = get(&world, &tara.user_id, created.position).await;
    let photos = vec!["https://example.com/new.jpg".to_owned()];
    let first = UpdateTrainerRequest {
        bio: Some("Right back.".to_owned()),
        photos: Some(Photos {
            addresses: photos.clone(),
        }),
        contacts: Some(TrainerContacts {
            email: String::new(),
            phone_number: "+12025550124".to_owned(),
        }),
        accepting_bookings: Some(false),
        ..change()
    };
    let updated = update(&world, &tara, first.clone()).await.unwrap();
    assert_eq!(updated.trainer_id, tara.user_id);
    assert_eq!(updated.price_per_hour, before.price_per_hour);
    let after = get(&world, &tara.user_id, updated.position.clone()).await;
    assert_ne!(after.updated_at, before.updated_at);
    let expected = Trainer {
        bio: "Right back.".to_owned(),
        photos,
        contacts: first.contacts.clone(),
        accepting_bookings: false,
        updated_at: after.updated_at,
        ..before
    };
    assert_eq!(after, expected);
    assert_eq!(update(&world, &tara, first).await.unwrap(), updated);

    let second = UpdateTrainerRequest {
        first_name: Some("Tamara".to_owned()),
        last_name: Some("Quinn-Lee".to_owned()),
        experience: Some(String::new()),
        photos: Some(Photos::default()),
        price_per_hour: Some(money("EUR", 9_500)),
        session_duration_minutes: Some(90),
        additional_sources: Some(AdditionalSources::default()),
        external: Some(false),
        ..change()
    };
    let updated = update(&world, &tara, second).await.unwrap();
    assert_eq!(updated.price_per_hour, Some(money("EUR", 9_500)));
    let last = get(&world, &tara.user_id, updated.position).await;
    let expected = Trainer {
        first_name: "Tamara".to_owned(),
        last_name: "Quinn-Lee".to_owned(),
        experience: String::new(),
        photos: vec![],
        price_per_hour: Some(money("EUR", 9_500)),
        session_duration_minutes: 90,
        additional_sources: vec![],
        external: false,
        updated_at: last.updated_at,
        ..after
    };
    assert_eq!(last, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_trainer_and_an_administrator_change_a_profile() {
    let world = World::start().await;
    let tara = world.account(Role::Trainer, "tara@example.com").await;
    let ugo = world.account(Role::Trainer, "ugo@example.com").await;
    let anna = world.account(Role::Parent, "anna@example.com").await;
    let admin = world.admin().await;
    create(&world, &tara, profile("Quinn")).await.unwrap();
    let of_tara = || UpdateTrainerRequest {
        trainer_id: tara.user_id.clone(),
        bio: Some("New.".to_owned()),
        ..change()
    };
    update(&world, &admin, of_tara()).await.unwrap();
    let refused = update(&world, &ugo, of_tara()).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::NotFound, "NOT_FOUND")
    );
    let refused = update(&world, &anna, of_tara()).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::PermissionDenied, "ROLE_NOT_ALLOWED")
    );
    let refused = update(&world, &ugo, change()).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::NotFound, "NOT_FOUND"),
        "there is no profile yet"
    );
    let refused = update(&world, &admin, change()).await.unwrap_err();
    assert_eq!(fields(&refused), ["trainer_id"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_that_is_wrong_with_an_update_is_told_together() {
    let world = World::start().await;
    let tara = world.account(Role::Trainer, "tara@example.com").await;
    let source = |title: &str, url: &str| AdditionalSource {
        title: title.to_owned(),
        url: url.to_owned(),
    };
    let bad = UpdateTrainerRequest {
        request_id: "x".to_owned(),
        trainer_id: "x".to_owned(),
        first_name: Some(" ".to_owned()),
        last_name: Some("x".repeat(101)),
        bio: Some("x".repeat(5_001)),
        experience: Some("\u{7}".to_owned()),
        photos: Some(Photos {
            addresses: vec!["https://example.com/a.jpg".to_owned(); 21],
        }),
        price_per_hour: Some(money("usd", 1)),
        session_duration_minutes: Some(481),
        contacts: Some(TrainerContacts {
            email: "@".to_owned(),
            phone_number: "+1".to_owned(),
        }),
        additional_sources: Some(AdditionalSources {
            sources: vec![
                source("Club", "https://example.com"),
                source(&"x".repeat(101), "https://example.com"),
            ],
        }),
        external: None,
        accepting_bookings: None,
    };
    let refused = update(&world, &tara, bad).await.unwrap_err();
    let mut told = fields(&refused);
    told.retain(|field| !field.starts_with("photos.addresses["));
    assert_eq!(
        told,
        [
            "request_id",
            "trainer_id",
            "first_name",
            "last_name",
            "bio",
            "experience",
            "photos.addresses",
            "contacts.email",
            "contacts.phone_number",
            "additional_sources.sources[1].title",
            "additional_sources.sources[1].url",
            "price_per_hour.currency_code",
            "session_duration_minutes",
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erased_trainer_is_blank_not_listed_and_cannot_come_back() {
    let world = World::start().await;
    let tara = world.account(Role::Trainer, "tara@example.com").await;
    create(&world, &tara, profile("Quinn")).await.unwrap();
    let erase = EraseSubjectRequest {
        request_id: id(),
        user_id: tara.user_id.clone(),
        child_id: String::new(),
    };
    let position = world.call(&tara, erase).await.unwrap().position;
    let erased = get(&world, &tara.user_id, position.clone()).await;
    let expected = Trainer {
        trainer_id: tara.user_id.clone(),
        price_per_hour: Some(money("USD", 8_000)),
        session_duration_minutes: 60,
        external: true,
        contacts: Some(TrainerContacts::default()),
        accepting_bookings: true,
        created_at: erased.created_at,
        updated_at: erased.updated_at,
        erased: true,
        ..Trainer::default()
    };
    assert_eq!(erased, expected);
    assert_eq!(list(&world, "", position).await.unwrap().trainers, []);
    let tokens: i64 = sqlx::query_scalar("select sum(cardinality(search)) from trainers")
        .fetch_one(&world.database().pool())
        .await
        .unwrap();
    assert_eq!(tokens, 0);
    let again = UpdateTrainerRequest {
        bio: Some("Back again.".to_owned()),
        ..change()
    };
    let refused = update(&world, &tara, again).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::FailedPrecondition, "SUBJECT_ERASED")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_key_of_a_trainer_has_sealed_is_gone_with_the_key() {
    let mut world = World::start().await;
    let tara = world.account(Role::Trainer, "tara@example.com").await;
    let position = create(&world, &tara, profile("Quinn"))
        .await
        .unwrap()
        .position;
    let keyring = &world.resources().await.keyring;
    let user_id = tara.user_id.parse().unwrap();
    keyring.destroy(user_id).await.unwrap();
    // It knows the key for a while.
    world.restart().await;
    let trainer = get(&world, &tara.user_id, position).await;
    assert_eq!(
        (trainer.first_name.as_str(), trainer.bio.as_str()),
        ("", "")
    );
    assert_eq!(trainer.photos, Vec::<String>::new());
    let again = UpdateTrainerRequest {
        bio: Some("Back again.".to_owned()),
        ..change()
    };
    let refused = update(&world, &tara, again).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::FailedPrecondition, "SUBJECT_ERASED")
    );
}

pub fn change() -> UpdateTrainerRequest {
    UpdateTrainerRequest {
        request_id: id(),
        ..UpdateTrainerRequest::default()
    }
}

pub fn money(currency_code: &str, minor_units: i64) -> Money {
    Money {
        currency_code: currency_code.to_owned(),
        minor_units,
    }
}

pub async fn update(
    world: &World,
    caller: &Account,
    request: UpdateTrainerRequest,
) -> Result<UpdateTrainerResponse, Status> {
    world.call(caller, request).await
}

pub async fn get(world: &World, trainer_id: &str, min_position: Option<LogPosition>) -> Trainer {
    let request = GetTrainerRequest {
        trainer_id: trainer_id.to_owned(),
        min_position,
    };
    let answer = world.call(Caller::Nobody, request).await.unwrap();
    answer.trainer.unwrap()
}

use contracts::{
    common::v1::{LogPosition, Money, Role},
    identity::v1::{
        AdditionalSource, CreateTrainerRequest, CreateTrainerResponse, GetTrainerRequest,
        ListTrainersRequest, ListTrainersResponse, TrainerContacts, UpdateTrainerRequest,
    },
};
use testing::Caller;
use tonic::{Code, Status};

use crate::{
    trainer_updates::{change, get, update},
    world::{Account, World, fields, id, profile, reason},
};

pub async fn create(
    world: &World,
    caller: &Account,
    request: CreateTrainerRequest,
) -> Result<CreateTrainerResponse, Status> {
    world.call(caller, request).await
}

pub async fn list(
    world: &World,
    page_token: &str,
    min_position: Option<LogPosition>,
) -> Result<ListTrainersResponse, Status> {
    let request = ListTrainersRequest {
        page_size: 2,
        page_token: page_token.to_owned(),
        min_position,
        ..ListTrainersRequest::default()
    };
    world.call(Caller::Nobody, request).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trainer_creates_their_profile_and_everybody_reads_it() {
    let world = World::start().await;
    let tara = world.account(Role::Trainer, "tara@example.com").await;
    let created = create(&world, &tara, profile("Quinn")).await.unwrap();
    assert_eq!(created.trainer_id, tara.user_id);
    let request = GetTrainerRequest {
        trainer_id: tara.user_id.clone(),
        min_position: created.position,
    };
    let trainer = world
        .call(Caller::Nobody, request)
        .await
        .unwrap()
        .trainer
        .unwrap();
    assert_eq!(trainer.trainer_id, tara.user_id);
    assert_eq!(
        (trainer.first_name.as_str(), trainer.last_name.as_str()),
        ("Tara", "Quinn")
    );
    assert_eq!(
        trainer.price_per_hour,
        Some(Money {
            currency_code: "USD".to_owned(),
            minor_units: 8_000
        })
    );
    assert_eq!(trainer.price_per_hour, created.price_per_hour);
    assert_eq!(
        (trainer.session_duration_minutes, trainer.external),
        (60, true)
    );
    assert_eq!(trainer.photos, ["https://example.com/tara.jpg"]);
    assert_eq!(
        (trainer.bio.as_str(), trainer.experience.as_str()),
        ("Left back.", "Ten years.")
    );
    assert_eq!(trainer.additional_sources, profile("").additional_sources);
    let contacts = trainer.contacts.unwrap();
    assert_eq!(
        (contacts.email.as_str(), contacts.phone_number.as_str()),
        ("tara@example.com", "+12025550123")
    );
    assert!(trainer.accepting_bookings && !trainer.erased);
    assert!(trainer.created_at.is_some());
    assert_eq!(trainer.updated_at, trainer.created_at);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_administrator_creates_a_profile_for_a_trainer_and_for_nobody_else() {
    let world = World::start().await;
    let admin = world.admin().await;
    let tara = world.account(Role::Trainer, "tara@example.com").await;
    let anna = world.account(Role::Parent, "anna@example.com").await;
    let for_user = |user_id: String| CreateTrainerRequest {
        user_id,
        ..profile("Quinn")
    };
    let created = create(&world, &admin, for_user(tara.user_id.clone()))
        .await
        .unwrap();
    assert_eq!(created.trainer_id, tara.user_id);
    let refused = create(&world, &admin, for_user(anna.user_id))
        .await
        .unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::FailedPrecondition, "ROLE_MISMATCH")
    );
    let refused = create(&world, &admin, for_user(id())).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::NotFound, "NOT_FOUND")
    );
    let refused = create(&world, &admin, for_user(String::new()))
        .await
        .unwrap_err();
    assert_eq!(fields(&refused), ["user_id"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trainer_creates_no_profile_for_others_and_a_parent_none_at_all() {
    let world = World::start().await;
    let tara = world.account(Role::Trainer, "tara@example.com").await;
    let ugo = world.account(Role::Trainer, "ugo@example.com").await;
    let anna = world.account(Role::Parent, "anna@example.com").await;
    let for_ugo = CreateTrainerRequest {
        user_id: ugo.user_id,
        ..profile("Quinn")
    };
    let refused = create(&world, &tara, for_ugo).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::NotFound, "NOT_FOUND")
    );
    let refused = create(&world, &anna, profile("Quinn")).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::PermissionDenied, "ROLE_NOT_ALLOWED")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trainer_has_one_profile_and_a_repeated_request_its_first_answer() {
    let world = World::start().await;
    let tara = world.account(Role::Trainer, "tara@example.com").await;
    let request = profile("Quinn");
    let first = create(&world, &tara, request.clone()).await.unwrap();
    assert_eq!(create(&world, &tara, request.clone()).await.unwrap(), first);
    let other = CreateTrainerRequest {
        session_duration_minutes: 90,
        ..request
    };
    let refused = create(&world, &tara, other).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::InvalidArgument, "REQUEST_ID_REUSED")
    );
    let refused = create(&world, &tara, profile("Quinn")).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::AlreadyExists, "TRAINER_EXISTS")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_that_is_wrong_with_a_profile_is_told_together() {
    let world = World::start().await;
    let tara = world.account(Role::Trainer, "tara@example.com").await;
    let bad = CreateTrainerRequest {
        request_id: String::new(),
        user_id: "x".to_owned(),
        first_name: String::new(),
        last_name: "x".repeat(101),
        bio: "x".repeat(5_001),
        experience: "x".repeat(5_001),
        photos: vec![
            "https://example.com/a.jpg".to_owned(),
            "http://example.com/b.jpg".to_owned(),
            "https://example.com/a.jpg".to_owned(),
        ],
        price_per_hour: Some(Money {
            currency_code: "USD".to_owned(),
            minor_units: 0,
        }),
        session_duration_minutes: 9,
        external: false,
        contacts: Some(TrainerContacts {
            email: "tara".to_owned(),
            phone_number: "555".to_owned(),
        }),
        additional_sources: vec![AdditionalSource {
            title: String::new(),
            url: "ftp://example.com".to_owned(),
        }],
    };
    let refused = create(&world, &tara, bad).await.unwrap_err();
    assert_eq!(
        fields(&refused),
        [
            "request_id",
            "user_id",
            "first_name",
            "last_name",
            "bio",
            "experience",
            "photos[1]",
            "photos[2]",
            "contacts.email",
            "contacts.phone_number",
            "additional_sources[0].title",
            "additional_sources[0].url",
            "price_per_hour.minor_units",
            "session_duration_minutes",
        ]
    );
    let priceless = CreateTrainerRequest {
        price_per_hour: None,
        ..profile("Quinn")
    };
    assert_eq!(
        fields(&create(&world, &tara, priceless).await.unwrap_err()),
        ["price_per_hour"]
    );
    let dollars = Some(Money {
        currency_code: "dollars".to_owned(),
        minor_units: 1,
    });
    let foreign = CreateTrainerRequest {
        price_per_hour: dollars,
        ..profile("Quinn")
    };
    let refused = create(&world, &tara, foreign).await.unwrap_err();
    assert_eq!(fields(&refused), ["price_per_hour.currency_code"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_a_profile_is_stored_in_clear() {
    let world = World::start().await;
    let tara = world.account(Role::Trainer, "tara@example.com").await;
    create(&world, &tara, profile("Quinn")).await.unwrap();
    let news = UpdateTrainerRequest {
        bio: Some("Right back.".to_owned()),
        ..change()
    };
    let position = update(&world, &tara, news).await.unwrap().position;
    get(&world, &tara.user_id, position).await;
    let stored: Vec<String> = sqlx::query_scalar(
        "select row_to_json(t)::text from trainers t union all select row_to_json(e)::text from events e",
    )
    .fetch_all(&world.database().pool())
    .await
    .unwrap();
    let stored = stored.join("\n").to_lowercase();
    // A sealed text is longer than an id, and may contain any short word by chance.
    let words = stored.split(|letter: char| !letter.is_alphanumeric() && !"-_".contains(letter));
    let words: Vec<&str> = words.filter(|word| word.len() <= 36).collect();
    assert!(words.contains(&"usd") && words.contains(&tara.user_id.as_str()));
    for personal in [
        "tara",
        "quinn",
        "back",
        "years",
        "example",
        "2025550123",
        "club",
    ] {
        let is_clear = words.iter().any(|word| word.contains(personal));
        assert!(!is_clear, "{personal} is stored in clear");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_show_the_latest_first_and_neither_repeat_nor_skip_when_trainers_join_between() {
    let world = World::start().await;
    for name in ["Abel", "Cole", "Diaz", "Eads"] {
        join(&world, name).await;
    }
    let position = join(&world, "Fox").await;
    let first = list(&world, "", position).await.unwrap();
    let position = join(&world, "Gray").await;
    let second = list(&world, &first.next_page_token, position)
        .await
        .unwrap();
    let last = list(&world, &second.next_page_token, None).await.unwrap();
    let names: Vec<_> = [&first, &second, &last]
        .iter()
        .flat_map(|page| {
            page.trainers
                .iter()
                .map(|trainer| trainer.last_name.as_str())
        })
        .collect();
    assert_eq!(names, ["Fox", "Eads", "Diaz", "Cole", "Abel"]);
    assert_eq!(last.next_page_token, "");
    let refused = list(&world, "forged", None).await.unwrap_err();
    assert_eq!(fields(&refused), ["page_token"]);
}

async fn join(world: &World, last_name: &str) -> Option<LogPosition> {
    let trainer = world
        .account(Role::Trainer, &format!("{}@example.com", id()))
        .await;
    create(world, &trainer, profile(last_name))
        .await
        .unwrap()
        .position
}

//! Medical data: by consent, sealed apart, every look recorded.

use chrono::TimeDelta;
use contracts::{
    common::v1::{LogPosition, Role},
    identity::v1::{
        AddCustomAllergenRequest, Allergen, Allergies, ChildMedical, ConsentPurpose,
        EmergencyContact, GetChildMedicalRequest, ListMedicalAccessRequest, MedicalAccess,
        MedicalConditions, MedicalField, RemoveCustomAllergenRequest, UpdateMedicalRequest,
    },
};
use identity::internals::medical_subject;
use tonic::{Code, Status};
use uuid::Uuid;

use crate::{
    child_records::{added, consent, has_key, not_found, precondition, told, withdraw},
    world::{Account, World, fields, id},
};

pub fn medical(child_id: &str) -> UpdateMedicalRequest {
    let names = ["peanuts", "Tree nuts", "ALLERGEN_PEANUTS", "Kiwi"];
    UpdateMedicalRequest {
        request_id: id(),
        child_id: child_id.to_owned(),
        allergies: Some(Allergies {
            names: names.map(str::to_owned).to_vec(),
        }),
        medical_conditions: Some(MedicalConditions {
            asthma: true,
            other: "Wears glasses.".to_owned(),
        }),
        emergency_contact: Some(EmergencyContact {
            name: "Greta Berg".to_owned(),
            phone_number: "+12025550123".to_owned(),
            relationship: "grandmother".to_owned(),
        }),
    }
}

pub async fn update(
    world: &World,
    caller: &Account,
    request: UpdateMedicalRequest,
) -> Result<Option<LogPosition>, Status> {
    Ok(world.call(caller, request).await?.position)
}

pub async fn read(
    world: &World,
    caller: &Account,
    child_id: &str,
    min_position: Option<LogPosition>,
) -> Result<ChildMedical, Status> {
    let request = GetChildMedicalRequest {
        child_id: child_id.to_owned(),
        min_position,
    };
    Ok(world.call(caller, request).await?.medical.unwrap())
}

async fn add(
    world: &World,
    caller: &Account,
    child_id: &str,
    name: &str,
) -> Result<String, Status> {
    let request = AddCustomAllergenRequest {
        request_id: id(),
        child_id: child_id.to_owned(),
        name: name.to_owned(),
    };
    Ok(world.call(caller, request).await?.allergen_id)
}

/// A child with the consent to medical data, and all of these.
async fn known(world: &World, guardian: &Account) -> (String, Option<LogPosition>) {
    let child_id = added(world, guardian).await;
    consent(world, guardian, &child_id, ConsentPurpose::MedicalData)
        .await
        .unwrap();
    let position = update(world, guardian, medical(&child_id)).await.unwrap();
    (child_id, position)
}

async fn accesses(
    world: &World,
    caller: &Account,
    child_id: &str,
    count: i64,
) -> Vec<MedicalAccess> {
    // The looks are the last events.
    let position = world.head().await;
    let mut all = Vec::new();
    let mut page_token = String::new();
    for _ in 0..=count {
        let request = ListMedicalAccessRequest {
            child_id: child_id.to_owned(),
            page_size: 1,
            page_token,
            min_position: Some(position.clone()),
        };
        let answer = world.call(caller, request).await.unwrap();
        all.extend(answer.accesses);
        page_token = answer.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_guardian_gives_medical_data_and_sees_them_unrecorded() {
    let world = World::start().await;
    let anna = world.account(Role::Parent, "anna@example.com").await;
    let (child_id, position) = known(&world, &anna).await;
    let shown = read(&world, &anna, &child_id, position).await.unwrap();
    let allergies: Vec<_> = shown.allergies().collect();
    assert_eq!(allergies, [Allergen::TreeNuts, Allergen::Peanuts]);
    let names: Vec<_> = shown
        .custom_allergens
        .iter()
        .map(|allergen| allergen.name.as_str())
        .collect();
    assert_eq!(names, ["Kiwi"]);
    let given = medical(&child_id);
    assert_eq!(shown.medical_conditions, given.medical_conditions);
    assert_eq!(shown.emergency_contact, given.emergency_contact);
    assert_eq!(accesses(&world, &anna, &child_id, 1).await, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_given_stays_and_an_empty_contact_is_nobody() {
    let world = World::start().await;
    let anna = world.account(Role::Parent, "anna@example.com").await;
    let (child_id, _) = known(&world, &anna).await;
    let request = UpdateMedicalRequest {
        request_id: id(),
        child_id: child_id.clone(),
        allergies: Some(Allergies::default()),
        medical_conditions: None,
        emergency_contact: Some(EmergencyContact::default()),
    };
    let position = update(&world, &anna, request).await.unwrap();
    let shown = read(&world, &anna, &child_id, position).await.unwrap();
    assert_eq!(shown.allergies, Vec::<i32>::new());
    assert_eq!(shown.custom_allergens.len(), 1, "removed one by one");
    assert!(
        shown
            .medical_conditions
            .is_some_and(|conditions| conditions.asthma)
    );
    assert_eq!(shown.emergency_contact, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn medical_data_need_a_consent_of_their_own() {
    let world = World::start().await;
    let anna = world.account(Role::Parent, "anna@example.com").await;
    let child_id = added(&world, &anna).await;
    let refused = update(&world, &anna, medical(&child_id)).await;
    assert_eq!(told(refused), precondition("CONSENT_MISSING"));
    let refused = add(&world, &anna, &child_id, "Kiwi").await;
    assert_eq!(told(refused), precondition("CONSENT_MISSING"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_the_consent_the_data_go_and_their_key_and_a_new_consent_has_a_new_one() {
    let world = World::start().await;
    let anna = world.account(Role::Parent, "anna@example.com").await;
    let (child_id, _) = known(&world, &anna).await;
    let purpose = ConsentPurpose::MedicalData;
    let subject = |generation| {
        let child = Uuid::parse_str(&child_id).unwrap().into();
        medical_subject(child, generation).to_string()
    };
    assert!(has_key(&world, &subject(0)).await);
    let position = withdraw(&world, &anna, &child_id, purpose).await.unwrap();
    assert!(!has_key(&world, &subject(0)).await);
    assert!(has_key(&world, &child_id).await);
    let shown = read(&world, &anna, &child_id, position).await.unwrap();
    let empty = ChildMedical {
        child_id: child_id.clone(),
        ..Default::default()
    };
    assert_eq!(shown, empty);
    let rows: i64 = sqlx::query_scalar(
        "select (select count(*) from custom_allergens) + (select count(*) from children \
         where allergies || medical_conditions || emergency_contact <> '')",
    )
    .fetch_one(&world.database().pool())
    .await
    .unwrap();
    assert_eq!(rows, 0);
    withdraw(&world, &anna, &child_id, purpose).await.unwrap();
    let refused = update(&world, &anna, medical(&child_id)).await;
    assert_eq!(told(refused), precondition("CONSENT_MISSING"));
    consent(&world, &anna, &child_id, purpose).await.unwrap();
    let position = update(&world, &anna, medical(&child_id)).await.unwrap();
    let shown = read(&world, &anna, &child_id, position).await.unwrap();
    assert_eq!(shown.allergies.len(), 2);
    assert!(has_key(&world, &subject(1)).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trainer_sees_the_medical_data_of_those_they_are_to_coach_and_is_recorded() {
    let world = World::start().await;
    let anna = world.account(Role::Parent, "anna@example.com").await;
    let tara = world.account(Role::Trainer, "tara@example.com").await;
    let tom = world.account(Role::Trainer, "tom@example.com").await;
    let (child_id, position) = known(&world, &anna).await;
    let sees = async |trainer: &Account| read(&world, trainer, &child_id, position.clone()).await;
    assert_eq!(told(sees(&tara).await), not_found());
    let session = world.held(&child_id, &tara.user_id, TimeDelta::hours(2));
    assert_eq!(told(sees(&tara).await), not_found());
    world.paid(session);
    let shown = sees(&tara).await.unwrap();
    assert_eq!(shown.allergies.len(), 2);
    assert_eq!(told(sees(&tom).await), not_found());
    world.canceled(session);
    assert_eq!(told(sees(&tara).await), not_found());
    let over = world.held(&child_id, &tara.user_id, TimeDelta::hours(-2));
    world.paid(over);
    assert_eq!(told(sees(&tara).await), not_found());
    world.confirmed_tickets(&child_id, &tom.user_id, TimeDelta::hours(-1));
    sees(&tom).await.unwrap();
    let recorded = accesses(&world, &anna, &child_id, 3).await;
    let readers: Vec<_> = recorded
        .iter()
        .map(|access| (access.reader_id.as_str(), access.role()))
        .collect();
    let (tom, tara) = (tom.user_id.as_str(), tara.user_id.as_str());
    assert_eq!(readers, [(tom, Role::Trainer), (tara, Role::Trainer)]);
    let shown: Vec<_> = recorded[0].fields().collect();
    let all = [
        MedicalField::Allergies,
        MedicalField::CustomAllergens,
        MedicalField::MedicalConditions,
        MedicalField::EmergencyContact,
    ];
    assert_eq!(shown, all);
    assert!(recorded[0].read_at.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_admins_look_is_recorded_and_a_strangers_finds_nothing() {
    let world = World::start().await;
    let anna = world.account(Role::Parent, "anna@example.com").await;
    let eve = world.account(Role::Parent, "eve@example.com").await;
    let admin = world.admin().await;
    let (child_id, position) = known(&world, &anna).await;
    let seen = read(&world, &admin, &child_id, position).await.unwrap();
    assert_eq!(seen.allergies.len(), 2);
    assert_eq!(told(read(&world, &eve, &child_id, None).await), not_found());
    assert_eq!(told(read(&world, &admin, &id(), None).await), not_found());
    let refused = update(&world, &eve, medical(&child_id)).await;
    assert_eq!(told(refused), not_found());
    let request = ListMedicalAccessRequest {
        child_id: child_id.clone(),
        ..Default::default()
    };
    let refused = world.call(&eve, request);
    assert_eq!(told(refused.await), not_found());
    let seen = accesses(&world, &admin, &child_id, 1).await;
    assert_eq!(seen.len(), 1);
    assert_eq!(
        (&seen[0].reader_id, seen[0].role()),
        (&admin.user_id, Role::Admin)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trainer_who_cannot_be_told_to_coach_is_not_shown_anything() {
    let world = World::without_scheduling().await;
    let anna = world.account(Role::Parent, "anna@example.com").await;
    let tara = world.account(Role::Trainer, "tara@example.com").await;
    let (child_id, _) = known(&world, &anna).await;
    let refused = read(&world, &tara, &child_id, None).await;
    assert_eq!(told(refused).0, Code::Unavailable);
    assert_eq!(accesses(&world, &anna, &child_id, 1).await, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_child_has_each_own_allergen_once_however_it_is_written() {
    let world = World::start().await;
    let anna = world.account(Role::Parent, "anna@example.com").await;
    let eve = world.account(Role::Parent, "eve@example.com").await;
    let (child_id, _) = known(&world, &anna).await;
    let kiwi = add(&world, &anna, &child_id, " kiwi ").await.unwrap();
    assert_eq!(add(&world, &anna, &child_id, "KIWI").await.unwrap(), kiwi);
    let other = add(&world, &anna, &child_id, "Star  fruit").await.unwrap();
    assert_eq!(
        add(&world, &anna, &child_id, "star fruit").await.unwrap(),
        other
    );
    let remove = |allergen_id: &str| RemoveCustomAllergenRequest {
        request_id: id(),
        child_id: child_id.clone(),
        allergen_id: allergen_id.to_owned(),
    };
    let refused = world.call(&eve, remove(&kiwi));
    assert_eq!(told(refused.await), not_found());
    world.call(&anna, remove(&kiwi)).await.unwrap();
    let position = world.call(&anna, remove(&kiwi)).await.unwrap().position;
    let shown = read(&world, &anna, &child_id, position).await.unwrap();
    assert_eq!(shown.custom_allergens.len(), 1);
    assert_eq!(shown.custom_allergens[0].name, "Star  fruit");
    assert_ne!(add(&world, &anna, &child_id, "kiwi").await.unwrap(), kiwi);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_that_is_wrong_with_medical_data_is_told_together() {
    let world = World::start().await;
    let anna = world.account(Role::Parent, "anna@example.com").await;
    let bad = UpdateMedicalRequest {
        request_id: String::new(),
        child_id: "x".to_owned(),
        allergies: Some(Allergies {
            names: vec!["milk".to_owned(), " ".to_owned(), "x".repeat(101)],
        }),
        medical_conditions: Some(MedicalConditions {
            asthma: false,
            other: "x".repeat(1_001),
        }),
        emergency_contact: Some(EmergencyContact {
            name: String::new(),
            phone_number: "call me".to_owned(),
            relationship: "x".repeat(101),
        }),
    };
    let refused = update(&world, &anna, bad).await.unwrap_err();
    assert_eq!(
        fields(&refused),
        [
            "request_id",
            "child_id",
            "allergies.names[1]",
            "allergies.names[2]",
            "medical_conditions.other",
            "emergency_contact.name",
            "emergency_contact.phone_number",
            "emergency_contact.relationship"
        ]
    );
    let refused = add(&world, &anna, "x", "Tree-nuts").await.unwrap_err();
    assert_eq!(fields(&refused), ["child_id", "name"]);
    let request = RemoveCustomAllergenRequest::default();
    let refused = world.call(&anna, request).await.unwrap_err();
    assert_eq!(fields(&refused), ["request_id", "child_id", "allergen_id"]);
    let request = ListMedicalAccessRequest {
        page_size: -1,
        page_token: "?".to_owned(),
        ..Default::default()
    };
    let refused = world.call(&anna, request).await.unwrap_err();
    assert_eq!(fields(&refused), ["child_id", "page_size", "page_token"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_medical_is_stored_in_clear() {
    let world = World::start().await;
    let anna = world.account(Role::Parent, "anna@example.com").await;
    let (child_id, position) = known(&world, &anna).await;
    read(&world, &anna, &child_id, position).await.unwrap();
    let texts: Vec<String> = sqlx::query_scalar(
        "select row_to_json(e)::text from events e where aggregate_type = 'child' \
         union all select row_to_json(r)::text from requests r \
         union all select row_to_json(c)::text from children c \
         union all select row_to_json(a)::text from custom_allergens a",
    )
    .fetch_all(&world.database().pool())
    .await
    .unwrap();
    assert!(texts.len() > 8);
    for text in texts {
        for clear in [
            "Kiwi", "PEANUTS", "asthma", "glasses", "Greta", "5550123", "grandm",
        ] {
            assert!(!text.contains(clear), "{text}");
        }
    }
}

//! What users find of calendars and sessions, each only what is theirs to see.

use chrono::{Days, NaiveDate, NaiveTime};
use contracts::identity::events::v1 as identity;
use contracts::identity::events::v1::identity_event::Event;
use contracts::scheduling::v1 as pb;
use contracts::scheduling::v1::SlotStatus;
use contracts::wire::timestamp;
use prost_types::Timestamp;
use testing::{Caller, eur, refusal, request_id, usd, violations};
use tonic::{Code, Status};
use uuid::Uuid;

use crate::world::{World, day, open_schedule, single};

fn not_found() -> (Code, String) {
    (Code::NotFound, "NOT_FOUND".to_owned())
}

fn midnight(date: NaiveDate) -> Timestamp {
    timestamp(date.and_time(NaiveTime::MIN).and_utc())
}

#[tokio::test]
async fn a_location_is_found_by_its_id() {
    let world = World::start().await;
    let location_id = world.location("Europe/Berlin").await;
    let get = async |location_id: String| {
        let get = pb::GetLocationRequest {
            location_id,
            min_position: Some(world.head().await),
        };
        world.call(Caller::parent(), get).await
    };
    let found = get(location_id.clone()).await.unwrap().location.unwrap();
    assert_eq!(found.location_id, location_id);
    assert_eq!(found.time_zone, "Europe/Berlin");
    let unknown = get(Uuid::now_v7().to_string()).await.unwrap_err();
    assert_eq!(refusal(&unknown), not_found());
}

#[tokio::test]
async fn where_a_trainer_works_is_listed_by_name_page_by_page() {
    let world = World::start().await;
    let (trainer, other) = (world.trainer(), world.trainer());
    for (name, time_zone) in [
        ("Riverside", "UTC"),
        ("Arena", "Europe/Berlin"),
        ("Dome", "America/New_York"),
    ] {
        let create = pb::CreateLocationRequest {
            request_id: request_id(),
            name: name.to_owned(),
            time_zone: time_zone.to_owned(),
        };
        let created = world.call(Caller::Admin, create).await.unwrap();
        // The other trainer works at one of them only.
        for trainer in [Some(trainer), (name == "Dome").then_some(other)] {
            let Some(trainer) = trainer else { continue };
            let assign = pb::AssignTrainerLocationRequest {
                request_id: request_id(),
                trainer_id: trainer.id().to_string(),
                location_id: created.location_id.clone(),
            };
            world.call(trainer, assign).await.unwrap();
        }
    }
    let list = async |trainer_id: Uuid, page_size, page_token| {
        let list = pb::ListTrainerLocationsRequest {
            trainer_id: trainer_id.to_string(),
            page_size,
            page_token,
            min_position: Some(world.head().await),
        };
        // The caller of a page is the caller of the next one.
        let listed = world.call(Caller::Admin, list).await.unwrap();
        let locations = listed.locations.into_iter();
        let locations = locations.map(|it| (it.name, it.time_zone));
        (locations.collect::<Vec<_>>(), listed.next_page_token)
    };
    let pair = |name: &str, zone: &str| (name.to_owned(), zone.to_owned());
    let dome = pair("Dome", "America/New_York");
    let (first, token) = list(trainer.id(), 2, String::new()).await;
    assert_eq!(first, [pair("Arena", "Europe/Berlin"), dome.clone()]);
    let rest = list(trainer.id(), 2, token).await;
    assert_eq!(rest, (vec![pair("Riverside", "UTC")], String::new()));
    assert_eq!(list(other.id(), 0, String::new()).await.0, [dome]);
    assert_eq!(list(Uuid::now_v7(), 0, String::new()).await.0, []);
}

#[tokio::test]
async fn what_groups_pay_is_listed_by_size_page_by_page_with_the_price_that_counts() {
    let world = World::start().await;
    let (trainer, other) = (world.trainer(), world.trainer());
    for (of, participants, price) in [
        (trainer, 4, 20_000),
        (trainer, 2, 11_000),
        (other, 2, 9_000),
        (trainer, 12, 50_000),
        (trainer, 2, 12_000),
    ] {
        let set = pb::SetGroupPriceRequest {
            request_id: request_id(),
            trainer_id: of.id().to_string(),
            participants,
            price: Some(eur(price)),
        };
        world.call(of, set).await.unwrap();
    }
    let parent = Caller::parent();
    let list = async |trainer_id: Uuid, page_token| {
        let list = pb::ListGroupPricesRequest {
            trainer_id: trainer_id.to_string(),
            page_size: 2,
            page_token,
            min_position: Some(world.head().await),
        };
        let listed = world.call(parent, list).await.unwrap();
        let prices = listed.group_prices.into_iter();
        let prices = prices.map(|it| (it.participants, it.price.unwrap()));
        (prices.collect::<Vec<_>>(), listed.next_page_token)
    };
    let (first, token) = list(trainer.id(), String::new()).await;
    assert_eq!(first, [(2, eur(12_000)), (4, eur(20_000))]);
    let rest = list(trainer.id(), token).await;
    assert_eq!(rest, (vec![(12, eur(50_000))], String::new()));
    assert_eq!(list(Uuid::now_v7(), String::new()).await.0, []);
    let in_dollars = identity::TrainerUpdated {
        trainer_id: other.id().to_string(),
        price_per_hour: Some(usd(9_000)),
        session_duration_minutes: 60,
        accepting_bookings: true,
        ..Default::default()
    };
    assert_eq!(list(other.id(), String::new()).await.0, [(2, eur(9_000))]);
    world.identity_says(other.id(), Event::TrainerUpdated(in_dollars));
    world.heard().await;
    assert_eq!(list(other.id(), String::new()).await.0, []);
}

/// Opens a window of a day with a slot in it.
async fn window(world: &World, trainer: Caller, location_id: &str, date: NaiveDate) -> String {
    let slot = single(location_id, date, "09:00", "10:00");
    let open = open_schedule(trainer, date, 1, vec![slot]);
    world.call(trainer, open).await.unwrap().schedule_id
}

#[tokio::test]
async fn windows_are_listed_by_start_to_their_trainer_and_to_admins() {
    let world = World::start().await;
    let (trainer, location_id) = world.trainer_at_work("UTC").await;
    let (other, elsewhere) = world.trainer_at_work("UTC").await;
    let later = window(&world, trainer, &location_id, day() + Days::new(2)).await;
    let first = window(&world, trainer, &location_id, day()).await;
    let foreign = window(&world, other, &elsewhere, day() + Days::new(1)).await;
    let min_position = Some(world.head().await);
    let list = async |caller, request: pb::ListSchedulesRequest| {
        let request = pb::ListSchedulesRequest {
            min_position: min_position.clone(),
            ..request
        };
        let listed = world.call(caller, request).await?;
        let ids = listed.schedules.into_iter().map(|it| it.schedule_id);
        Ok::<_, Status>((ids.collect::<Vec<_>>(), listed.next_page_token))
    };
    let of = |trainer: Caller| pb::ListSchedulesRequest {
        trainer_id: trainer.id().to_string(),
        ..Default::default()
    };
    let all = pb::ListSchedulesRequest::default;
    let own = [first.clone(), later.clone()];
    assert_eq!(list(trainer, all()).await.unwrap().0, own);
    assert_eq!(list(trainer, of(trainer)).await.unwrap().0, own);
    assert!(list(trainer, of(other)).await.unwrap().0.is_empty());
    assert_eq!(list(Caller::Admin, of(trainer)).await.unwrap().0, own);
    let every = [first.clone(), foreign.clone(), later.clone()];
    assert_eq!(list(Caller::Admin, all()).await.unwrap().0, every);
    let page = |page_token| pb::ListSchedulesRequest {
        page_size: 2,
        page_token,
        ..all()
    };
    let (two, token) = list(Caller::Admin, page(String::new())).await.unwrap();
    assert_eq!(two, every[..2]);
    let rest = list(Caller::Admin, page(token)).await.unwrap();
    assert_eq!(rest, (vec![later], String::new()));
    // What ends when the time begins, and what begins when it ends, has no part in it.
    let between = pb::ListSchedulesRequest {
        from: Some(midnight(day() + Days::new(1))),
        until: Some(midnight(day() + Days::new(2))),
        ..all()
    };
    let (between, _) = list(Caller::Admin, between).await.unwrap();
    assert_eq!(between, [foreign]);
    let parent = list(Caller::parent(), all()).await.unwrap_err();
    assert_eq!(parent.code(), Code::PermissionDenied);
}

#[tokio::test]
async fn slots_that_sessions_have_are_listed_to_their_trainer_and_to_admins() {
    let world = World::start().await;
    let (trainer, slots) = world.slots(&[9, 11, 13]).await;
    let (other, foreign) = world.slots(&[12]).await;
    let (parent, children) = world.family(1);
    let held = world.book(parent, &slots[0], &children).await.unwrap();
    let booked = world.book(parent, &slots[1], &children).await.unwrap();
    world.settle(&booked.session_id, Uuid::now_v7()).await;
    let min_position = Some(world.head().await);
    let list = async |caller, request: pb::ListSlotsRequest| {
        let request = pb::ListSlotsRequest {
            min_position: min_position.clone(),
            ..request
        };
        world.call(caller, request).await
    };
    let ids = async |caller, request| {
        let listed = list(caller, request).await.unwrap();
        let ids = listed.slots.into_iter().map(|it| it.slot_id);
        ids.collect::<Vec<_>>()
    };
    let of = |caller: Caller| pb::ListSlotsRequest {
        trainer_id: caller.id().to_string(),
        ..Default::default()
    };
    let all = pb::ListSlotsRequest::default;
    for listed in [
        list(trainer, all()).await,
        list(Caller::Admin, of(trainer)).await,
    ] {
        let listed = listed.unwrap().slots;
        let told: Vec<_> = listed
            .iter()
            .map(|it| (it.slot_id.clone(), it.status(), it.session_id.clone()))
            .collect();
        let expected = [
            (slots[0].clone(), SlotStatus::Held, held.session_id.clone()),
            (
                slots[1].clone(),
                SlotStatus::Booked,
                booked.session_id.clone(),
            ),
            (slots[2].clone(), SlotStatus::Free, String::new()),
        ];
        assert_eq!(told, expected);
        let until: Vec<_> = listed.iter().map(|it| it.held_until).collect();
        assert_eq!(until, [held.hold_expires_at, None, None]);
    }
    assert_eq!(ids(other, all()).await, foreign);
    assert!(ids(other, of(trainer)).await.is_empty());
    let every = [&slots[0], &slots[1], &foreign[0], &slots[2]].map(Clone::clone);
    assert_eq!(ids(Caller::Admin, all()).await, every);
    let taken = pb::ListSlotsRequest {
        statuses: vec![SlotStatus::Held.into(), SlotStatus::Booked.into()],
        ..all()
    };
    assert_eq!(ids(Caller::Admin, taken).await, slots[..2]);
    let noon = |hour| Some(timestamp(day().and_hms_opt(hour, 0, 0).unwrap().and_utc()));
    let between = pb::ListSlotsRequest {
        from: noon(11),
        until: noon(13),
        ..all()
    };
    let expected = [slots[1].clone(), foreign[0].clone()];
    assert_eq!(ids(Caller::Admin, between).await, expected);
    let odd = pb::ListSlotsRequest {
        statuses: vec![SlotStatus::Free.into(), 0, 9],
        ..all()
    };
    let odd = violations(&list(trainer, odd).await.unwrap_err());
    assert_eq!(odd, ["statuses[1]: ENUM", "statuses[2]: ENUM"]);
    let refused = list(parent, all()).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
}

#[tokio::test]
async fn slots_are_listed_page_by_page_at_a_location() {
    let world = World::start().await;
    let (trainer, slots) = world.slots(&[9, 10, 11]).await;
    world.slots(&[10]).await;
    let get = pb::GetSlotRequest {
        slot_id: slots[0].clone(),
        min_position: Some(world.head().await),
    };
    let location_id = world
        .call(trainer, get)
        .await
        .unwrap()
        .slot
        .unwrap()
        .location_id;
    let mut found = vec![];
    let mut page_token = String::new();
    loop {
        let list = pb::ListSlotsRequest {
            location_id: location_id.clone(),
            page_size: 2,
            page_token,
            min_position: Some(world.head().await),
            ..Default::default()
        };
        let listed = world.call(Caller::Admin, list).await.unwrap();
        found.push(
            listed
                .slots
                .into_iter()
                .map(|it| it.slot_id)
                .collect::<Vec<_>>(),
        );
        page_token = listed.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(found, [slots[..2].to_vec(), slots[2..].to_vec()]);
}

#[tokio::test]
async fn a_slot_is_shown_to_all_while_it_can_be_booked_and_then_to_its_trainer_and_admins() {
    let world = World::start().await;
    let (trainer, slots) = world.slots(&[9]).await;
    let (parent, children) = world.family(1);
    let stranger = world.trainer();
    let get = async |caller| {
        let get = pb::GetSlotRequest {
            slot_id: slots[0].clone(),
            min_position: Some(world.head().await),
        };
        world.call(caller, get).await.map(|got| got.slot.unwrap())
    };
    let everybody = [parent, stranger, trainer, Caller::Admin];
    for caller in everybody {
        let slot = get(caller).await.unwrap();
        assert_eq!(
            (slot.status(), slot.local_start.as_str()),
            (SlotStatus::Free, "09:00")
        );
        assert_eq!(slot.trainer_id, trainer.id().to_string());
    }
    let booked = world.book(parent, &slots[0], &children).await.unwrap();
    for caller in [parent, Caller::parent(), stranger] {
        assert_eq!(refusal(&get(caller).await.unwrap_err()), not_found());
    }
    for caller in [trainer, Caller::Admin] {
        let slot = get(caller).await.unwrap();
        assert_eq!(slot.status(), SlotStatus::Held);
        assert_eq!(slot.session_id, booked.session_id);
    }
    world.cancel(parent, &booked.session_id).await.unwrap();
    for caller in everybody {
        let slot = get(caller).await.unwrap();
        assert_eq!(
            (slot.status(), slot.session_id.as_str()),
            (SlotStatus::Free, "")
        );
    }
}

#[tokio::test]
async fn sessions_are_filtered_by_who_takes_part_and_by_slot_within_what_the_caller_sees() {
    let world = World::start().await;
    let (trainer, slots) = world.slots(&[9, 11]).await;
    let (coach, others) = world.slots(&[14]).await;
    let (parent, children) = world.family(2);
    let (stranger, strange) = world.family(1);
    let given_up = world.book(parent, &slots[0], &children[..1]).await.unwrap();
    world.cancel(parent, &given_up.session_id).await.unwrap();
    let first = world.book(stranger, &slots[0], &strange).await.unwrap();
    let second = world.book(parent, &slots[1], &children[1..]).await.unwrap();
    let third = world
        .book(parent, &others[0], &children[..1])
        .await
        .unwrap();
    let min_position = Some(world.head().await);
    let find = async |caller, request: pb::ListSessionsRequest| {
        let request = pb::ListSessionsRequest {
            min_position: min_position.clone(),
            ..request
        };
        let listed = world.call(caller, request).await.unwrap();
        let mut ids: Vec<_> = listed
            .sessions
            .into_iter()
            .map(|it| it.session_id)
            .collect();
        ids.sort();
        ids
    };
    let all = pb::ListSessionsRequest::default;
    let of_trainer = |trainer: Caller| pb::ListSessionsRequest {
        trainer_id: trainer.id().to_string(),
        ..all()
    };
    let of_parent = |parent: Caller| pb::ListSessionsRequest {
        parent_id: parent.id().to_string(),
        ..all()
    };
    let of_child = |child: &Uuid| pb::ListSessionsRequest {
        child_id: child.to_string(),
        ..all()
    };
    let of_slot = |slot: &str| pb::ListSessionsRequest {
        slot_id: slot.to_owned(),
        ..all()
    };
    // The ids are in the order of the bookings.
    let sessions = |expected: &[&pb::BookSessionResponse]| {
        let ids = expected.iter().map(|it| it.session_id.clone());
        ids.collect::<Vec<_>>()
    };
    for (caller, request, expected) in [
        (Caller::Admin, of_trainer(coach), sessions(&[&third])),
        (Caller::Admin, of_parent(stranger), sessions(&[&first])),
        (
            Caller::Admin,
            of_child(&children[0]),
            sessions(&[&given_up, &third]),
        ),
        (
            Caller::Admin,
            of_slot(&slots[0]),
            sessions(&[&given_up, &first]),
        ),
        (parent, of_trainer(trainer), sessions(&[&given_up, &second])),
        (parent, of_slot(&slots[0]), sessions(&[&given_up])),
        (parent, of_child(&strange[0]), vec![]),
        (parent, of_parent(stranger), vec![]),
        (trainer, of_child(&children[0]), sessions(&[&given_up])),
        (trainer, of_parent(parent), sessions(&[&given_up, &second])),
        (trainer, of_trainer(coach), vec![]),
        (coach, of_slot(&slots[0]), vec![]),
    ] {
        assert_eq!(find(caller, request.clone()).await, expected, "{request:?}");
    }
}

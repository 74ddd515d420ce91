//! Drafting, publishing and finding events.

use std::time::Duration;

use contracts::{
    google::r#type::Date,
    ticketing::v1::{
        CreateEventRequest, EventState, EventType, GetEventRequest, ListEventsRequest,
    },
};
use testing::{Caller, reason, violations};
use tonic::Code;
use uuid::Uuid;

use crate::world::{World, camp, tier};

const HOLD: Duration = Duration::from_mins(15);

fn instant(text: &str) -> prost_types::Timestamp {
    let instant: chrono::DateTime<chrono::Utc> = text.parse().unwrap();
    std::time::SystemTime::from(instant).into()
}

#[tokio::test]
async fn a_draft_is_resolved_in_its_locations_zone_and_only_admins_see_it() {
    let world = World::start(HOLD).await;
    let location = world.add_location("America/New_York");
    let created = world.call(Caller::Admin, camp(location)).await.unwrap();
    assert_eq!(created.starts_at, Some(instant("2099-07-10T13:00:00Z")));
    assert_eq!(created.ends_at, Some(instant("2099-07-11T19:30:00Z")));

    let get = GetEventRequest {
        event_id: created.event_id.clone(),
        min_position: created.position.clone(),
    };
    for stranger in [Caller::Nobody, Caller::parent()] {
        let refused = world.call(stranger, get.clone()).await.unwrap_err();
        assert_eq!(
            (refused.code(), reason(&refused).as_str()),
            (Code::NotFound, "NOT_FOUND")
        );
    }
    let shown = world
        .event(&created.event_id, created.position.unwrap().position)
        .await;
    assert_eq!(shown.state(), EventState::Draft);
    assert_eq!(shown.time_zone, "America/New_York");
    assert_eq!(
        (shown.start_time.as_str(), shown.end_time.as_str()),
        ("09:00", "15:30")
    );
    assert_eq!(shown.days.len(), 2);
    assert_eq!(
        shown.days[1].starts_at,
        Some(instant("2099-07-11T13:00:00Z"))
    );
    assert_eq!((shown.min_age, shown.max_age), (Some(8), Some(14)));
    assert_eq!(shown.skill_levels, [1, 2]);
    assert_eq!(shown.trainer_ids, [Uuid::from_u128(300).to_string()]);
    assert_eq!(shown.tiers[0].r#type, "Early Bird");
    assert_eq!(shown.tiers[0].capacity, 10);

    let held = world
        .hold(Caller::parent(), &created.event_id, &[])
        .await
        .unwrap_err();
    assert_eq!(reason(&held), "INVALID_FIELDS");
    let parent = Caller::parent();
    let child = world.add_child(parent);
    let lines = [(created.tier_ids[0].as_str(), child)];
    let refused = world
        .hold(parent, &created.event_id, &lines)
        .await
        .unwrap_err();
    assert_eq!(reason(&refused), "EVENT_NOT_ON_SALE");
    world.stop().await;
}

#[tokio::test]
async fn publishing_shows_an_event_to_everyone_and_twice_is_success() {
    let world = World::start(HOLD).await;
    let event = world.on_sale(5, vec![tier("Seat", 4_999, 5)]).await;
    let again = world.publish(&event.event_id).await.unwrap();
    assert_eq!(again.state(), EventState::Published);
    let get = GetEventRequest {
        event_id: event.event_id.clone(),
        min_position: again.position,
    };
    let shown = world.call(Caller::Nobody, get).await.unwrap();
    let shown = shown.event.unwrap();
    assert_eq!(shown.state(), EventState::Published);
    assert!(shown.published_at.is_some());
    let unknown = Uuid::now_v7().to_string();
    let refused = world.publish(&unknown).await.unwrap_err();
    assert_eq!(reason(&refused), "NOT_FOUND");
    world.stop().await;
}

#[tokio::test]
async fn events_are_listed_by_their_start_in_pages_and_by_filter() {
    let world = World::start(HOLD).await;
    let location = world.add_location("Europe/Berlin");
    let mut position = 0;
    for day in [3, 1, 5, 2, 4] {
        let date = Some(Date {
            year: 2099,
            month: 3,
            day,
        });
        let event_type = if day == 4 {
            EventType::Clinic
        } else {
            EventType::Camp
        };
        let request = CreateEventRequest {
            title: format!("Day {day}"),
            event_type: event_type.into(),
            start_date: date,
            end_date: date,
            ..camp(location)
        };
        let created = world.call(Caller::Admin, request).await.unwrap();
        position = created.position.unwrap().position;
        if day != 5 {
            let published = world.publish(&created.event_id).await.unwrap();
            position = published.position.unwrap().position;
        }
    }
    let list = |caller, request: ListEventsRequest| {
        let request = ListEventsRequest {
            min_position: Some(world.position(position)),
            ..request
        };
        let world = &world;
        async move {
            let page = world.call(caller, request).await.unwrap();
            let titles: Vec<_> = page.events.into_iter().map(|event| event.title).collect();
            (titles, page.next_page_token)
        }
    };
    let (first, token) = list(
        Caller::Nobody,
        ListEventsRequest {
            page_size: 3,
            ..Default::default()
        },
    )
    .await;
    assert_eq!(first, ["Day 1", "Day 2", "Day 3"]);
    let next = ListEventsRequest {
        page_size: 3,
        page_token: token,
        ..Default::default()
    };
    assert_eq!(
        list(Caller::Nobody, next).await,
        (vec!["Day 4".to_owned()], String::new())
    );
    let (all, _) = list(Caller::Admin, ListEventsRequest::default()).await;
    assert_eq!(all.len(), 5, "an admin sees the draft");
    let clinics = ListEventsRequest {
        event_type: EventType::Clinic.into(),
        ..Default::default()
    };
    assert_eq!(list(Caller::Nobody, clinics).await.0, ["Day 4"]);
    let between = ListEventsRequest {
        from: Some(instant("2099-03-02T00:00:00Z")),
        until: Some(instant("2099-03-04T00:00:00Z")),
        ..Default::default()
    };
    assert_eq!(list(Caller::Nobody, between).await.0, ["Day 2", "Day 3"]);
    let in_state = |state: EventState| ListEventsRequest {
        state: state.into(),
        ..Default::default()
    };
    let drafts = || in_state(EventState::Draft);
    assert_eq!(list(Caller::Admin, drafts()).await.0, ["Day 5"]);
    assert!(list(Caller::Nobody, drafts()).await.0.is_empty());
    let (published, _) = list(Caller::Admin, in_state(EventState::Published)).await;
    assert_eq!(published, ["Day 1", "Day 2", "Day 3", "Day 4"]);
    world.stop().await;
}

#[tokio::test]
async fn events_are_found_by_their_location_and_by_who_coaches_them() {
    let world = World::start(HOLD).await;
    let (berlin, york) = (
        world.add_location("Europe/Berlin"),
        world.add_location("America/New_York"),
    );
    let (tom, eve) = (Uuid::now_v7(), Uuid::now_v7());
    let mut position = None;
    for (title, location, trainers) in [
        ("Both", berlin, vec![tom, eve]),
        ("Tom's", york, vec![tom]),
        ("Nobody's", berlin, vec![]),
    ] {
        let request = CreateEventRequest {
            title: title.to_owned(),
            trainer_ids: trainers.iter().map(ToString::to_string).collect(),
            ..camp(location)
        };
        let created = world.call(Caller::Admin, request).await.unwrap();
        position = world.publish(&created.event_id).await.unwrap().position;
    }
    let titles = async |location: Option<Uuid>, trainer: Option<Uuid>| {
        let text = |id: Option<Uuid>| id.map_or_else(String::new, |id| id.to_string());
        let request = ListEventsRequest {
            location_id: text(location),
            trainer_id: text(trainer),
            min_position: position.clone(),
            ..Default::default()
        };
        let page = world.call(Caller::Nobody, request).await.unwrap();
        let mut titles: Vec<_> = page.events.into_iter().map(|event| event.title).collect();
        titles.sort();
        titles
    };
    assert_eq!(titles(Some(berlin), None).await, ["Both", "Nobody's"]);
    assert_eq!(titles(None, Some(tom)).await, ["Both", "Tom's"]);
    assert_eq!(titles(None, Some(eve)).await, ["Both"]);
    assert_eq!(titles(Some(york), Some(tom)).await, ["Tom's"]);
    assert!(titles(Some(york), Some(eve)).await.is_empty());
    world.stop().await;
}

#[tokio::test]
async fn everything_wrong_with_a_draft_comes_back_together() {
    let world = World::start(HOLD).await;
    let request = CreateEventRequest {
        request_id: "1".to_owned(),
        title: " ".to_owned(),
        description: "x".repeat(10_001),
        event_type: 0,
        location_id: String::new(),
        start_date: None,
        end_date: Some(Date {
            year: 2099,
            month: 2,
            day: 30,
        }),
        start_time: "9".to_owned(),
        end_time: "25:00".to_owned(),
        max_participants: 0,
        min_age: Some(-1),
        max_age: Some(200),
        skill_levels: vec![1, 1, 9],
        trainer_ids: vec!["coach".to_owned()],
        tiers: vec![tier("A", -1, -1), tier("a", 5, 1)],
    };
    let refused = world.call(Caller::Admin, request).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert_eq!(
        violations(&refused),
        [
            "request_id: UUID",
            "title: REQUIRED",
            "description: LENGTH",
            "event_type: ENUM",
            "location_id: REQUIRED",
            "start_date: REQUIRED",
            "end_date: DATE",
            "start_time: TIME",
            "end_time: TIME",
            "max_participants: RANGE",
            "min_age: RANGE",
            "max_age: RANGE",
            "skill_levels[1]: DUPLICATE",
            "skill_levels[2]: ENUM",
            "trainer_ids[0]: UUID",
            "tiers[0].price.minor_units: NEGATIVE",
            "tiers[0].capacity: RANGE",
            "tiers[1].type: DUPLICATE",
        ]
    );
    world.stop().await;
}

#[tokio::test]
async fn a_local_time_that_the_clocks_skip_or_pass_twice_is_refused() {
    let world = World::start(HOLD).await;
    let location = world.add_location("America/New_York");
    let on = |year, month, first, last| CreateEventRequest {
        start_date: Some(Date {
            year,
            month,
            day: first,
        }),
        end_date: Some(Date {
            year,
            month,
            day: last,
        }),
        ..camp(location)
    };
    let skipped = CreateEventRequest {
        start_time: "02:30".to_owned(),
        ..on(2027, 3, 13, 15)
    };
    let twice = CreateEventRequest {
        start_time: "00:30".to_owned(),
        end_time: "01:30".to_owned(),
        ..on(2027, 11, 6, 8)
    };
    for (request, field, why) in [
        (skipped, "start_time", "LOCAL_TIME_NOT_EXISTING"),
        (twice, "end_time", "LOCAL_TIME_AMBIGUOUS"),
    ] {
        let refused = world.call(Caller::Admin, request).await.unwrap_err();
        assert_eq!(violations(&refused), [format!("{field}: {why}")]);
        assert!(
            refused.message().contains("America/New_York"),
            "{}",
            refused.message()
        );
    }
    world.stop().await;
}

#[tokio::test]
async fn an_unknown_location_is_not_found_and_a_parent_may_not_draft() {
    let world = World::start(HOLD).await;
    let refused = world
        .call(Caller::Admin, camp(Uuid::now_v7()))
        .await
        .unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::NotFound, "NOT_FOUND")
    );
    let parent = Caller::parent();
    let refused = world.call(parent, camp(Uuid::now_v7())).await.unwrap_err();
    assert_eq!(reason(&refused), "ROLE_NOT_ALLOWED");
    world.stop().await;
}

use chrono::{DateTime, Datelike, Days, NaiveDate, Utc, Weekday};
use contracts::scheduling::v1 as pb;
use contracts::scheduling::v1::slot_rule::Rule;
use contracts::wire::{date, timestamp};
use testing::{Caller, refusal, request_id, violations};
use tonic::Code;

use crate::world::{World, day, open_schedule, single, times};

fn sunday(month: u32, week: u8) -> NaiveDate {
    let year = Utc::now().year() + 1;
    NaiveDate::from_weekday_of_month_opt(year, month, Weekday::Sun, week).unwrap()
}

#[tokio::test]
async fn a_series_of_slots_keeps_its_local_time_across_a_clock_change() {
    let world = World::start().await;
    let (trainer, location_id) = world.trainer_at_work("America/New_York").await;
    // The clocks of New York are set forward on the second Sunday of March.
    let change = sunday(3, 2);
    let around_it = Rule::Recurring(pb::RecurringSlots {
        weekdays: vec![pb::Weekday::Saturday.into(), pb::Weekday::Monday.into()],
        times: Some(times("13:00", "14:30")),
        from: Some(date(change - Days::new(1))),
        until: Some(date(change + Days::new(1))),
        except_dates: vec![],
    });
    let rule = pb::SlotRule {
        location_id,
        rule: Some(around_it),
    };
    let request = open_schedule(trainer, change - Days::new(2), 7, vec![rule]);
    let opened = world.call(trainer, request).await.unwrap();
    let list = pb::ListAvailableSlotsRequest {
        trainer_id: trainer.id().to_string(),
        min_position: opened.position,
        ..Default::default()
    };
    let listed = world.call(trainer, list).await.unwrap();
    let slots = listed.slots;
    let ids: Vec<_> = slots.iter().map(|slot| slot.slot_id.clone()).collect();
    assert_eq!(ids, opened.slot_ids);
    let hours: Vec<_> = slots
        .iter()
        .map(|slot| {
            let start = slot.starts_at.unwrap().seconds;
            let start = DateTime::from_timestamp(start, 0).unwrap();
            (slot.local_start.as_str(), start.format("%H").to_string())
        })
        .collect();
    assert_eq!(
        hours,
        [("13:00", "18".to_owned()), ("13:00", "17".to_owned())]
    );
}

#[tokio::test]
async fn local_times_that_do_not_exist_or_exist_twice_are_told_apart() {
    let world = World::start().await;
    let (trainer, location_id) = world.trainer_at_work("America/New_York").await;
    let (forward, back) = (sunday(3, 2), sunday(11, 1));
    let mut twice = single(&location_id, back, "01:30", "03:00");
    let slots = vec![
        single(&location_id, forward, "02:30", "04:00"),
        twice.clone(),
    ];
    let request = open_schedule(trainer, forward - Days::new(1), 300, slots);
    let refused = world.call(trainer, request).await.unwrap_err();
    let expected = [
        "slots[0].single.times.start: LOCAL_TIME_NOT_EXISTING",
        "slots[1].single.times.start: LOCAL_TIME_AMBIGUOUS",
    ];
    assert_eq!(violations(&refused), expected);

    if let Some(Rule::Single(single)) = &mut twice.rule {
        single.times.as_mut().unwrap().start_utc_offset_minutes = Some(-300);
    }
    let request = open_schedule(trainer, back - Days::new(1), 3, vec![twice]);
    world.call(trainer, request).await.unwrap();
}

#[tokio::test]
async fn windows_of_a_trainer_do_not_overlap() {
    let world = World::start().await;
    let (trainer, location_id) = world.trainer_at_work("UTC").await;
    let request = |date| {
        let slots = vec![single(&location_id, date, "09:00", "10:00")];
        open_schedule(trainer, date, 2, slots)
    };
    world.call(trainer, request(day())).await.unwrap();
    let refused = world.call(trainer, request(day() + Days::new(1))).await;
    let overlaps = (Code::FailedPrecondition, "WINDOW_OVERLAPS".to_owned());
    assert_eq!(refusal(&refused.unwrap_err()), overlaps);
    world
        .call(trainer, request(day() + Days::new(2)))
        .await
        .unwrap();
}

#[tokio::test]
async fn slots_outside_their_window_over_one_another_or_at_strange_places_are_refused() {
    let world = World::start().await;
    let (trainer, location_id) = world.trainer_at_work("UTC").await;
    let elsewhere = world.location("UTC").await;
    let slot = |location: &str, date, start, end| single(location, date, start, end);
    let tomorrow = day() + Days::new(1);
    let outside = vec![slot(&location_id, tomorrow, "09:00", "10:00")];
    let over_one_another = vec![
        slot(&location_id, day(), "09:00", "10:00"),
        slot(&location_id, day(), "09:59", "11:00"),
    ];
    let strange = vec![slot(&elsewhere, day(), "09:00", "10:00")];
    let strange_and_backwards = vec![
        slot(&location_id, day(), "10:00", "09:00"),
        slot(&elsewhere, day(), "10:00", "09:00"),
    ];
    for (slots, expected) in [
        (outside, "SLOT_MISPLACED"),
        (over_one_another, "SLOT_MISPLACED"),
        (strange, "LOCATION_NOT_ASSIGNED"),
        (strange_and_backwards, "LOCATION_NOT_ASSIGNED"),
    ] {
        let request = open_schedule(trainer, day(), 1, slots);
        let refused = world.call(trainer, request).await.unwrap_err();
        let expected = (Code::FailedPrecondition, expected.to_owned());
        assert_eq!(refusal(&refused), expected);
    }
}

#[tokio::test]
async fn location_names_are_unique_whatever_their_case() {
    let world = World::start().await;
    let create = async |name: &str| {
        let create = pb::CreateLocationRequest {
            request_id: request_id(),
            name: name.to_owned(),
            time_zone: "Europe/Berlin".to_owned(),
        };
        world.call(Caller::Admin, create).await
    };
    let created = create("Olympia  Hall").await.unwrap();
    let refused = create("olympia hall").await.unwrap_err();
    let taken = (Code::AlreadyExists, "LOCATION_NAME_TAKEN".to_owned());
    assert_eq!(refusal(&refused), taken);
    let list = pb::ListLocationsRequest {
        min_position: created.position,
        ..Default::default()
    };
    let listed = world.call(Caller::Admin, list).await.unwrap();
    let listed = listed.locations;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].location_id, created.location_id);
    assert_eq!(listed[0].time_zone, "Europe/Berlin");
}

#[tokio::test]
async fn available_slots_are_listed_by_start_page_by_page_within_a_time_range() {
    let world = World::start().await;
    let (trainer, slots) = world.slots(&[14, 9, 11, 12]).await;
    let instant = |hour| timestamp(day().and_hms_opt(hour, 0, 0).unwrap().and_utc());
    let mut found = vec![];
    let mut page_token = String::new();
    loop {
        let list = pb::ListAvailableSlotsRequest {
            trainer_id: trainer.id().to_string(),
            from: Some(instant(9)),
            until: Some(instant(14)),
            page_size: 2,
            page_token,
            // Location, assignment, window.
            min_position: Some(world.position(3)),
            ..Default::default()
        };
        let listed = world.call(trainer, list).await;
        let listed = listed.unwrap();
        found.extend(listed.slots.into_iter().map(|slot| slot.slot_id));
        page_token = listed.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(found, slots[..3]);
}

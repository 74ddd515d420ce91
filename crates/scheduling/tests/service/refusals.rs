use contracts::scheduling::v1 as pb;
use contracts::scheduling::v1::slot_rule::Rule;
use testing::{Caller, eur, fields, refusal, request_id, violations};
use tonic::Code;
use uuid::Uuid;

use crate::world::{World, day, open_schedule, single};

fn not_found() -> (Code, String) {
    (Code::NotFound, "NOT_FOUND".to_owned())
}

#[tokio::test]
async fn the_session_of_another_parent_or_trainer_is_not_found() {
    let world = World::start().await;
    let (_, slots) = world.slots(&[9]).await;
    let (parent, children) = world.family(1);
    let booked = world.book(parent, &slots[0], &children).await.unwrap();
    for stranger in [Caller::parent(), world.trainer()] {
        let position = booked.position.clone();
        let refused = world.session(stranger, &booked.session_id, position).await;
        assert_eq!(refusal(&refused.unwrap_err()), not_found());
        let refused = world.cancel(stranger, &booked.session_id).await;
        assert_eq!(refusal(&refused.unwrap_err()), not_found());
    }
}

#[tokio::test]
async fn somebody_elses_child_and_what_does_not_exist_are_not_found() {
    let world = World::start().await;
    let (_, slots) = world.slots(&[9]).await;
    let (parent, children) = world.family(1);
    let (_, strange_children) = world.family(1);
    let unknown = Uuid::now_v7();
    for (slot, children) in [
        (slots[0].clone(), vec![children[0], strange_children[0]]),
        (slots[0].clone(), vec![unknown]),
        (unknown.to_string(), children),
    ] {
        let refused = world.book(parent, &slot, &children).await.unwrap_err();
        assert_eq!(refusal(&refused), not_found());
    }
}

#[tokio::test]
async fn a_trainer_opens_no_windows_for_another_but_an_admin_does() {
    let world = World::start().await;
    let (trainer, location_id) = world.trainer_at_work("UTC").await;
    let request = || {
        let slots = vec![single(&location_id, day(), "09:00", "10:00")];
        open_schedule(trainer, day(), 1, slots)
    };
    let refused = world.call(world.trainer(), request()).await;
    assert_eq!(refusal(&refused.unwrap_err()), not_found());
    let opened = world.call(Caller::Admin, request()).await;
    opened.unwrap();
}

#[tokio::test]
async fn a_session_is_not_completed_before_it_is_paid_and_over() {
    let world = World::start().await;
    let (trainer, slots) = world.slots(&[9]).await;
    let (parent, children) = world.family(1);
    let booked = world.book(parent, &slots[0], &children).await;
    let session_id = booked.unwrap().session_id;
    let complete = async |caller| {
        let complete = pb::CompleteSessionRequest {
            request_id: request_id(),
            session_id: session_id.clone(),
        };
        let completed = world.call(caller, complete).await;
        refusal(&completed.unwrap_err())
    };
    let refused = |reason: &str| (Code::FailedPrecondition, reason.to_owned());
    assert_eq!(complete(trainer).await, refused("SESSION_STATE"));
    world.settle(&session_id, Uuid::now_v7()).await;
    assert_eq!(complete(trainer).await, refused("SESSION_NOT_OVER"));
    assert_eq!(complete(parent).await.0, Code::PermissionDenied);
}

#[tokio::test]
async fn the_internal_calls_are_for_services_only() {
    let world = World::start().await;
    let expire = || pb::ExpireSessionHoldRequest {
        request_id: request_id(),
        session_id: Uuid::now_v7().to_string(),
    };
    for user in [Caller::Admin, Caller::parent(), world.trainer()] {
        let refused = world.call(user, expire()).await;
        assert_eq!(refused.unwrap_err().code(), Code::PermissionDenied);
    }
    let unknown = world.call(Caller::Service, expire()).await;
    assert_eq!(refusal(&unknown.unwrap_err()), not_found());
    let nobody = world.call(Caller::Nobody, expire()).await.unwrap_err();
    assert_eq!(nobody.code(), Code::Unauthenticated);
}

#[tokio::test]
async fn everything_that_is_wrong_with_a_booking_comes_back_together() {
    let world = World::start().await;
    let (parent, children) = world.family(1);
    let child = children[0].to_string();
    let bad = pb::BookSessionRequest {
        request_id: String::new(),
        slot_id: "court 1".to_owned(),
        child_ids: vec![child.clone(), "?".to_owned(), child],
    };
    let refused = world.call(parent, bad).await.unwrap_err();
    let invalid = (Code::InvalidArgument, "INVALID_FIELDS".to_owned());
    assert_eq!(refusal(&refused), invalid);
    let expected = [
        "request_id: REQUIRED",
        "slot_id: UUID",
        "child_ids[1]: UUID",
        "child_ids[2]: DUPLICATE",
    ];
    assert_eq!(violations(&refused), expected);
}

#[tokio::test]
async fn everything_that_is_wrong_with_a_window_comes_back_together() {
    let world = World::start().await;
    let trainer = world.trainer();
    let with_rule = |rule| pb::SlotRule {
        location_id: Uuid::now_v7().to_string(),
        rule,
    };
    let slots = vec![
        single("", day(), "9:00", "25:00"),
        with_rule(None),
        with_rule(Some(Rule::Recurring(pb::RecurringSlots::default()))),
    ];
    let bad = open_schedule(trainer, day(), 0, slots);
    let refused = world.call(trainer, bad).await.unwrap_err();
    let expected = [
        "ends_at",
        "slots[0].location_id",
        "slots[0].single.times.start",
        "slots[0].single.times.end",
        "slots[1]",
        "slots[2].recurring.weekdays",
        "slots[2].recurring.from",
        "slots[2].recurring.until",
        "slots[2].recurring.times",
    ];
    assert_eq!(fields(&refused), expected);
}

#[tokio::test]
async fn a_group_price_is_for_two_or_more_and_in_the_currency_of_the_trainer() {
    let world = World::start().await;
    let trainer = world.trainer();
    let set = async |participants, currency: &str| {
        let mut price = eur(10_000);
        currency.clone_into(&mut price.currency_code);
        let set = pb::SetGroupPriceRequest {
            request_id: request_id(),
            trainer_id: trainer.id().to_string(),
            participants,
            price: Some(price),
        };
        let refused = world.call(trainer, set).await;
        violations(&refused.unwrap_err())
    };
    assert_eq!(set(1, "EUR").await, ["participants: RANGE"]);
    assert_eq!(set(2, "USD").await, ["price.currency_code: CURRENCY"]);
}

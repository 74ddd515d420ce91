use contracts::scheduling::v1 as pb;
use contracts::scheduling::v1::SessionState;
use futures::future::join_all;
use testing::{Caller, eur, refusal, request_id};
use tonic::Code;

use crate::world::{World, book};

#[tokio::test]
async fn a_parent_books_a_slot_and_everybody_concerned_sees_it() {
    let world = World::start().await;
    let (trainer, slots) = world.slots(&[9]).await;
    let (parent, children) = world.family(1);
    let booked = world.book(parent, &slots[0], &children).await.unwrap();
    assert_eq!(booked.state(), SessionState::Pending);
    assert_eq!(booked.price, Some(eur(8_000)));
    assert_eq!(booked.cancellation_notice_hours, 24);
    for viewer in [parent, trainer, Caller::Admin] {
        let position = booked.position.clone();
        let session = world.session(viewer, &booked.session_id, position).await;
        let session = session.unwrap();
        assert_eq!(session.state(), SessionState::Pending);
        assert_eq!(session.slot_id, slots[0]);
        assert_eq!(session.local_start, "09:00");
        assert_eq!(session.child_ids, vec![children[0].to_string()]);
        assert_eq!(session.hold_expires_at, booked.hold_expires_at);
    }
}

#[tokio::test]
async fn a_held_slot_is_not_available_any_more_and_a_canceled_one_is_again() {
    let world = World::start().await;
    let (trainer, slots) = world.slots(&[9, 11]).await;
    let (parent, children) = world.family(1);
    let available = async |min_position| {
        let list = pb::ListAvailableSlotsRequest {
            trainer_id: trainer.id().to_string(),
            min_position,
            ..Default::default()
        };
        let listed = world.call(parent, list).await;
        let slots = listed.unwrap().slots;
        slots
            .into_iter()
            .map(|slot| slot.slot_id)
            .collect::<Vec<_>>()
    };
    let booked = world.book(parent, &slots[0], &children).await.unwrap();
    assert_eq!(available(booked.position).await, vec![slots[1].clone()]);
    let canceled = world.cancel(parent, &booked.session_id).await.unwrap();
    assert_eq!(canceled.state(), SessionState::Canceled);
    assert!(!canceled.refund_due);
    assert_eq!(available(canceled.position).await, slots);
}

#[tokio::test]
async fn of_many_who_book_one_slot_at_once_exactly_one_gets_it() {
    let world = World::start().await;
    let (_, slots) = world.slots(&[9]).await;
    let attempts = (0..40).map(|_| {
        let (parent, children) = world.family(1);
        let (world, slot) = (&world, &slots[0]);
        async move { world.book(parent, slot, &children).await }
    });
    let outcomes = join_all(attempts).await;
    let (won, lost): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    assert_eq!(won.len(), 1);
    for outcome in lost {
        let refused = (Code::FailedPrecondition, "SLOT_TAKEN".to_owned());
        assert_eq!(refusal(&outcome.unwrap_err()), refused);
    }
}

#[tokio::test]
async fn a_child_is_not_in_two_places_but_may_go_from_one_to_the_next() {
    let world = World::start().await;
    let (_, one) = world.slots(&[9, 10]).await;
    let (_, other) = world.slots(&[9]).await;
    let (parent, children) = world.family(1);
    world.book(parent, &one[0], &children).await.unwrap();
    let refused = world.book(parent, &other[0], &children).await.unwrap_err();
    let busy = (Code::FailedPrecondition, "CHILD_BUSY".to_owned());
    assert_eq!(refusal(&refused), busy);
    world.book(parent, &one[1], &children).await.unwrap();
}

#[tokio::test]
async fn a_child_that_was_added_a_moment_ago_can_be_booked_at_once() {
    let world = World::start().await;
    let (_, slots) = world.slots(&[9]).await;
    let parent = Caller::parent();
    let child = world.child_of(parent);
    world.book(parent, &slots[0], &[child]).await.unwrap();
}

#[tokio::test]
async fn a_group_pays_the_row_for_its_size_and_without_one_is_refused() {
    let world = World::start().await;
    let (trainer, slots) = world.slots(&[9, 10]).await;
    let (parent, children) = world.family(3);
    let set = pb::SetGroupPriceRequest {
        request_id: request_id(),
        trainer_id: trainer.id().to_string(),
        participants: 2,
        price: Some(eur(11_000)),
    };
    world.call(trainer, set).await.unwrap();
    let booked = world.book(parent, &slots[0], &children[..2]).await.unwrap();
    assert_eq!(booked.price, Some(eur(11_000)));
    let refused = world.book(parent, &slots[1], &children).await.unwrap_err();
    let no_price = (Code::FailedPrecondition, "NO_GROUP_PRICE".to_owned());
    assert_eq!(refusal(&refused), no_price);
}

#[tokio::test]
async fn what_is_free_is_paid_at_once() {
    let world = World::start().await;
    let (trainer, slots) = world.slots(&[9]).await;
    let (parent, children) = world.family(2);
    let set = pb::SetGroupPriceRequest {
        request_id: request_id(),
        trainer_id: trainer.id().to_string(),
        participants: 2,
        price: Some(eur(0)),
    };
    world.call(trainer, set).await.unwrap();
    let booked = world.book(parent, &slots[0], &children).await.unwrap();
    assert_eq!(booked.state(), SessionState::Paid);
    let session = world
        .session(parent, &booked.session_id, booked.position)
        .await;
    let session = session.unwrap();
    assert_eq!(session.state(), SessionState::Paid);
    assert_eq!(session.payment_id, "");
}

#[tokio::test]
async fn the_same_request_gets_the_same_answer_and_an_id_is_not_used_for_another() {
    let world = World::start().await;
    let (_, slots) = world.slots(&[9, 10]).await;
    let (parent, children) = world.family(1);
    let request = book(&slots[0], &children);
    let first = world.call(parent, request.clone()).await;
    let again = world.call(parent, request.clone()).await;
    assert_eq!(again.unwrap(), first.unwrap());
    let other = pb::BookSessionRequest {
        slot_id: slots[1].clone(),
        ..request
    };
    let refused = world.call(parent, other).await.unwrap_err();
    let expected = (Code::InvalidArgument, "REQUEST_ID_REUSED".to_owned());
    assert_eq!(refusal(&refused), expected);
}

#[tokio::test]
async fn sessions_are_listed_by_start_page_by_page_to_those_who_have_a_part_in_them() {
    let world = World::start().await;
    let (trainer, slots) = world.slots(&[9, 10, 11]).await;
    let (parent, children) = world.family(1);
    let (stranger, strange_children) = world.family(1);
    world.book(parent, &slots[2], &children).await.unwrap();
    world
        .book(stranger, &slots[1], &strange_children)
        .await
        .unwrap();
    let newest = world.book(parent, &slots[0], &children).await.unwrap();
    let list = |page_size: i32, page_token: String| pb::ListSessionsRequest {
        page_size,
        page_token,
        states: vec![SessionState::Pending.into()],
        min_position: newest.position.clone(),
        ..Default::default()
    };
    let page = async |caller, list: pb::ListSessionsRequest| {
        let listed = world.call(caller, list).await.unwrap();
        let slots = listed.sessions.into_iter().map(|it| it.slot_id);
        (slots.collect::<Vec<_>>(), listed.next_page_token)
    };
    let (first, token) = page(parent, list(1, String::new())).await;
    assert_eq!(first, slots[..1]);
    let (second, token) = page(parent, list(1, token)).await;
    assert_eq!(second, slots[2..]);
    assert_eq!(token, "");
    let (of_trainer, _) = page(trainer, list(0, String::new())).await;
    assert_eq!(of_trainer, slots);
    let (of_stranger, _) = page(stranger, list(0, String::new())).await;
    assert_eq!(of_stranger, slots[1..2]);
}

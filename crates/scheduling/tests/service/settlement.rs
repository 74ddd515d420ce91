use std::time::Duration;

use contracts::scheduling::v1::SessionState;
use uuid::Uuid;

use crate::world::World;

const SHORT: Duration = Duration::from_millis(400);

#[tokio::test]
async fn a_payment_makes_the_session_stand_and_canceling_it_in_time_gives_the_money_back() {
    let world = World::start().await;
    let (_, slots) = world.slots(&[9]).await;
    let (parent, children) = world.family(1);
    let booked = world.book(parent, &slots[0], &children).await;
    let id = booked.unwrap().session_id;
    let payment = world.pay(&id);
    let position = world.happened(&id, "SessionPaid").await;
    let paid = world.session(parent, &id, Some(position)).await.unwrap();
    assert_eq!(paid.state(), SessionState::Paid);
    assert_eq!(paid.payment_id, payment.to_string());
    assert!(world.cancel(parent, &id).await.unwrap().refund_due);
    assert_eq!(
        world.history(&id).await,
        ["SessionHeld", "SessionPaid", "SessionCanceled"]
    );
}

#[tokio::test]
async fn a_hold_that_nobody_pays_for_ends_by_itself_and_frees_slot_and_child() {
    let world = World::with_holds_of(SHORT).await;
    let (_, slots) = world.slots(&[9]).await;
    let (parent, children) = world.family(1);
    let booked = world.book(parent, &slots[0], &children).await;
    let first = booked.unwrap().session_id;
    let position = world.happened(&first, "SessionHoldExpired").await;
    let expired = world.session(parent, &first, Some(position)).await;
    assert_eq!(expired.unwrap().state(), SessionState::Expired);
    world.book(parent, &slots[0], &children).await.unwrap();
}

#[tokio::test]
async fn a_payment_after_the_hold_gets_the_place_back_if_it_is_free() {
    let world = World::with_holds_of(SHORT).await;
    let (_, slots) = world.slots(&[9]).await;
    let (parent, children) = world.family(1);
    let booked = world.book(parent, &slots[0], &children).await;
    let id = booked.unwrap().session_id;
    world.happened(&id, "SessionHoldExpired").await;
    world.pay(&id);
    let position = world.happened(&id, "SessionPaid").await;
    let paid = world.session(parent, &id, Some(position)).await;
    assert_eq!(paid.unwrap().state(), SessionState::Paid);
    assert_eq!(
        world.history(&id).await,
        ["SessionHeld", "SessionHoldExpired", "SessionPaid"]
    );
    let (other, children) = world.family(1);
    world.book(other, &slots[0], &children).await.unwrap_err();
}

#[tokio::test]
async fn a_payment_after_the_hold_goes_back_if_the_session_was_canceled() {
    let world = World::with_holds_of(SHORT).await;
    let (_, slots) = world.slots(&[9]).await;
    let (parent, children) = world.family(1);
    let booked = world.book(parent, &slots[0], &children).await;
    let id = booked.unwrap().session_id;
    world.happened(&id, "SessionHoldExpired").await;
    let canceled = world.cancel(parent, &id).await.unwrap();
    assert_eq!(canceled.state(), SessionState::Canceled);
    assert!(!canceled.refund_due, "nothing was paid");
    world.pay(&id);
    let position = world.happened(&id, "SessionPaymentRejected").await;
    let session = world.session(parent, &id, Some(position)).await.unwrap();
    assert_eq!(session.state(), SessionState::Canceled);
    assert_eq!(session.payment_id, "");
}

#[tokio::test]
async fn a_payment_after_the_hold_goes_back_if_the_place_is_gone() {
    let world = World::with_holds_of(SHORT).await;
    let (trainer, slots) = world.slots(&[9]).await;
    let (late, late_children) = world.family(1);
    let booked = world.book(late, &slots[0], &late_children).await;
    let id = booked.unwrap().session_id;
    world.happened(&id, "SessionHoldExpired").await;
    // Paid, so that this hold does not run out meanwhile, or it is reinstated if it did.
    let (quick, quick_children) = world.family(1);
    let booked = world.book(quick, &slots[0], &quick_children).await;
    let taken = booked.unwrap().session_id;
    world.pay(&taken);
    world.happened(&taken, "SessionPaid").await;

    world.pay(&id);
    let position = world.happened(&id, "SessionPaymentRejected").await;
    let rejected = world.session(trainer, &id, Some(position)).await.unwrap();
    assert_eq!(rejected.state(), SessionState::Expired);
    assert_eq!(rejected.payment_id, "");
    assert_eq!(
        world.history(&id).await,
        [
            "SessionHeld",
            "SessionHoldExpired",
            "SessionPaymentRejected"
        ]
    );
}

#[tokio::test]
async fn a_second_payment_goes_back_and_the_first_again_changes_nothing() {
    let world = World::start().await;
    let (_, slots) = world.slots(&[9]).await;
    let (parent, children) = world.family(1);
    let booked = world.book(parent, &slots[0], &children).await;
    let id = booked.unwrap().session_id;
    let (first, second) = (Uuid::now_v7(), Uuid::now_v7());
    let mut accepted = vec![];
    for payment_id in [first, first, second, second] {
        accepted.push(world.settle(&id, payment_id).await.accepted);
    }
    assert_eq!(accepted, [true, true, false, false]);
    assert_eq!(
        world.history(&id).await,
        ["SessionHeld", "SessionPaid", "SessionPaymentRejected"]
    );
}

use std::time::Duration;

use contracts::common::v1::LogPosition;
use contracts::log::v1::ReadRequest;
use contracts::log::v1::event_log_service_client::EventLogServiceClient;
use contracts::scheduling::v1 as pb;
use contracts::scheduling::v1::SessionState;
use futures::TryStreamExt;
use scheduling::domain::session::SessionEvent;
use uuid::Uuid;

use crate::support::{User, World, request_id};

const SHORT: Duration = Duration::from_millis(400);

fn is_paid(event: &SessionEvent) -> bool {
    matches!(event, SessionEvent::SessionPaid { .. })
}

fn is_expired(event: &SessionEvent) -> bool {
    matches!(event, SessionEvent::SessionHoldExpired { .. })
}

fn is_rejected(event: &SessionEvent) -> bool {
    matches!(event, SessionEvent::SessionPaymentRejected { .. })
}

async fn session(world: &World, viewer: &User, id: &str, position: LogPosition) -> pb::Session {
    world.session(viewer, id, Some(position)).await.unwrap()
}

/// The names of all public events of a session, in order.
async fn published(world: &World, session_id: &str) -> Vec<String> {
    let mut log = EventLogServiceClient::new(world.channel.clone());
    let read = ReadRequest {
        after_position: 0,
        limit: 0,
    };
    let answers = log.read(world.service().asks(read)).await.unwrap();
    let answers: Vec<_> = answers.into_inner().try_collect().await.unwrap();
    let envelopes = answers.into_iter().filter_map(|answer| answer.envelope);
    envelopes
        .filter(|envelope| envelope.aggregate_id == session_id)
        .map(|envelope| envelope.event_type)
        .collect()
}

#[tokio::test]
async fn a_payment_makes_the_session_stand_and_canceling_it_in_time_gives_the_money_back() {
    let world = World::start().await;
    let (_, slots) = world.slots(&[9]).await;
    let (parent, children) = world.family(1);
    let booked = world.book(&parent, &slots[0], &children).await;
    let id = booked.unwrap().session_id;
    let payment = Uuid::now_v7();
    world.payments.payment_succeeded(payment, &id);
    let position = world.happened(&id, is_paid).await;
    let paid = session(&world, &parent, &id, position).await;
    assert_eq!(paid.state(), SessionState::Paid);
    assert_eq!(paid.payment_id, payment.to_string());
    let cancel = pb::CancelSessionRequest {
        request_id: request_id(),
        session_id: id.clone(),
    };
    let canceled = world
        .sessions
        .clone()
        .cancel_session(parent.asks(cancel))
        .await;
    assert!(canceled.unwrap().into_inner().refunded);
    assert_eq!(
        published(&world, &id).await,
        ["SessionHeld", "SessionPaid", "SessionCanceled"]
    );
}

#[tokio::test]
async fn a_hold_that_nobody_pays_for_ends_by_itself_and_frees_slot_and_child() {
    let world = World::with_holds_of(SHORT).await;
    let (_, slots) = world.slots(&[9]).await;
    let (parent, children) = world.family(1);
    let booked = world.book(&parent, &slots[0], &children).await;
    let first = booked.unwrap().session_id;
    let position = world.happened(&first, is_expired).await;
    let expired = session(&world, &parent, &first, position).await;
    assert_eq!(expired.state(), SessionState::Expired);
    world.book(&parent, &slots[0], &children).await.unwrap();
}

#[tokio::test]
async fn a_payment_after_the_hold_gets_the_place_back_if_it_is_free() {
    let world = World::with_holds_of(SHORT).await;
    let (_, slots) = world.slots(&[9]).await;
    let (parent, children) = world.family(1);
    let booked = world.book(&parent, &slots[0], &children).await;
    let id = booked.unwrap().session_id;
    world.happened(&id, is_expired).await;
    world.payments.payment_succeeded(Uuid::now_v7(), &id);
    let position = world.happened(&id, is_paid).await;
    let paid = session(&world, &parent, &id, position).await;
    assert_eq!(paid.state(), SessionState::Paid);
    assert_eq!(
        published(&world, &id).await,
        ["SessionHeld", "SessionHoldExpired", "SessionPaid"]
    );
    let (other, children) = world.family(1);
    world.book(&other, &slots[0], &children).await.unwrap_err();
}

#[tokio::test]
async fn a_payment_after_the_hold_goes_back_if_the_place_is_gone() {
    let world = World::with_holds_of(SHORT).await;
    let (trainer, slots) = world.slots(&[9]).await;
    let (late, late_children) = world.family(1);
    let booked = world.book(&late, &slots[0], &late_children).await;
    let id = booked.unwrap().session_id;
    world.happened(&id, is_expired).await;
    // Paid, so that this hold does not run out meanwhile, or it is reinstated if it did.
    let (quick, quick_children) = world.family(1);
    let booked = world.book(&quick, &slots[0], &quick_children).await;
    let taken = booked.unwrap().session_id;
    world.payments.payment_succeeded(Uuid::now_v7(), &taken);
    world.happened(&taken, is_paid).await;

    world.payments.payment_succeeded(Uuid::now_v7(), &id);
    let position = world.happened(&id, is_rejected).await;
    let rejected = session(&world, &trainer, &id, position).await;
    assert_eq!(rejected.state(), SessionState::Expired);
    assert_eq!(rejected.payment_id, "");
    assert_eq!(
        published(&world, &id).await,
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
    let booked = world.book(&parent, &slots[0], &children).await;
    let id = booked.unwrap().session_id;
    let (first, second) = (Uuid::now_v7(), Uuid::now_v7());
    let mut accepted = vec![];
    for payment_id in [first, first, second, second] {
        let settle = pb::SettleSessionRequest {
            request_id: request_id(),
            session_id: id.clone(),
            payment_id: payment_id.to_string(),
        };
        let mut sessions = world.sessions.clone();
        let settled = sessions.settle_session(world.service().asks(settle)).await;
        accepted.push(settled.unwrap().into_inner().accepted);
    }
    assert_eq!(accepted, [true, true, false, false]);
    assert_eq!(
        published(&world, &id).await,
        ["SessionHeld", "SessionPaid", "SessionPaymentRejected"]
    );
}

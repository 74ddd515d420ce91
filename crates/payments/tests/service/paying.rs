use contracts::payments::{events::v1::PayableKind, v1::PaymentState};
use testing::{Caller, reason, usd};
use uuid::Uuid;

use crate::world::{HOLD, World, create, id};

#[tokio::test]
async fn a_parent_pays_for_a_session() {
    let world = World::start().await;
    let (parent, trainer) = (Caller::parent(), Uuid::now_v7());
    let session = world.holds_session(parent, trainer, HOLD);

    let opened = world
        .pay_session(parent, session, "sandbox_ok")
        .await
        .unwrap();
    assert_eq!(opened.amount, Some(usd(7_500)));
    assert_eq!(opened.state(), PaymentState::Created);

    let position = world.succeeded(id(&opened)).await;
    let payment = world.payment(parent, id(&opened), position).await;
    assert_eq!(payment.state(), PaymentState::Succeeded);
    assert_eq!(payment.payable_kind(), PayableKind::Session);
    assert_eq!(payment.payable_id, session.to_string());
    assert_eq!(payment.trainer_id, trainer.to_string());
    assert_eq!(payment.amount, Some(usd(7_500)));
    assert_eq!(payment.refunded, Some(usd(0)));
    assert!(!payment.live && payment.provider_reference.starts_with("sandbox_charge_"));
    world.stop().await;
}

#[tokio::test]
async fn a_parent_pays_for_tickets() {
    let world = World::start().await;
    let (parent, event) = (Caller::parent(), Uuid::now_v7());
    let hold = world.holds_ticket(parent, event);

    let opened = world.pay_tickets(parent, hold, "sandbox_ok").await.unwrap();
    let position = world.succeeded(id(&opened)).await;

    let payment = world.payment(parent, id(&opened), position).await;
    assert_eq!(payment.payable_kind(), PayableKind::TicketHold);
    assert_eq!(payment.event_id, event.to_string());
    assert_eq!(payment.amount, Some(usd(12_000)));
    world.stop().await;
}

#[tokio::test]
async fn after_a_decline_another_card_pays() {
    let world = World::start().await;
    let parent = Caller::parent();
    let session = world.holds_session(parent, Uuid::now_v7(), HOLD);

    let declined = world
        .pay_session(parent, session, "sandbox_insufficient_funds")
        .await
        .unwrap();
    let position = world.failed(id(&declined)).await;
    let payment = world.payment(parent, id(&declined), position).await;
    assert_eq!(payment.state(), PaymentState::Failed);
    assert_eq!(payment.failure_code, "insufficient_funds");

    let paid = world
        .pay_session(parent, session, "sandbox_ok")
        .await
        .unwrap();
    world.succeeded(id(&paid)).await;
    let again = world
        .pay_session(parent, session, "sandbox_ok")
        .await
        .unwrap_err();
    assert!(again.message().contains("another payment"), "{again}");
    world.stop().await;
}

#[tokio::test]
async fn silence_of_the_provider_is_resolved_by_asking() {
    let world = World::start().await;
    let parent = Caller::parent();
    let mut opened = Vec::new();
    for method in [
        "sandbox_timeout_ok",
        "sandbox_timeout_lost",
        "sandbox_slow_1_ok",
        "sandbox_timeout_declined",
    ] {
        let session = world.holds_session(parent, Uuid::now_v7(), HOLD);
        opened.push(id(&world
            .pay_session(parent, session, method)
            .await
            .unwrap()));
    }
    for payment in &opened {
        world.unknown(*payment).await;
    }
    for payment in &opened[..3] {
        let position = world.succeeded(*payment).await;
        assert_eq!(
            world.payment(parent, *payment, position).await.state(),
            PaymentState::Succeeded
        );
    }
    let position = world.failed(opened[3]).await;
    assert_eq!(
        world.payment(parent, opened[3], position).await.state(),
        PaymentState::Failed
    );
    world.stop().await;
}

#[tokio::test]
async fn of_two_payments_for_one_session_that_race_one_is_opened() {
    let world = World::start().await;
    let parent = Caller::parent();
    let session = world.holds_session(parent, Uuid::now_v7(), HOLD);

    let attempts = (0..8).map(|_| world.pay_session(parent, session, "sandbox_slow_600_ok"));
    let results = futures::future::join_all(attempts).await;

    let opened = results.iter().filter(|result| result.is_ok()).count();
    assert_eq!(opened, 1);
    for refusal in results.iter().filter_map(|result| result.as_ref().err()) {
        assert_eq!(refusal.code(), tonic::Code::FailedPrecondition, "{refusal}");
        assert_eq!(reason(refusal), "PAYMENT_EXISTS");
    }
    world.stop().await;
}

#[tokio::test]
async fn the_same_request_is_one_payment() {
    let world = World::start().await;
    let parent = Caller::parent();
    let session = world.holds_session(parent, Uuid::now_v7(), HOLD);
    let request = create(PayableKind::Session, session, "sandbox_ok");

    let first = world.call(parent, request.clone()).await.unwrap();
    let again = world.call(parent, request.clone()).await.unwrap();
    assert_eq!(first, again);
    world.succeeded(id(&first)).await;
    assert_eq!(world.call(parent, request.clone()).await.unwrap(), first);

    let mut other = request;
    other.payment_method = "sandbox_declined".to_owned();
    let refusal = world.call(parent, other).await.unwrap_err();
    assert_eq!(reason(&refusal), "REQUEST_ID_REUSED");

    assert_eq!(world.count("PaymentCreated").await, 1);
    world.stop().await;
}

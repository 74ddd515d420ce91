use contracts::payments::v1::{
    Payment, PaymentState, RefundPaymentRequest, RefundPaymentResponse, RefundReason, RefundState,
};
use testing::{Caller, request_id, usd};
use uuid::Uuid;

use crate::world::{HOLD, World, id};

/// A parent, a session, and the payment that succeeded for it.
async fn paid_session(world: &World, payment_method: &str) -> (Caller, Uuid, Uuid) {
    let parent = Caller::parent();
    let session = world.holds_session(parent, Uuid::now_v7(), HOLD);
    let payment = id(&world
        .pay_session(parent, session, payment_method)
        .await
        .unwrap());
    world.succeeded(payment).await;
    world.pays_session(session, payment);
    (parent, session, payment)
}

async fn refund(world: &World, payment: Uuid, cause: Uuid) -> RefundPaymentResponse {
    let request = RefundPaymentRequest {
        request_id: request_id(),
        payment_id: payment.to_string(),
        reason: RefundReason::SessionCanceled.into(),
        cause_event_id: cause.to_string(),
    };
    world.call(Caller::Service, request).await.unwrap()
}

fn assert_returned(payment: &Payment, minor_units: i64, reason: RefundReason, cause: Uuid) {
    assert_eq!(payment.state(), PaymentState::Succeeded);
    assert_eq!(payment.refunded, Some(usd(minor_units)));
    assert_eq!(payment.refunds.len(), 1);
    assert_eq!(payment.refunds[0].state(), RefundState::Succeeded);
    assert_eq!(payment.refunds[0].reason(), reason);
    assert_eq!(payment.refunds[0].amount, Some(usd(minor_units)));
    assert_eq!(payment.refunds[0].cause_event_id, cause.to_string());
}

#[tokio::test]
async fn the_payment_of_a_cancelled_session_goes_back() {
    let world = World::start().await;
    let (parent, session, payment) = paid_session(&world, "sandbox_ok").await;

    let cause = world.cancels_session(session, Some(payment));
    let position = world.refunded(payment).await;

    let payment = world.payment(parent, payment, position).await;
    assert_returned(&payment, 7_500, RefundReason::SessionCanceled, cause);
    world.stop().await;
}

#[tokio::test]
async fn a_payment_that_came_too_late_goes_back() {
    let world = World::start().await;
    let parent = Caller::parent();
    let session = world.holds_session(parent, Uuid::now_v7(), HOLD);
    let payment = id(&world
        .pay_session(parent, session, "sandbox_slow_1_ok")
        .await
        .unwrap());
    world.expires_session(session);
    world.succeeded(payment).await;

    let cause = world.rejects_session_payment(session, payment);
    let position = world.refunded(payment).await;

    let payment = world.payment(parent, payment, position).await;
    assert_returned(&payment, 7_500, RefundReason::SessionPaymentRejected, cause);
    world.stop().await;
}

#[tokio::test]
async fn a_refund_that_the_provider_is_silent_about_is_resolved_by_asking() {
    let world = World::start().await;
    let (parent, event) = (Caller::parent(), Uuid::now_v7());
    let hold = world.holds_ticket(parent, event);
    let payment = id(&world
        .pay_tickets(parent, hold, "sandbox_refund_timeout_ok")
        .await
        .unwrap());
    world.succeeded(payment).await;

    let cause = world.rejects_ticket_payment(hold, event, payment);
    let position = world.refunded(payment).await;

    assert_eq!(world.count("RefundOutcomeUnknown").await, 1);
    let payment = world.payment(parent, payment, position).await;
    assert_returned(&payment, 12_000, RefundReason::TicketPaymentRejected, cause);
    world.stop().await;
}

#[tokio::test]
async fn a_refund_that_comes_before_the_payments_outcome_follows_it() {
    let world = World::start().await;
    let parent = Caller::parent();
    let session = world.holds_session(parent, Uuid::now_v7(), HOLD);
    let payment = id(&world
        .pay_session(parent, session, "sandbox_slow_1_ok")
        .await
        .unwrap());
    world.unknown(payment).await;

    let cause = world.cancels_session(session, Some(payment));
    let position = world.refunded(payment).await;

    let payment = world.payment(parent, payment, position).await;
    assert_returned(&payment, 7_500, RefundReason::SessionCanceled, cause);
    world.stop().await;
}

#[tokio::test]
async fn money_goes_back_once_whatever_asks_for_it() {
    let world = World::start().await;
    let (parent, session, payment) = paid_session(&world, "sandbox_ok").await;
    let cause = world.cancels_session(session, Some(payment));
    let position = world.refunded(payment).await;

    let same = refund(&world, payment, cause).await;
    let other = refund(&world, payment, Uuid::now_v7()).await;
    assert_eq!(same.refund_id, other.refund_id);
    assert_eq!(other.amount, Some(usd(7_500)));

    assert_eq!(world.count("RefundRequested").await, 1);
    assert_eq!(
        world.payment(parent, payment, position).await.refunded,
        Some(usd(7_500))
    );
    world.stop().await;
}

#[tokio::test]
async fn refunds_for_many_causes_that_race_return_the_money_once() {
    let world = World::start().await;
    let (_, _, payment) = paid_session(&world, "sandbox_ok").await;

    let answers =
        futures::future::join_all((0..8).map(|_| refund(&world, payment, Uuid::now_v7()))).await;

    assert!(
        answers
            .iter()
            .all(|answer| answer.refund_id == answers[0].refund_id)
    );
    world.refunded(payment).await;
    assert_eq!(world.count("RefundRequested").await, 1);
    world.stop().await;
}

#[tokio::test]
async fn a_payment_that_took_no_money_has_nothing_to_return() {
    let world = World::start().await;
    let parent = Caller::parent();
    let session = world.holds_session(parent, Uuid::now_v7(), HOLD);
    let payment = id(&world
        .pay_session(parent, session, "sandbox_declined")
        .await
        .unwrap());
    world.failed(payment).await;

    let answer = refund(&world, payment, Uuid::now_v7()).await;
    assert_eq!(
        (answer.refund_id.as_str(), answer.amount.clone()),
        ("", None)
    );
    assert_eq!(answer.payment_state(), PaymentState::Failed);
    world.stop().await;
}

use chrono::TimeDelta;
use contracts::payments::{
    events::v1::PayableKind,
    v1::{CreatePaymentRequest, GetPaymentRequest, RefundPaymentRequest, SubmitPaymentRequest},
};
use testing::{Caller, fields, reason, request_id};
use tonic::Code;
use uuid::Uuid;

use crate::world::{HOLD, World, create, id};

#[tokio::test]
async fn what_is_somebody_elses_or_does_not_exist_is_not_found() {
    let world = World::start().await;
    let (parent, other) = (Caller::parent(), Caller::parent());
    let session = world.holds_session(parent, Uuid::now_v7(), HOLD);
    let hold = world.holds_ticket(parent, Uuid::now_v7());

    for request in [
        create(PayableKind::Session, session, "sandbox_ok"),
        create(PayableKind::TicketHold, hold, "sandbox_ok"),
        create(PayableKind::TicketHold, session, "sandbox_ok"),
        create(PayableKind::Session, Uuid::now_v7(), "sandbox_ok"),
    ] {
        let refusal = world.call(other, request).await.unwrap_err();
        assert_eq!(
            (refusal.code(), reason(&refusal).as_str()),
            (Code::NotFound, "NOT_FOUND")
        );
    }

    let opened = world
        .pay_session(parent, session, "sandbox_ok")
        .await
        .unwrap();
    let position = world.succeeded(id(&opened)).await;
    assert_eq!(
        world.payment(parent, id(&opened), position).await.user_id,
        parent.id().to_string()
    );
    let get = GetPaymentRequest {
        payment_id: opened.payment_id.clone(),
        min_position: None,
    };
    let refusal = world.call(other, get.clone()).await.unwrap_err();
    assert_eq!(refusal.code(), Code::NotFound);
    let seen = world.call(Caller::Admin, get).await.unwrap();
    assert_eq!(seen.payment.unwrap().payment_id, opened.payment_id);
    world.stop().await;
}

#[tokio::test]
async fn what_expired_was_cancelled_or_is_paid_is_not_payable() {
    let world = World::start().await;
    let parent = Caller::parent();
    let session = |hold| world.holds_session(parent, Uuid::now_v7(), hold);
    let (overdue, expired, canceled, paid) = (
        session(TimeDelta::seconds(-1)),
        session(HOLD),
        session(HOLD),
        session(HOLD),
    );
    world.expires_session(expired);
    world.cancels_session(canceled, None);
    world.pays_session(paid, Uuid::now_v7());
    // Told last, so that what stands before it is known when this one is.
    let marker = session(HOLD);
    world
        .pay_session(parent, marker, "sandbox_ok")
        .await
        .unwrap();

    for session in [overdue, expired, canceled, paid] {
        let refusal = world
            .pay_session(parent, session, "sandbox_ok")
            .await
            .unwrap_err();
        assert_eq!(
            (refusal.code(), reason(&refusal).as_str()),
            (Code::FailedPrecondition, "NOT_PAYABLE")
        );
    }
    world.stop().await;
}

#[tokio::test]
async fn everything_wrong_with_a_request_is_said_at_once() {
    let world = World::start().await;
    let parent = Caller::parent();

    let refusal = world
        .call(parent, CreatePaymentRequest::default())
        .await
        .unwrap_err();
    assert_eq!(
        (refusal.code(), reason(&refusal).as_str()),
        (Code::InvalidArgument, "INVALID_FIELDS")
    );
    assert_eq!(
        fields(&refusal),
        ["request_id", "payable_kind", "payable_id", "payment_method"]
    );

    let refund = RefundPaymentRequest {
        reason: 99,
        ..RefundPaymentRequest::default()
    };
    let refusal = world.call(Caller::Service, refund).await.unwrap_err();
    assert_eq!(
        fields(&refusal),
        ["request_id", "payment_id", "cause_event_id", "reason"]
    );
    world.stop().await;
}

#[tokio::test]
async fn only_parents_pay_and_only_services_settle() {
    let world = World::start().await;
    let pay = || create(PayableKind::Session, Uuid::now_v7(), "sandbox_ok");
    let submit = || SubmitPaymentRequest {
        request_id: request_id(),
        payment_id: Uuid::now_v7().to_string(),
    };

    let anonymous = world.call(Caller::Nobody, pay()).await.unwrap_err();
    assert_eq!(anonymous.code(), Code::Unauthenticated);
    for caller in [Caller::trainer(), Caller::Admin] {
        let refusal = world.call(caller, pay()).await.unwrap_err();
        assert_eq!(refusal.code(), Code::PermissionDenied);
    }
    for caller in [Caller::parent(), Caller::Admin] {
        let refusal = world.call(caller, submit()).await.unwrap_err();
        assert_eq!(refusal.code(), Code::PermissionDenied);
    }
    let unknown = world.call(Caller::Service, submit()).await.unwrap_err();
    assert_eq!(unknown.code(), Code::NotFound);
    world.stop().await;
}

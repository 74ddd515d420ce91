use chrono::TimeDelta;
use contracts::{
    common::v1::Role,
    payments::{
        events::v1::PayableKind,
        v1::{CreatePaymentRequest, GetPaymentRequest, RefundPaymentRequest, SubmitPaymentRequest},
    },
};
use tonic::{Code, Status};
use tonic_types::StatusExt;
use uuid::Uuid;

use crate::world::{World, create, id};

const HOLD: TimeDelta = TimeDelta::minutes(15);

pub fn reason(status: &Status) -> String {
    status
        .get_error_details()
        .error_info()
        .map(|info| info.reason.clone())
        .unwrap_or_default()
}

fn fields(status: &Status) -> Vec<String> {
    let details = status.get_error_details();
    let violations = details
        .bad_request()
        .map(|bad| bad.field_violations.clone())
        .unwrap_or_default();
    violations
        .into_iter()
        .map(|violation| violation.field)
        .collect()
}

#[tokio::test]
async fn what_is_somebody_elses_or_does_not_exist_is_not_found() {
    let world = World::start().await;
    let (parent, other) = (Uuid::now_v7(), Uuid::now_v7());
    let session = world.scheduling.holds_session(parent, Uuid::now_v7(), HOLD);
    let hold = world.ticketing.holds_ticket(parent, Uuid::now_v7());

    for request in [
        create(PayableKind::Session, session, "sandbox_ok"),
        create(PayableKind::TicketHold, hold, "sandbox_ok"),
        create(PayableKind::TicketHold, session, "sandbox_ok"),
        create(PayableKind::Session, Uuid::now_v7(), "sandbox_ok"),
    ] {
        let refusal = world.pay(other, request).await.unwrap_err();
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
        parent.to_string()
    );
    let get = GetPaymentRequest {
        payment_id: opened.payment_id.clone(),
        min_position: None,
    };
    let refusal = world
        .payments()
        .get_payment(world.by(other, Role::Parent, get.clone()))
        .await
        .unwrap_err();
    assert_eq!(refusal.code(), Code::NotFound);
    let seen = world
        .payments()
        .get_payment(world.by(other, Role::Admin, get))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(seen.payment.unwrap().payment_id, opened.payment_id);
    world.stop().await;
}

#[tokio::test]
async fn what_expired_was_cancelled_or_is_paid_is_not_payable() {
    let world = World::start().await;
    let parent = Uuid::now_v7();
    let session = |hold| world.scheduling.holds_session(parent, Uuid::now_v7(), hold);
    let (overdue, expired, canceled, paid) = (
        session(TimeDelta::seconds(-1)),
        session(HOLD),
        session(HOLD),
        session(HOLD),
    );
    world.scheduling.expires_session(expired);
    world.scheduling.cancels_session(canceled, None);
    world.scheduling.pays_session(paid, Uuid::now_v7());
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
    let parent = Uuid::now_v7();

    let refusal = world
        .pay(parent, CreatePaymentRequest::default())
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

    let refund = world.by_service(RefundPaymentRequest {
        reason: 99,
        ..RefundPaymentRequest::default()
    });
    let refusal = world.settlement().refund_payment(refund).await.unwrap_err();
    assert_eq!(
        fields(&refusal),
        ["request_id", "payment_id", "cause_event_id", "reason"]
    );
    world.stop().await;
}

#[tokio::test]
async fn only_parents_pay_and_only_services_settle() {
    let world = World::start().await;
    let user = Uuid::now_v7();
    let pay = || create(PayableKind::Session, Uuid::now_v7(), "sandbox_ok");
    let submit = || SubmitPaymentRequest {
        request_id: Uuid::now_v7().to_string(),
        payment_id: Uuid::now_v7().to_string(),
    };

    let anonymous = world.payments().create_payment(pay()).await.unwrap_err();
    assert_eq!(anonymous.code(), Code::Unauthenticated);
    for role in [Role::Trainer, Role::Admin] {
        let refusal = world
            .payments()
            .create_payment(world.by(user, role, pay()))
            .await
            .unwrap_err();
        assert_eq!(refusal.code(), Code::PermissionDenied);
    }
    for role in [Role::Parent, Role::Admin] {
        let refusal = world
            .settlement()
            .submit_payment(world.by(user, role, submit()))
            .await
            .unwrap_err();
        assert_eq!(refusal.code(), Code::PermissionDenied);
    }
    let unknown = world
        .settlement()
        .submit_payment(world.by_service(submit()))
        .await
        .unwrap_err();
    assert_eq!(unknown.code(), Code::NotFound);
    world.stop().await;
}

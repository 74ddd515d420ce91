//! A session from the slot to the yearly statistics, and everything that can come between.

use contracts::{
    analytics::v1::{
        GetDailyStatisticsRequest, statistics_service_client::StatisticsServiceClient,
    },
    payments::{
        events::v1::PayableKind,
        v1::{PaymentState, RefundState},
    },
    scheduling::v1::{
        CancelSessionRequest, CompleteSessionRequest, ListAvailableSlotsRequest, SessionState,
        SetGroupPriceRequest, schedule_service_client::ScheduleServiceClient,
        session_service_client::SessionServiceClient,
        trainer_calendar_service_client::TrainerCalendarServiceClient,
    },
};
use tonic::Code;

use e2e::{
    own::OwnSystem,
    people::{self, day, dollars, id, payment_becomes, payment_where, reason, session_becomes},
    shared::SharedSystem,
    system::{System, eventually},
};

const SESSION: PayableKind = PayableKind::Session;

async fn daily_revenue(system: &System, admin: &people::User) -> i64 {
    let request = GetDailyStatisticsRequest {
        start_date: Some(day(0)),
        ..GetDailyStatisticsRequest::default()
    };
    let mut statistics = StatisticsServiceClient::new(system.channel("analytics"));
    let answer = statistics
        .get_daily_statistics(admin.says(request))
        .await
        .expect("statistics")
        .into_inner();
    answer
        .days
        .iter()
        .flat_map(|day| &day.daily_revenue)
        .map(|money| money.minor_units)
        .sum()
}

#[tokio::test]
async fn a_parent_books_pays_cancels_and_the_statistics_follow_to_the_cent() {
    let system = OwnSystem::start(&[]).await;
    let admin = people::admin(&system).await;
    let trainer = people::trainer(&system, &admin, 3).await;
    let parent = people::parent(&system, 1).await;

    let mut schedules = ScheduleServiceClient::new(system.channel("scheduling"));
    let request = ListAvailableSlotsRequest {
        trainer_id: trainer.user.id.clone(),
        min_position: trainer.position.clone(),
        ..ListAvailableSlotsRequest::default()
    };
    let free = schedules
        .list_available_slots(parent.user.says(request))
        .await
        .unwrap()
        .into_inner()
        .slots;
    assert_eq!(free.len(), 3);

    let booked = people::book(&system, &parent, &free[0].slot_id, id())
        .await
        .unwrap();
    assert_eq!(booked.price.as_ref().unwrap().minor_units, 8_000);
    let payment = people::pay(
        &system,
        &parent.user,
        SESSION,
        &booked.session_id,
        "sandbox_ok",
        id(),
    )
    .await
    .unwrap();
    session_becomes(
        &system,
        &parent.user,
        &booked.session_id,
        SessionState::Paid,
    )
    .await;
    eventually("revenue", || async {
        (daily_revenue(&system, &admin).await == 8_000).then_some(())
    })
    .await;

    let cancel = CancelSessionRequest {
        request_id: id(),
        session_id: booked.session_id.clone(),
    };
    let mut sessions = SessionServiceClient::new(system.channel("scheduling"));
    assert!(
        sessions
            .cancel_session(trainer.user.says(cancel))
            .await
            .unwrap()
            .into_inner()
            .refund_due
    );
    let refunded = |payment: &contracts::payments::v1::Payment| {
        payment
            .refunds
            .iter()
            .any(|refund| refund.state() == RefundState::Succeeded)
    };
    payment_where(
        &system,
        &parent.user,
        &payment.payment_id,
        "the refund",
        refunded,
    )
    .await;
    eventually("the refund in the statistics", || async {
        (daily_revenue(&system, &admin).await == 0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_declined_card_leaves_the_hold_for_another_one() {
    let system = SharedSystem::usual().await;
    let admin = people::admin(&system).await;
    let trainer = people::trainer(&system, &admin, 1).await;
    let parent = people::parent(&system, 1).await;
    let booked = people::book(&system, &parent, &trainer.slots[0], id())
        .await
        .unwrap();
    let declined = people::pay(
        &system,
        &parent.user,
        SESSION,
        &booked.session_id,
        "sandbox_declined",
        id(),
    )
    .await
    .unwrap();
    payment_becomes(
        &system,
        &parent.user,
        &declined.payment_id,
        PaymentState::Failed,
    )
    .await;
    people::pay(
        &system,
        &parent.user,
        SESSION,
        &booked.session_id,
        "sandbox_timeout_ok",
        id(),
    )
    .await
    .unwrap();
    session_becomes(
        &system,
        &parent.user,
        &booked.session_id,
        SessionState::Paid,
    )
    .await;
}

#[tokio::test]
async fn an_unpaid_hold_expires_by_itself_and_frees_the_slot() {
    let system = SharedSystem::with_short_holds().await;
    let admin = people::admin(&system).await;
    let trainer = people::trainer(&system, &admin, 1).await;
    let (first, second) = (
        people::parent(&system, 1).await,
        people::parent(&system, 1).await,
    );
    let held = people::book(&system, &first, &trainer.slots[0], id())
        .await
        .unwrap();
    session_becomes(
        &system,
        &first.user,
        &held.session_id,
        SessionState::Expired,
    )
    .await;
    people::book(&system, &second, &trainer.slots[0], id())
        .await
        .unwrap();
}

#[tokio::test]
async fn a_late_payment_is_honoured_while_the_place_is_free_and_goes_back_when_it_is_not() {
    let system = SharedSystem::with_short_holds().await;
    let admin = people::admin(&system).await;
    let trainer = people::trainer(&system, &admin, 2).await;
    tokio::join!(
        late_but_in_time(&system, &trainer.slots[0]),
        too_late_for_the_place(&system, &trainer.slots[1])
    );
}

async fn late_but_in_time(system: &System, slot: &str) {
    let late = people::parent(system, 1).await;
    let held = people::book(system, &late, slot, id())
        .await
        .expect("a booking");
    people::pay(
        system,
        &late.user,
        SESSION,
        &held.session_id,
        "sandbox_slow_6_ok",
        id(),
    )
    .await
    .expect("a payment");
    session_becomes(system, &late.user, &held.session_id, SessionState::Expired).await;
    session_becomes(system, &late.user, &held.session_id, SessionState::Paid).await;
}

async fn too_late_for_the_place(system: &System, slot: &str) {
    let (late, quick) = (
        people::parent(system, 1).await,
        people::parent(system, 1).await,
    );
    let held = people::book(system, &late, slot, id())
        .await
        .expect("a booking");
    let payment = people::pay(
        system,
        &late.user,
        SESSION,
        &held.session_id,
        "sandbox_slow_8_ok",
        id(),
    )
    .await
    .expect("a payment");
    session_becomes(system, &late.user, &held.session_id, SessionState::Expired).await;
    let taken = people::book(system, &quick, slot, id())
        .await
        .expect("a booking");
    people::pay(
        system,
        &quick.user,
        SESSION,
        &taken.session_id,
        "sandbox_ok",
        id(),
    )
    .await
    .expect("a payment");
    session_becomes(system, &quick.user, &taken.session_id, SessionState::Paid).await;
    let back = payment_where(
        system,
        &late.user,
        &payment.payment_id,
        "the late payment's return",
        |payment| {
            payment
                .refunds
                .iter()
                .any(|refund| refund.state() == RefundState::Succeeded)
        },
    )
    .await;
    assert_eq!(back.refunded.expect("an amount").minor_units, 8_000);
    let lost = people::session(system, &late.user, &held.session_id)
        .await
        .expect("the session");
    assert_eq!(lost.state(), SessionState::Expired);
}

#[tokio::test]
async fn a_repeated_booking_gets_the_first_answer_and_a_second_child_or_parent_does_not_get_the_slot()
 {
    let system = SharedSystem::usual().await;
    let admin = people::admin(&system).await;
    let trainer = people::trainer(&system, &admin, 2).await;
    let (parent, other) = (
        people::parent(&system, 1).await,
        people::parent(&system, 1).await,
    );
    let request = id();
    let first = people::book(&system, &parent, &trainer.slots[0], request.clone())
        .await
        .unwrap();
    let again = people::book(&system, &parent, &trainer.slots[0], request.clone())
        .await
        .unwrap();
    assert_eq!(first, again);
    let reused = people::book(&system, &parent, &trainer.slots[1], request)
        .await
        .unwrap_err();
    assert_eq!(
        (reused.code(), reason(&reused).as_str()),
        (Code::InvalidArgument, "REQUEST_ID_REUSED")
    );
    let taken = people::book(&system, &other, &trainer.slots[0], id())
        .await
        .unwrap_err();
    assert_eq!(
        (taken.code(), reason(&taken).as_str()),
        (Code::FailedPrecondition, "SLOT_TAKEN")
    );
    let hidden = people::session(&system, &other.user, &first.session_id)
        .await
        .unwrap_err();
    assert_eq!(hidden.code(), Code::NotFound);
}

#[tokio::test]
async fn a_group_pays_the_price_of_its_row_and_a_session_that_is_not_over_cannot_be_completed() {
    let system = SharedSystem::usual().await;
    let admin = people::admin(&system).await;
    let trainer = people::trainer(&system, &admin, 2).await;
    let (pair, trio) = (
        people::parent(&system, 2).await,
        people::parent(&system, 3).await,
    );
    let unpriced = people::book(&system, &pair, &trainer.slots[0], id())
        .await
        .unwrap_err();
    assert_eq!(
        (unpriced.code(), reason(&unpriced).as_str()),
        (Code::FailedPrecondition, "NO_GROUP_PRICE")
    );

    let price = SetGroupPriceRequest {
        request_id: id(),
        trainer_id: trainer.user.id.clone(),
        participants: 2,
        price: Some(dollars(130)),
    };
    let mut calendars = TrainerCalendarServiceClient::new(system.channel("scheduling"));
    calendars
        .set_group_price(trainer.user.says(price))
        .await
        .unwrap();
    let booked = people::book(&system, &pair, &trainer.slots[0], id())
        .await
        .unwrap();
    assert_eq!(booked.price, Some(dollars(130)));
    let three = people::book(&system, &trio, &trainer.slots[1], id())
        .await
        .unwrap_err();
    assert_eq!(reason(&three), "NO_GROUP_PRICE");

    let payment = people::pay(
        &system,
        &pair.user,
        SESSION,
        &booked.session_id,
        "sandbox_ok",
        id(),
    )
    .await
    .unwrap();
    assert_eq!(payment.amount, Some(dollars(130)));
    let session =
        session_becomes(&system, &pair.user, &booked.session_id, SessionState::Paid).await;
    assert_eq!(session.child_ids, pair.children);

    let complete = CompleteSessionRequest {
        request_id: id(),
        session_id: booked.session_id.clone(),
    };
    let early = SessionServiceClient::new(system.channel("scheduling"))
        .complete_session(trainer.user.says(complete))
        .await
        .unwrap_err();
    assert_eq!(
        (early.code(), reason(&early).as_str()),
        (Code::FailedPrecondition, "SESSION_NOT_OVER")
    );
}

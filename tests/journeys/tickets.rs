//! Tickets of a camp: bought, abandoned, paid late, and sold out in a rush.

use std::sync::Arc;

use contracts::{
    payments::{events::v1::PayableKind, v1::RefundState},
    ticketing::v1::{HoldState, TicketStatus},
};
use tonic::Code;

use e2e::{
    people::{self, id, payment_where, reason},
    shared::SharedSystem,
    system::{System, eventually},
};

const HOLD: PayableKind = PayableKind::TicketHold;

async fn all_become(
    system: &System,
    user: &people::User,
    event_id: &str,
    count: usize,
    status: TicketStatus,
) {
    eventually(&format!("{count} tickets {status:?}"), || async {
        let tickets = people::tickets(system, user, event_id).await;
        (tickets
            .iter()
            .filter(|ticket| ticket.status() == status)
            .count()
            == count)
            .then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_family_buys_tickets_and_a_repeated_request_buys_none_more() {
    let system = SharedSystem::usual().await;
    let admin = people::admin(&system).await;
    let camp = people::camp(&system, &admin, 10, &[(150, 5), (0, 5)]).await;
    let family = people::parent(&system, 2).await;
    let request = id();
    let held = people::hold(&system, &family, &camp, 0, request.clone())
        .await
        .unwrap();
    assert_eq!(held.total.as_ref().unwrap().minor_units, 30_000);
    assert_eq!(
        people::hold(&system, &family, &camp, 0, request)
            .await
            .unwrap(),
        held
    );
    let twice = people::hold(&system, &family, &camp, 1, id())
        .await
        .unwrap_err();
    assert_eq!(
        (twice.code(), reason(&twice).as_str()),
        (Code::FailedPrecondition, "CHILD_REGISTERED")
    );
    people::pay(
        &system,
        &family.user,
        HOLD,
        &held.hold_id,
        "sandbox_ok",
        id(),
    )
    .await
    .unwrap();
    all_become(
        &system,
        &family.user,
        &camp.event_id,
        2,
        TicketStatus::Active,
    )
    .await;

    let free = people::parent(&system, 1).await;
    let held = people::hold(&system, &free, &camp, 1, id()).await.unwrap();
    assert_eq!(held.state(), HoldState::Confirmed);
}

#[tokio::test]
async fn unpaid_tickets_expire_and_a_late_payment_gets_the_places_or_its_money_back() {
    let system = SharedSystem::with_short_holds().await;
    let admin = people::admin(&system).await;
    tokio::join!(
        too_late_for_the_places(&system, &admin),
        late_but_in_time(&system, &admin)
    );
}

async fn too_late_for_the_places(system: &System, admin: &people::User) {
    let camp = people::camp(system, admin, 2, &[(100, 2)]).await;
    let (late, other) = (
        people::parent(system, 2).await,
        people::parent(system, 2).await,
    );
    let held = people::hold(system, &late, &camp, 0, id())
        .await
        .expect("a hold");
    let full = people::hold(system, &other, &camp, 0, id())
        .await
        .expect_err("no place is left");
    assert_eq!(
        (full.code(), reason(&full).as_str()),
        (Code::FailedPrecondition, "SOLD_OUT")
    );
    let slow = people::pay(
        system,
        &late.user,
        HOLD,
        &held.hold_id,
        "sandbox_slow_8_ok",
        id(),
    )
    .await
    .expect("a payment");
    all_become(
        system,
        &late.user,
        &camp.event_id,
        2,
        TicketStatus::Canceled,
    )
    .await;
    let second = people::hold(system, &other, &camp, 0, id())
        .await
        .expect("a hold");
    people::pay(
        system,
        &other.user,
        HOLD,
        &second.hold_id,
        "sandbox_ok",
        id(),
    )
    .await
    .expect("a payment");
    all_become(system, &other.user, &camp.event_id, 2, TicketStatus::Active).await;
    payment_where(
        system,
        &late.user,
        &slow.payment_id,
        "the late payment's return",
        |payment| {
            payment
                .refunds
                .iter()
                .any(|refund| refund.state() == RefundState::Succeeded)
        },
    )
    .await;
}

async fn late_but_in_time(system: &System, admin: &people::User) {
    let camp = people::camp(system, admin, 2, &[(100, 2)]).await;
    let late = people::parent(system, 2).await;
    let held = people::hold(system, &late, &camp, 0, id())
        .await
        .expect("a hold");
    people::pay(
        system,
        &late.user,
        HOLD,
        &held.hold_id,
        "sandbox_slow_6_ok",
        id(),
    )
    .await
    .expect("a payment");
    all_become(
        system,
        &late.user,
        &camp.event_id,
        2,
        TicketStatus::Canceled,
    )
    .await;
    all_become(system, &late.user, &camp.event_id, 2, TicketStatus::Active).await;
}

#[tokio::test]
async fn an_on_sale_rush_sells_exactly_the_seats_there_are() {
    let system = Arc::new(SharedSystem::usual().await);
    let admin = people::admin(&system).await;
    let camp = Arc::new(people::camp(&system, &admin, 20, &[(100, 15), (50, 15)]).await);
    let parents = futures::future::join_all((0..8).map(|_| people::parent(&system, 6))).await;
    let mut buyers = Vec::new();
    for parent in parents {
        for child in &parent.children {
            buyers.push(people::Parent {
                user: parent.user.clone(),
                children: vec![child.clone()],
            });
        }
    }
    let rush = buyers.into_iter().enumerate().map(|(n, buyer)| {
        let (system, camp) = (Arc::clone(&system), Arc::clone(&camp));
        tokio::spawn(async move { people::hold(&system, &buyer, &camp, n % 2, id()).await })
    });
    let mut sold = 0;
    for answer in futures::future::join_all(rush.collect::<Vec<_>>()).await {
        match answer.unwrap() {
            Ok(_) => sold += 1,
            Err(status) => assert_eq!(reason(&status), "SOLD_OUT", "{status:?}"),
        }
    }
    assert_eq!(sold, 20);
}

//! Holds that run out, and payments that come in time, late or twice.

use std::time::Duration;

use contracts::ticketing::v1::{HoldState, HoldTicketsResponse, SettlementOutcome, TicketStatus};
use testing::{Caller, reason};
use tonic::Code;
use uuid::Uuid;

use crate::world::{World, tier};

const LONG: Duration = Duration::from_mins(15);
const SHORT: Duration = Duration::from_millis(300);

fn position(held: &HoldTicketsResponse) -> i64 {
    held.position.as_ref().unwrap().position
}

#[tokio::test]
async fn a_hold_that_is_not_paid_for_runs_out_and_its_place_is_free_again() {
    let world = World::start(SHORT).await;
    let event = world.on_sale(1, vec![tier("Seat", 4_999, 1)]).await;
    let seat = event.tier_ids[0].as_str();
    let (parent, other) = (Caller::parent(), Caller::parent());
    let (child, other_child) = (world.add_child(parent), world.add_child(other));
    let held = world
        .hold(parent, &event.event_id, &[(seat, child)])
        .await
        .unwrap();

    // The next event of the log is that the hold has run out.
    let expired = position(&held) + 1;
    let tickets = world.tickets_of(parent, expired).await;
    assert_eq!(tickets[0].status(), TicketStatus::Canceled);
    assert_eq!(world.event(&event.event_id, expired).await.tiers[0].held, 0);
    world
        .hold(other, &event.event_id, &[(seat, other_child)])
        .await
        .unwrap();
    world.stop().await;
}

#[tokio::test]
async fn a_payment_in_time_confirms_the_tickets_whatever_follows() {
    let world = World::start(LONG).await;
    let event = world.on_sale(5, vec![tier("Seat", 4_999, 5)]).await;
    let parent = Caller::parent();
    let child = world.add_child(parent);
    let lines = [(event.tier_ids[0].as_str(), child)];
    let held = world.hold(parent, &event.event_id, &lines).await.unwrap();
    let payment = world.pay(&held.hold_id);

    let confirmed = position(&held) + 1;
    let tickets = world.tickets_of(parent, confirmed).await;
    assert_eq!(tickets[0].status(), TicketStatus::Active);
    assert_eq!(tickets[0].payment_id, payment.to_string());

    let late = world.expire(&held.hold_id, &event.event_id).await;
    assert_eq!(late.state(), HoldState::Confirmed);
    let again = world.settle(&held.hold_id, payment).await.unwrap();
    assert_eq!(again.outcome(), SettlementOutcome::Confirmed);
    let second = world.settle(&held.hold_id, Uuid::now_v7()).await.unwrap();
    assert_eq!(second.outcome(), SettlementOutcome::Rejected);
    assert_eq!(second.state(), HoldState::Confirmed);
    assert_eq!(
        world.public_events().await[2..],
        ["TicketsHeld", "TicketsConfirmed", "TicketPaymentRejected"]
    );
    world.stop().await;
}

#[tokio::test]
async fn a_late_payment_reinstates_the_tickets_while_the_place_is_free() {
    let world = World::start(SHORT).await;
    let event = world.on_sale(5, vec![tier("Seat", 4_999, 5)]).await;
    let parent = Caller::parent();
    let child = world.add_child(parent);
    let lines = [(event.tier_ids[0].as_str(), child)];
    let held = world.hold(parent, &event.event_id, &lines).await.unwrap();
    let expired = position(&held) + 1;
    world.event(&event.event_id, expired).await;

    world.pay(&held.hold_id);
    let tickets = world.tickets_of(parent, expired + 1).await;
    assert_eq!(tickets[0].status(), TicketStatus::Active);
    let shown = world.event(&event.event_id, expired + 1).await;
    assert_eq!((shown.tiers[0].sold, shown.tiers[0].held), (1, 0));
    world.stop().await;
}

#[tokio::test]
async fn a_late_payment_is_rejected_when_the_place_is_gone() {
    let world = World::start(SHORT).await;
    let tiers = vec![tier("Seat", 4_999, 1), tier("Sponsored", 0, 1)];
    let event = world.on_sale(1, tiers).await;
    let (parent, other) = (Caller::parent(), Caller::parent());
    let (child, other_child) = (world.add_child(parent), world.add_child(other));
    let [seat, sponsored] = [event.tier_ids[0].as_str(), event.tier_ids[1].as_str()];
    let held = world
        .hold(parent, &event.event_id, &[(seat, child)])
        .await
        .unwrap();
    world.event(&event.event_id, position(&held) + 1).await;
    let taken = world
        .hold(other, &event.event_id, &[(sponsored, other_child)])
        .await
        .unwrap();

    world.pay(&held.hold_id);
    let rejected = position(&taken) + 1;
    let tickets = world.tickets_of(parent, rejected).await;
    assert_eq!(tickets[0].status(), TicketStatus::Canceled);
    assert_eq!(
        world.public_events().await[2..],
        [
            "TicketsHeld",
            "TicketHoldExpired",
            "TicketsHeld",
            "TicketsConfirmed",
            "TicketPaymentRejected"
        ]
    );
    world.stop().await;
}

#[tokio::test]
async fn a_payment_for_an_unknown_hold_is_not_found() {
    let world = World::start(LONG).await;
    let unknown = Uuid::now_v7().to_string();
    let refused = world.settle(&unknown, Uuid::now_v7()).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::NotFound, "NOT_FOUND")
    );
    world.stop().await;
}

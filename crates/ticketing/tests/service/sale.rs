//! Holding tickets.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use contracts::ticketing::v1::{HoldState, HoldTicketsRequest, TicketLine, TicketStatus};
use testing::{Caller, reason, usd, violations};
use tonic::Code;
use uuid::Uuid;

use crate::world::{World, hold_request, tier};

const LONG: Duration = Duration::from_mins(15);

#[tokio::test(flavor = "multi_thread")]
async fn three_hundred_parents_get_fifty_seats_and_not_one_more() {
    let world = Arc::new(World::start(LONG).await);
    let event = world.on_sale(1_000, vec![tier("Seat", 4_999, 50)]).await;
    let families: Vec<_> = (0..300)
        .map(|_| {
            let parent = Caller::parent();
            (parent, world.add_child(parent))
        })
        .collect();
    let attempts = families.into_iter().map(|(parent, child)| {
        let (world, event) = (Arc::clone(&world), event.clone());
        tokio::spawn(async move {
            let lines = [(event.tier_ids[0].as_str(), child)];
            world.hold(parent, &event.event_id, &lines).await
        })
    });
    let mut positions = Vec::new();
    for attempt in futures::future::join_all(attempts).await {
        match attempt.unwrap() {
            Ok(held) => positions.push(held.position.unwrap().position),
            Err(status) => {
                assert_eq!(status.code(), Code::FailedPrecondition, "{status}");
                assert_eq!(reason(&status), "SOLD_OUT");
            }
        }
    }
    assert_eq!(positions.len(), 50);
    assert_eq!(positions.iter().collect::<BTreeSet<_>>().len(), 50);

    let last = positions.into_iter().max().unwrap();
    let shown = world.event(&event.event_id, last).await;
    assert_eq!((shown.tiers[0].held, shown.tiers[0].sold), (50, 0));
    let tickets = world.tickets_of(Caller::Admin, last).await;
    let children: BTreeSet<_> = tickets.iter().map(|ticket| &ticket.child_id).collect();
    assert_eq!(children.len(), 50);
    let Ok(world) = Arc::try_unwrap(world) else {
        panic!("every attempt has ended");
    };
    world.stop().await;
}

#[tokio::test]
async fn a_tier_of_no_tickets_is_shown_and_sells_none() {
    let world = World::start(LONG).await;
    let tiers = vec![tier("Early Bird", 4_999, 0), tier("VIP", 12_000, 5)];
    let event = world.on_sale(10, tiers).await;
    let parent = Caller::parent();
    let child = world.add_child(parent);
    let hold = async |tier: usize| {
        let lines = [(event.tier_ids[tier].as_str(), child)];
        world.hold(parent, &event.event_id, &lines).await
    };
    assert_eq!(reason(&hold(0).await.unwrap_err()), "SOLD_OUT");
    let position = hold(1).await.unwrap().position.unwrap().position;
    let shown = world.event(&event.event_id, position).await;
    assert_eq!((shown.tiers[0].capacity, shown.tiers[0].held), (0, 0));
    world.stop().await;
}

#[tokio::test]
async fn a_hold_takes_all_of_its_lines_or_none() {
    let world = World::start(LONG).await;
    let tiers = vec![tier("Early Bird", 4_999, 1), tier("VIP", 12_000, 5)];
    let event = world.on_sale(10, tiers).await;
    let [early_bird, vip] = [event.tier_ids[0].as_str(), event.tier_ids[1].as_str()];
    let parent = Caller::parent();
    let [ann, ben, cleo] = [(); 3].map(|()| world.add_child(parent));

    let refused = world
        .hold(
            parent,
            &event.event_id,
            &[(vip, ann), (early_bird, ben), (early_bird, cleo)],
        )
        .await
        .unwrap_err();
    assert_eq!(reason(&refused), "SOLD_OUT");

    let held = world
        .hold(parent, &event.event_id, &[(vip, ann), (early_bird, ben)])
        .await
        .unwrap();
    assert_eq!(held.total, Some(usd(16_999)));
    assert_eq!(held.state(), HoldState::Held);
    let position = held.position.unwrap().position;
    assert_eq!(position, 3, "a refused hold leaves no trace in the log");
    let tickets = world.tickets_of(parent, position).await;
    let names: BTreeSet<_> = tickets
        .iter()
        .map(|ticket| ticket.r#type.as_str())
        .collect();
    assert_eq!(names, BTreeSet::from(["Early Bird", "VIP"]));
    assert!(
        tickets
            .iter()
            .all(|ticket| ticket.status() == TicketStatus::Pending)
    );
    world.stop().await;
}

#[tokio::test]
async fn a_child_takes_part_once() {
    let world = World::start(LONG).await;
    let event = world.on_sale(10, vec![tier("Seat", 4_999, 5)]).await;
    let parent = Caller::parent();
    let child = world.add_child(parent);
    let lines = [(event.tier_ids[0].as_str(), child)];
    world.hold(parent, &event.event_id, &lines).await.unwrap();
    let again = world
        .hold(parent, &event.event_id, &lines)
        .await
        .unwrap_err();
    assert_eq!(again.code(), Code::FailedPrecondition);
    assert_eq!(reason(&again), "CHILD_REGISTERED");
    world.stop().await;
}

#[tokio::test]
async fn free_tickets_are_confirmed_at_once() {
    let world = World::start(LONG).await;
    let event = world.on_sale(10, vec![tier("Sponsored", 0, 5)]).await;
    let parent = Caller::parent();
    let child = world.add_child(parent);
    let held = world
        .hold(
            parent,
            &event.event_id,
            &[(event.tier_ids[0].as_str(), child)],
        )
        .await
        .unwrap();
    assert_eq!(held.state(), HoldState::Confirmed);
    let position = held.position.unwrap().position;
    let tickets = world.tickets_of(parent, position).await;
    assert_eq!(tickets.len(), 1);
    assert_eq!(tickets[0].status(), TicketStatus::Active);
    assert_eq!(tickets[0].payment_id, "");
    let shown = world.event(&event.event_id, position).await;
    assert_eq!((shown.tiers[0].sold, shown.tiers[0].held), (1, 0));
    world.stop().await;
}

#[tokio::test]
async fn the_same_request_gets_its_first_answer_again_even_when_it_is_sold_out_by_then() {
    let world = World::start(LONG).await;
    let event = world.on_sale(10, vec![tier("Seat", 4_999, 1)]).await;
    let parent = Caller::parent();
    let child = world.add_child(parent);
    let request = hold_request(&event.event_id, &[(event.tier_ids[0].as_str(), child)]);
    let first = world.call(parent, request.clone()).await.unwrap();
    let second = world.call(parent, request.clone()).await.unwrap();
    assert_eq!(first, second);

    let sibling = world.add_child(parent);
    let mut other = request;
    other.lines[0].child_id = sibling.to_string();
    let reused = world.call(parent, other).await.unwrap_err();
    assert_eq!(reused.code(), Code::InvalidArgument);
    assert_eq!(reason(&reused), "REQUEST_ID_REUSED");
    world.stop().await;
}

#[tokio::test]
async fn another_parents_child_is_not_found_and_neither_is_nobodys() {
    let world = World::start(LONG).await;
    let event = world.on_sale(10, vec![tier("Seat", 4_999, 5)]).await;
    let (parent, other) = (Caller::parent(), Caller::parent());
    let own = world.add_child(parent);
    let foreign = world.add_child(other);
    let seat = event.tier_ids[0].as_str();
    for stranger in [foreign, Uuid::now_v7()] {
        let lines = [(seat, own), (seat, stranger)];
        let refused = world
            .hold(parent, &event.event_id, &lines)
            .await
            .unwrap_err();
        assert_eq!(refused.code(), Code::NotFound);
        assert_eq!(reason(&refused), "NOT_FOUND");
        assert!(refused.message().contains(&stranger.to_string()));
    }
    world.stop().await;
}

#[tokio::test]
async fn a_child_added_a_moment_ago_is_known() {
    let world = World::start(LONG).await;
    let event = world.on_sale(50, vec![tier("Seat", 4_999, 50)]).await;
    let parent = Caller::parent();
    for _ in 0..10 {
        let child = world.add_child(parent);
        let lines = [(event.tier_ids[0].as_str(), child)];
        world.hold(parent, &event.event_id, &lines).await.unwrap();
    }
    world.stop().await;
}

#[tokio::test]
async fn everything_wrong_with_a_hold_comes_back_together() {
    let world = World::start(LONG).await;
    let child = Uuid::now_v7().to_string();
    let line = |tier_id: &str, child_id: &str| TicketLine {
        tier_id: tier_id.to_owned(),
        child_id: child_id.to_owned(),
    };
    let tier_id = Uuid::now_v7().to_string();
    let request = HoldTicketsRequest {
        request_id: String::new(),
        event_id: "camp".to_owned(),
        lines: vec![
            line(&tier_id, &child),
            line("vip", ""),
            line(&tier_id, &child),
        ],
    };
    let refused = world.call(Caller::parent(), request).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert_eq!(
        violations(&refused),
        [
            "request_id: REQUIRED",
            "event_id: UUID",
            "lines[1].tier_id: UUID",
            "lines[1].child_id: REQUIRED",
            "lines[2].child_id: DUPLICATE",
        ]
    );
    let empty = world
        .hold(Caller::parent(), &Uuid::now_v7().to_string(), &[])
        .await
        .unwrap_err();
    assert_eq!(violations(&empty), ["lines: REQUIRED"]);
    world.stop().await;
}

#[tokio::test]
async fn an_unknown_event_and_an_unknown_tier_are_not_found() {
    let world = World::start(LONG).await;
    let event = world.on_sale(10, vec![tier("Seat", 4_999, 5)]).await;
    let parent = Caller::parent();
    let child = world.add_child(parent);
    let nothing = Uuid::now_v7().to_string();
    let seat = event.tier_ids[0].as_str();
    for (event_id, tier_id) in [(&nothing, seat), (&event.event_id, nothing.as_str())] {
        let refused = world
            .hold(parent, event_id, &[(tier_id, child)])
            .await
            .unwrap_err();
        assert_eq!(
            (refused.code(), reason(&refused).as_str()),
            (Code::NotFound, "NOT_FOUND")
        );
    }
    world.stop().await;
}

#[tokio::test]
async fn only_parents_hold_and_only_services_settle() {
    let world = World::start(LONG).await;
    let hold = hold_request(&Uuid::now_v7().to_string(), &[]);
    let refused = world.call(Caller::Admin, hold.clone()).await.unwrap_err();
    assert_eq!(reason(&refused), "ROLE_NOT_ALLOWED");
    let refused = world.call(Caller::Nobody, hold).await.unwrap_err();
    assert_eq!(reason(&refused), "TOKEN_MISSING");
    let settle = contracts::ticketing::v1::SettleTicketHoldRequest::default();
    let refused = world.call(Caller::parent(), settle).await.unwrap_err();
    assert_eq!(reason(&refused), "ROLE_NOT_ALLOWED");
    world.stop().await;
}

//! Finding tickets.

use std::time::Duration;

use contracts::ticketing::v1::{ListTicketsRequest, TicketStatus};
use testing::{Caller, violations};

use crate::world::{World, tier};

const LONG: Duration = Duration::from_mins(15);

#[tokio::test]
async fn parents_see_their_own_tickets_and_admins_those_of_an_event_or_a_user() {
    let world = World::start(LONG).await;
    let tiers = || vec![tier("Seat", 4_999, 9), tier("Sponsored", 0, 9)];
    let (camp, clinic) = (
        world.on_sale(9, tiers()).await,
        world.on_sale(9, tiers()).await,
    );
    let (ann, ben) = (Caller::parent(), Caller::parent());
    let mut position = 0;
    for (parent, event, tier) in [(ann, &camp, 0), (ann, &clinic, 1), (ben, &camp, 0)] {
        let child = world.add_child(parent);
        let lines = [(event.tier_ids[tier].as_str(), child)];
        let held = world.hold(parent, &event.event_id, &lines).await.unwrap();
        position = held.position.unwrap().position;
    }
    let min_position = Some(world.position(position));
    let ask = |request: ListTicketsRequest| ListTicketsRequest {
        min_position: min_position.clone(),
        ..request
    };
    let count = async |caller, request| {
        let page = world.call(caller, ask(request)).await.unwrap();
        page.tickets.len()
    };
    let all = ListTicketsRequest::default;
    let of_event = |event: &str| ListTicketsRequest {
        event_id: event.to_owned(),
        ..all()
    };
    let of_user = |user: Caller| ListTicketsRequest {
        user_id: user.id().to_string(),
        ..all()
    };
    let active = ListTicketsRequest {
        status: TicketStatus::Active.into(),
        ..all()
    };
    assert_eq!(count(ann, all()).await, 2);
    assert_eq!(count(ann, of_user(ann)).await, 2);
    assert_eq!(count(ann, of_event(&camp.event_id)).await, 1);
    assert_eq!(count(ann, active.clone()).await, 1);
    assert_eq!(count(Caller::Admin, all()).await, 3);
    assert_eq!(count(Caller::Admin, of_event(&camp.event_id)).await, 2);
    assert_eq!(count(Caller::Admin, of_user(ben)).await, 1);
    assert_eq!(count(Caller::Admin, active).await, 1);

    let foreign = world.call(ann, of_user(ben)).await;
    assert_eq!(violations(&foreign.unwrap_err()), ["user_id: NOT_YOURS"]);
    world.stop().await;
}

#[tokio::test]
async fn tickets_are_listed_newest_first_in_pages() {
    let world = World::start(LONG).await;
    let event = world.on_sale(9, vec![tier("Seat", 4_999, 9)]).await;
    let parent = Caller::parent();
    let mut taken = Vec::new();
    let mut position = 0;
    for _ in 0..5 {
        let lines = [(event.tier_ids[0].as_str(), world.add_child(parent))];
        let held = world.hold(parent, &event.event_id, &lines).await.unwrap();
        position = held.position.unwrap().position;
        taken.push(held.tickets[0].ticket_id.clone());
    }
    taken.reverse();
    let mut listed = Vec::new();
    let mut page_token = String::new();
    let mut pages = 0;
    loop {
        let request = ListTicketsRequest {
            page_size: 2,
            page_token,
            min_position: Some(world.position(position)),
            ..ListTicketsRequest::default()
        };
        let page = world.call(parent, request).await.unwrap();
        pages += 1;
        listed.extend(page.tickets.into_iter().map(|ticket| ticket.ticket_id));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!((pages, listed), (3, taken));
    world.stop().await;
}

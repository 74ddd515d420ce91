//! Finding tickets.

use std::time::Duration;

use contracts::ticketing::v1::{
    GetTicketHoldRequest, GetTicketRequest, HoldState, ListTicketsRequest, Ticket, TicketStatus,
};
use testing::{Caller, refusal, usd, violations};
use tonic::Code;
use uuid::Uuid;

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

#[tokio::test]
async fn tickets_are_found_by_their_hold_their_tier_and_their_child() {
    let world = World::start(LONG).await;
    let tiers = vec![tier("Seat", 4_999, 9), tier("Sponsored", 0, 9)];
    let event = world.on_sale(9, tiers).await;
    let (ann, ben) = (Caller::parent(), Caller::parent());
    let [first, second] = [(); 2].map(|()| world.add_child(ann));
    let third = world.add_child(ben);
    let [seat, sponsored] = [event.tier_ids[0].as_str(), event.tier_ids[1].as_str()];
    let both = [(seat, first), (sponsored, second)];
    let both = world.hold(ann, &event.event_id, &both).await.unwrap();
    let one = [(seat, third)];
    let other = world.hold(ben, &event.event_id, &one).await.unwrap();
    let find = async |caller, request: ListTicketsRequest| {
        let request = ListTicketsRequest {
            min_position: other.position.clone(),
            ..request
        };
        let page = world.call(caller, request).await.unwrap();
        let children = page.tickets.into_iter().map(|it| it.child_id);
        let mut children: Vec<_> = children.collect();
        children.sort();
        children
    };
    let all = ListTicketsRequest::default;
    let of_hold = |hold_id: &str| ListTicketsRequest {
        hold_id: hold_id.to_owned(),
        ..all()
    };
    let of_tier = |tier_id: &str| ListTicketsRequest {
        tier_id: tier_id.to_owned(),
        ..all()
    };
    let of_child = |child: Uuid| ListTicketsRequest {
        child_id: child.to_string(),
        ..all()
    };
    // The ids of the children are in the order in which they were added.
    let children = |expected: &[Uuid]| {
        let ids = expected.iter().map(ToString::to_string);
        ids.collect::<Vec<_>>()
    };
    for (caller, request, expected) in [
        (ann, of_hold(&both.hold_id), children(&[first, second])),
        (ann, of_hold(&other.hold_id), vec![]),
        (ann, of_tier(seat), children(&[first])),
        (ann, of_child(second), children(&[second])),
        (ann, of_child(third), vec![]),
        (Caller::Admin, of_hold(&other.hold_id), children(&[third])),
        (Caller::Admin, of_tier(seat), children(&[first, third])),
        (Caller::Admin, of_child(third), children(&[third])),
    ] {
        assert_eq!(find(caller, request.clone()).await, expected, "{request:?}");
    }
    world.stop().await;
}

#[tokio::test]
async fn a_ticket_and_its_hold_are_shown_to_who_took_them_and_to_admins() {
    let world = World::start(LONG).await;
    let event = world.on_sale(9, vec![tier("Seat", 4_999, 9)]).await;
    let parent = Caller::parent();
    let children = [(); 3].map(|()| world.add_child(parent));
    let lines = children.map(|child| (event.tier_ids[0].as_str(), child));
    let held = world.hold(parent, &event.event_id, &lines).await.unwrap();
    let get_hold = |min_position| GetTicketHoldRequest {
        hold_id: held.hold_id.clone(),
        min_position,
    };
    let get_ticket = |min_position| GetTicketRequest {
        ticket_id: held.tickets[1].ticket_id.clone(),
        min_position,
    };
    for viewer in [parent, Caller::Admin] {
        let shown = world.call(viewer, get_hold(held.position.clone())).await;
        let shown = shown.unwrap().hold.unwrap();
        assert_eq!(shown.state(), HoldState::Held);
        assert_eq!(
            (shown.total, shown.user_id),
            (Some(usd(14_997)), parent.id().to_string())
        );
        assert_eq!(shown.event_id, event.event_id);
        assert_eq!(shown.hold_expires_at, held.hold_expires_at);
        let lasts = shown.hold_expires_at.unwrap().seconds - shown.held_at.unwrap().seconds;
        assert_eq!(lasts, 15 * 60);
        let asked: Vec<_> = children.iter().map(ToString::to_string).collect();
        let told: Vec<_> = shown.tickets.iter().map(|it| it.child_id.clone()).collect();
        assert_eq!(told, asked, "in the order of the request");
        let one = world.call(viewer, get_ticket(held.position.clone())).await;
        assert_eq!(one.unwrap().ticket.as_ref(), shown.tickets.get(1));
    }
    let not_found = (Code::NotFound, "NOT_FOUND".to_owned());
    let stranger = Caller::parent();
    let refused = world.call(stranger, get_hold(None)).await.unwrap_err();
    assert_eq!(refusal(&refused), not_found);
    let refused = world.call(stranger, get_ticket(None)).await.unwrap_err();
    assert_eq!(refusal(&refused), not_found);

    let payment = Uuid::now_v7();
    let settled = world.settle(&held.hold_id, payment).await.unwrap();
    let paid = world
        .call(parent, get_hold(settled.position))
        .await
        .unwrap();
    let paid = paid.hold.unwrap();
    assert_eq!(
        (paid.state(), paid.payment_id),
        (HoldState::Confirmed, payment.to_string())
    );
    let active = paid.tickets.iter().map(Ticket::status);
    assert!(active.eq([TicketStatus::Active; 3]));
    world.stop().await;
}

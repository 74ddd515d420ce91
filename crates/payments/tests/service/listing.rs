use contracts::payments::{
    events::v1::PayableKind,
    v1::{ListPaymentsRequest, ListPaymentsResponse, PaymentState},
};
use testing::Caller;
use uuid::Uuid;

use crate::world::{HOLD, World, id};

async fn list(world: &World, caller: Caller, request: ListPaymentsRequest) -> ListPaymentsResponse {
    world.call(caller, request).await.unwrap()
}

fn ids(answer: &ListPaymentsResponse) -> Vec<String> {
    answer
        .payments
        .iter()
        .map(|payment| payment.payment_id.clone())
        .collect()
}

#[tokio::test]
async fn payments_are_listed_newest_first_page_by_page() {
    let world = World::start().await;
    let (parent, other) = (Caller::parent(), Caller::parent());
    let mut own = Vec::new();
    let mut position = 0;
    for number in 0..5 {
        let opened = if number % 2 == 0 {
            let session = world.holds_session(parent, Uuid::now_v7(), HOLD);
            world
                .pay_session(parent, session, "sandbox_ok")
                .await
                .unwrap()
        } else {
            let hold = world.holds_ticket(parent, Uuid::now_v7());
            world
                .pay_tickets(parent, hold, "sandbox_declined")
                .await
                .unwrap()
        };
        position = if number % 2 == 0 {
            world.succeeded(id(&opened)).await
        } else {
            world.failed(id(&opened)).await
        };
        own.insert(0, opened.payment_id);
    }
    let hold = world.holds_ticket(other, Uuid::now_v7());
    let foreign = world.pay_tickets(other, hold, "sandbox_ok").await.unwrap();
    position = position.max(world.succeeded(id(&foreign)).await);
    let min_position = Some(world.position(position));
    let wanted = ListPaymentsRequest {
        page_size: 2,
        min_position,
        ..ListPaymentsRequest::default()
    };

    let mut pages = Vec::new();
    let mut request = wanted.clone();
    loop {
        let page = list(&world, parent, request.clone()).await;
        pages.push(ids(&page));
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert_eq!(pages.concat(), own);
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 1]);

    let all = ListPaymentsRequest {
        page_size: 0,
        ..wanted
    };
    let failed = ListPaymentsRequest {
        state: PaymentState::Failed.into(),
        ..all.clone()
    };
    assert_eq!(
        ids(&list(&world, parent, failed).await),
        [own[1].clone(), own[3].clone()]
    );
    let sessions = ListPaymentsRequest {
        payable_kind: PayableKind::Session.into(),
        ..all.clone()
    };
    assert_eq!(list(&world, parent, sessions).await.payments.len(), 3);
    let one = ListPaymentsRequest {
        payable_id: hold.to_string(),
        ..all.clone()
    };
    assert_eq!(
        ids(&list(&world, Caller::Admin, one.clone()).await),
        [foreign.payment_id]
    );
    assert_eq!(list(&world, parent, one).await.payments.len(), 0);
    let foreign_user = ListPaymentsRequest {
        user_id: other.id().to_string(),
        ..all.clone()
    };
    assert_eq!(list(&world, parent, foreign_user).await.payments.len(), 0);
    assert_eq!(list(&world, Caller::Admin, all).await.payments.len(), 6);
    world.stop().await;
}

#[tokio::test]
async fn payments_are_found_by_the_time_at_which_they_were_opened() {
    let world = World::start().await;
    let parent = Caller::parent();
    let mut position = 0;
    for number in 0..3 {
        let opened = if number == 1 {
            let session = world.holds_session(parent, Uuid::now_v7(), HOLD);
            world.pay_session(parent, session, "sandbox_ok").await
        } else {
            let hold = world.holds_ticket(parent, Uuid::now_v7());
            world.pay_tickets(parent, hold, "sandbox_ok").await
        };
        position = world.succeeded(id(&opened.unwrap())).await;
    }
    let all = ListPaymentsRequest {
        min_position: Some(world.position(position)),
        ..ListPaymentsRequest::default()
    };
    let listed = list(&world, parent, all.clone()).await;
    let [last, middle, first] = &ids(&listed)[..] else {
        panic!("three payments: {listed:?}");
    };
    let created_at = listed.payments[1].created_at;
    let from = ListPaymentsRequest {
        created_from: created_at,
        ..all.clone()
    };
    let before = ListPaymentsRequest {
        created_before: created_at,
        ..all.clone()
    };
    for caller in [parent, Caller::Admin] {
        let from = list(&world, caller, from.clone()).await;
        assert_eq!(ids(&from), [last.clone(), middle.clone()]);
        let before = list(&world, caller, before.clone()).await;
        assert_eq!(ids(&before), std::slice::from_ref(first));
    }
    let nothing = ListPaymentsRequest {
        created_before: created_at,
        ..from
    };
    assert_eq!(list(&world, parent, nothing).await.payments.len(), 0);
    world.stop().await;
}

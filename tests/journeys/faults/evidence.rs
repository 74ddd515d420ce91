//! What must hold after the load, by the API, the logs and a replay.

use std::collections::BTreeSet;

use contracts::{
    payments::{events::v1::PayableKind, v1::PaymentState},
    scheduling::v1::SessionState,
    ticketing::v1::TicketStatus,
};
use sqlx::PgPool;

use e2e::{
    people, replay,
    system::{System, eventually},
};

use super::load::{Acknowledged, Purchase};

pub async fn check(system: &System, acknowledged: &Acknowledged) {
    for purchase in &acknowledged.purchases {
        settles(system, purchase).await;
    }
    system.operate(&["projections", "wait"]);
    let database = system.database().await;
    everything_happened_once(&database, acknowledged).await;
    every_purchase_happened_once(&database, &acknowledged.purchases).await;
    no_place_was_given_twice(&database).await;
    system.operate(&["verify"]);
    replay::is_the_same(system).await;
}

/// Waits until the buyer sees that the money was taken and what it was for stands.
async fn settles(system: &System, purchase: &Purchase) {
    let Purchase {
        buyer,
        kind,
        payable_id,
        payment_id,
    } = purchase;
    people::payment_becomes(system, buyer, payment_id, PaymentState::Succeeded).await;
    if *kind == PayableKind::Session {
        people::session_becomes(system, buyer, payable_id, SessionState::Paid).await;
        return;
    }
    eventually("the tickets of a paid hold", || async {
        let tickets = people::tickets(system, buyer, "").await;
        tickets
            .iter()
            .any(|ticket| ticket.hold_id == *payable_id && ticket.status() == TicketStatus::Active)
            .then_some(())
    })
    .await;
}

/// What a query finds in a log, in order.
async fn logged(database: &PgPool, sql: &str) -> Vec<String> {
    let mut logged: Vec<String> = sqlx::query_scalar(sql)
        .fetch_all(database)
        .await
        .expect("the log");
    logged.sort_unstable();
    logged
}

fn sorted(all: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut all: Vec<_> = all.into_iter().collect();
    all.sort_unstable();
    all
}

/// The logs hold what was acknowledged: all of it, once, and nothing else, since every request was
/// repeated until it was answered.
async fn everything_happened_once(database: &PgPool, acknowledged: &Acknowledged) {
    let purchases = |kind| {
        acknowledged
            .purchases
            .iter()
            .filter(move |purchase| purchase.kind == kind)
    };
    let payments = sorted(
        acknowledged
            .purchases
            .iter()
            .map(|purchase| purchase.payment_id.clone()),
    );
    let sessions = purchases(PayableKind::Session).map(|purchase| purchase.payable_id.clone());
    for (what, sql, answers) in [
        (
            "children",
            "select aggregate_id from identity.events where event_type = 'ChildAdded'",
            sorted(acknowledged.children.iter().cloned()),
        ),
        (
            "holds",
            "select payload->'TicketsHeld'->>'hold_id' from ticketing.events where event_type = 'TicketsHeld'",
            sorted(acknowledged.holds.iter().cloned()),
        ),
        (
            "sessions",
            "select aggregate_id from scheduling.events where event_type = 'SessionHeld'",
            sorted(sessions),
        ),
        (
            "payments",
            "select aggregate_id from payments.events where event_type = 'PaymentCreated'",
            payments,
        ),
    ] {
        assert!(!answers.is_empty(), "no {what} were acknowledged");
        assert_eq!(logged(database, sql).await, answers, "{what}");
    }
}

/// Every payment took the money once and settled once what it was for; none went back.
async fn every_purchase_happened_once(database: &PgPool, purchases: &[Purchase]) {
    let settled = |kind| {
        let settled = purchases
            .iter()
            .filter(move |purchase| purchase.kind == kind);
        sorted(settled.map(
            |Purchase {
                 payable_id,
                 payment_id,
                 ..
             }| format!("{payable_id} {payment_id}"),
        ))
    };
    for (what, sql, answers) in [
        (
            "payments that succeeded",
            "select aggregate_id from payments.events where event_type = 'PaymentSucceeded'",
            sorted(purchases.iter().map(|purchase| purchase.payment_id.clone())),
        ),
        (
            "sessions that were paid",
            "select aggregate_id || ' ' || (payload->'SessionPaid'->>'payment_id') from scheduling.events \
             where event_type = 'SessionPaid'",
            settled(PayableKind::Session),
        ),
        (
            "holds that were paid",
            "select (payload->'TicketsConfirmed'->>'hold_id') || ' ' || (payload->'TicketsConfirmed'->>'payment_id') \
             from ticketing.events where event_type = 'TicketsConfirmed' \
             and payload->'TicketsConfirmed'->>'payment_id' is not null",
            settled(PayableKind::TicketHold),
        ),
    ] {
        assert!(!answers.is_empty(), "there were no {what}");
        assert_eq!(logged(database, sql).await, answers, "{what}");
    }
    let sql = "select operation from payments.sandbox_charges where failure_code is null";
    let charges = vec!["charge".to_owned(); purchases.len()];
    assert_eq!(logged(database, sql).await, charges, "the provider's books");
}

/// By the log no slot has two sessions and no child two at once, and the claims are as many as
/// the log says.
async fn no_place_was_given_twice(database: &PgPool) {
    let places: Vec<(String, String, String)> = sqlx::query_as(
        "select place->>'slot_id', place->'time'->>'from', child from \
         (select payload->'SessionHeld'->'place' as place from scheduling.events where event_type = 'SessionHeld') held, \
         json_array_elements_text(place->'child_ids') child",
    )
    .fetch_all(database)
    .await
    .expect("the places");
    // One child each, and all sessions last from one full hour to the next.
    let slots: BTreeSet<_> = places.iter().map(|(slot, ..)| slot).collect();
    let hours: BTreeSet<_> = places
        .iter()
        .map(|(_, from, child)| (from, child))
        .collect();
    assert_eq!(slots.len(), places.len(), "a slot was given twice");
    assert_eq!(hours.len(), places.len(), "a child was to be at two places");
    for claims in [
        "select key from scheduling.unique_claims where scope = 'slot'",
        "select key from scheduling.interval_claims where scope = 'child'",
        "select key from scheduling.interval_claims where scope = 'trainer'",
    ] {
        assert_eq!(
            logged(database, claims).await.len(),
            places.len(),
            "{claims}"
        );
    }
}

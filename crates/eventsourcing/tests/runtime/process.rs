//! Processes: commands, timers, duplicates, crashes.

pub mod clerk;

use std::time::Duration;

use eventsourcing::{Outbox, Step};
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status};

use crate::{
    accounts::{Note, event},
    crash_after,
};
use clerk::{Clerk, Office};

#[tokio::test]
async fn events_become_commands_with_their_correlation_and_cause() {
    let office = Office::open().await;
    office.bank.append(&[event("a", 7)]).await;
    let runner = office.runner();
    runner.drain().await.unwrap();
    assert_eq!(runner.dispatch_ready().await.unwrap(), 1);
    let received = office.received();
    assert_eq!(received[0].what, "credit 7 to a");
    assert_eq!(received[0].authorization, "Bearer token");
    let (event_id, correlation_id) = office.ids_at(1).await;
    assert_eq!(received[0].causation_id, event_id);
    assert_eq!(received[0].correlation_id, correlation_id);
    assert!(received[0].timeout, "a deadline is set");
    assert_eq!(office.waiting().await, (0, 0));
}

#[tokio::test]
async fn the_commands_of_one_key_are_sent_in_order_and_wait_for_the_one_before() {
    let office = Office::open().await;
    office
        .bank
        .append(&[event("a", 1), event("b", 2), event("a", 4)])
        .await;
    office.refuse([Status::unavailable("not now")]);
    let runner = office.runner();
    runner.drain().await.unwrap();
    assert_eq!(runner.dispatch_ready().await.unwrap(), 2);
    assert_eq!(
        runner.dispatch_ready().await.unwrap(),
        0,
        "the pause is not over"
    );
    office.hurry().await;
    while runner.dispatch_ready().await.unwrap() > 0 {
        office.hurry().await;
    }
    let of_a: Vec<_> = office
        .done()
        .into_iter()
        .filter(|what| what.ends_with('a'))
        .collect();
    assert_eq!(of_a, ["credit 1 to a", "credit 4 to a"]);
    assert_eq!(office.done().len(), 3);
}

#[tokio::test]
async fn refusals_that_say_nothing_of_the_command_are_tried_again_with_the_same_request_id() {
    let codes = [
        Code::Unavailable,
        Code::DeadlineExceeded,
        Code::Aborted,
        Code::ResourceExhausted,
        Code::Unknown,
        Code::Internal,
        Code::Cancelled,
    ];
    let office = Office::open().await;
    office.bank.append(&[event("a", 1)]).await;
    office.refuse(codes.map(|code| Status::new(code, "later")));
    let runner = office.runner();
    runner.drain().await.unwrap();
    while office.waiting().await.0 > 0 {
        office.hurry().await;
        runner.dispatch_ready().await.unwrap();
    }
    let received = office.received();
    assert_eq!(received.len(), codes.len() + 1);
    assert!(
        received
            .iter()
            .all(|command| command.request_id == received[0].request_id)
    );
    assert_eq!(office.done().len(), 1);
}

#[tokio::test]
async fn a_refusal_for_good_is_parked_where_an_operator_sees_it() {
    let office = Office::open().await;
    office.bank.append(&[event("a", 1), event("a", 2)]).await;
    office.refuse([Status::failed_precondition("the account is frozen")]);
    let runner = office.runner();
    runner.drain().await.unwrap();
    runner.dispatch_ready().await.unwrap();
    assert_eq!(
        runner.dispatch_ready().await.unwrap(),
        0,
        "what follows waits"
    );
    let outbox = Outbox::new(office.pool());
    let parked = outbox.list(10).await.unwrap().remove(0);
    assert!(parked.parked);
    assert_eq!(parked.code, Some(i32::from(Code::FailedPrecondition)));
    assert_eq!(parked.message.as_deref(), Some("the account is frozen"));
    assert_eq!(office.waiting().await, (2, 1));
    let status = office.status().await;
    assert_eq!((status.waiting_commands, status.parked_commands), (1, 1));
    let of_clerk = outbox.parked("clerk").await.unwrap();
    assert_eq!(of_clerk.len(), 1);
    assert_eq!(of_clerk[0].request_id, parked.request_id);
    assert!(outbox.parked("another").await.unwrap().is_empty());
    assert!(outbox.retry(parked.request_id).await.unwrap());
    runner.dispatch_ready().await.unwrap();
    runner.dispatch_ready().await.unwrap();
    assert_eq!(office.done().len(), 2);
    let status = office.status().await;
    assert_eq!((status.waiting_commands, status.parked_commands), (0, 0));

    office.bank.append(&[event("b", 1), event("b", 2)]).await;
    office.refuse([Status::invalid_argument("nonsense")]);
    runner.drain().await.unwrap();
    runner.dispatch_ready().await.unwrap();
    let refused = outbox.list(10).await.unwrap().remove(0);
    assert!(outbox.discard(refused.request_id).await.unwrap());
    runner.dispatch_ready().await.unwrap();
    assert_eq!(office.done().last().unwrap(), "credit 2 to b");
}

#[tokio::test]
async fn a_timer_fires_once_when_it_is_due() {
    let office = Office::open().await;
    office
        .bank
        .append(&[event("a", Clerk::REMIND_AT_ONCE)])
        .await;
    let (one, two) = (office.runner(), office.runner());
    one.drain().await.unwrap();
    assert_eq!(office.status().await.due_timers, 1);
    let (first, second) = (one.fire_due().await, two.fire_due().await);
    assert_eq!((first.unwrap(), second.unwrap()), (1, 0));
    assert_eq!(two.fire_due().await.unwrap(), 0);
    let status = office.status().await;
    assert_eq!((status.due_timers, status.waiting_commands), (0, 1));
    two.dispatch_ready().await.unwrap();
    assert_eq!(office.done(), ["remind"]);
}

#[tokio::test]
async fn a_timer_that_is_cleared_or_whose_instance_is_done_does_not_fire() {
    let office = Office::open().await;
    office
        .bank
        .append(&[
            event("a", Clerk::REMIND_AT_ONCE),
            event("a", Clerk::FORGET),
            event("b", Clerk::REMIND_AT_ONCE),
            Note::Closed.of("b"),
        ])
        .await;
    let runner = office.runner();
    runner.drain().await.unwrap();
    assert_eq!(runner.fire_due().await.unwrap(), 0);
    assert_eq!(office.instances().await, ["a"]);
}

#[tokio::test]
async fn a_running_process_fires_and_sends_by_itself() {
    let office = Office::open().await;
    let runner = office.runner();
    let shutdown = CancellationToken::new();
    let stop = shutdown.clone();
    let running = tokio::spawn(async move { runner.run(stop).await });
    office
        .bank
        .append(&[event("a", Clerk::REMIND_SOON), event("b", 3)])
        .await;
    office.until_done(2).await;
    let mut done = office.done();
    done.sort();
    assert_eq!(done, ["credit 3 to b", "remind"]);
    shutdown.cancel();
    running.await.unwrap();
}

#[tokio::test]
async fn what_a_killed_process_had_under_way_is_sent_when_it_runs_again() {
    let office = Office::open().await;
    office.bank.append(&[event("a", 1), event("b", 2)]).await;
    let killed = office.runner();
    killed.drain().await.unwrap();
    // It has taken them, and is no more.
    office
        .bank
        .execute("update process_outbox set attempts = 1, next_at = clock_timestamp() + interval '1 hour'")
        .await;
    drop(killed);
    let runner = office.runner();
    let shutdown = CancellationToken::new();
    let stop = shutdown.clone();
    let running = tokio::spawn(async move { runner.run(stop).await });
    office.until_done(2).await;
    shutdown.cancel();
    running.await.unwrap();
    assert_eq!(office.waiting().await, (0, 0));
}

#[tokio::test]
async fn an_answer_is_recorded_when_the_database_takes_it() {
    let office = Office::open().await;
    office.bank.append(&[event("a", 1)]).await;
    let runner = office.runner();
    runner.drain().await.unwrap();
    office
        .bank
        .execute("create function refuse() returns trigger language plpgsql as 'begin raise ''no''; end'; \
                  create trigger refuse before delete on process_outbox execute function refuse()")
        .await;
    let dispatched = async { runner.dispatch_ready().await.unwrap() };
    let mended = async {
        office.until_done(1).await;
        assert_eq!(office.waiting().await, (1, 0));
        office
            .bank
            .execute("drop trigger refuse on process_outbox")
            .await;
    };
    let (sent, ()) = tokio::join!(dispatched, mended);
    assert_eq!(sent, 1);
    assert_eq!(office.waiting().await, (0, 0));
    assert_eq!(office.received().len(), 1, "it is sent once");
}

#[tokio::test]
async fn a_process_that_crashes_between_any_two_waits_does_everything_once() {
    let office = Office::open().await;
    for polls in 0..50 {
        office
            .bank
            .append(&[event("a", 1), event("t", Clerk::REMIND_AT_ONCE)])
            .await;
        crash_after(polls, office.runner().step()).await;
        crash_after(polls, office.runner().fire_due()).await;
        crash_after(polls, office.runner().dispatch_ready()).await;
        office.hurry().await;
    }
    let runner = office.runner();
    runner.drain().await.unwrap();
    loop {
        let fired = runner.fire_due().await.unwrap();
        let sent = runner.dispatch_ready().await.unwrap();
        office.hurry().await;
        if fired + sent == 0 && office.waiting().await == (0, 0) {
            break;
        }
    }
    let credits = office
        .done()
        .into_iter()
        .filter(|what| *what == "credit 1 to a")
        .count();
    assert_eq!(credits, 50);
    assert_eq!(office.total_of("a").await, 50);
    let reminders = office
        .done()
        .into_iter()
        .filter(|what| *what == "remind")
        .count();
    assert!(
        (1..=50).contains(&reminders),
        "one for each time it was set and came due"
    );
}

#[tokio::test]
async fn answers_that_come_together_are_recorded_on_few_connections() {
    let office = Office::answering_together(20).await;
    let events: Vec<_> = (0..20).map(|n| event(&format!("account {n}"), 1)).collect();
    office.bank.append(&events).await;
    let runner = office.runner_on(2).await;
    let shutdown = CancellationToken::new();
    let stop = shutdown.clone();
    let running = tokio::spawn(async move { runner.run(stop).await });
    let recorded = async {
        office.until_done(20).await;
        while office.waiting().await != (0, 0) {
            tokio::task::yield_now().await;
        }
    };
    // Less than a connection is waited for.
    tokio::time::timeout(Duration::from_secs(20), recorded)
        .await
        .unwrap();
    shutdown.cancel();
    running.await.unwrap();
}

#[tokio::test]
async fn events_that_are_delivered_again_change_nothing() {
    let office = Office::open().await;
    office.bank.append(&[event("a", 1), event("b", 2)]).await;
    let runner = office.runner();
    runner.drain().await.unwrap();
    runner.dispatch_ready().await.unwrap();
    // As after a restore of an older state: everything is read again.
    office
        .bank
        .execute("update checkpoints set position = 0; delete from process_instances")
        .await;
    let again = office.runner();
    assert!(matches!(
        again.step().await.unwrap(),
        Step::Folded { events: 2, .. }
    ));
    again.dispatch_ready().await.unwrap();
    assert_eq!(office.received().len(), 4);
    assert_eq!(office.done().len(), 2, "the request ids are the same");
}

#[tokio::test]
async fn a_reaction_that_panics_parks_its_key_and_its_timers() {
    let office = Office::open().await;
    office
        .bank
        .append(&[
            event("a", Clerk::REMIND_AT_ONCE),
            Note::Panics.of("a"),
            event("a", 5),
            event("b", 6),
        ])
        .await;
    let runner = office.runner();
    runner.drain().await.unwrap();
    assert_eq!(runner.fire_due().await.unwrap(), 0, "its timers wait");
    let status = office.status().await;
    assert_eq!((status.due_timers, status.parked_keys), (0, 1));
    while runner.dispatch_ready().await.unwrap() > 0 {}
    assert_eq!(office.done(), ["credit 6 to b"]);
    runner.retry("a").await.unwrap_err();
    let mended = office.mended_runner();
    mended.retry("a").await.unwrap();
    assert_eq!(mended.fire_due().await.unwrap(), 1);
    while mended.dispatch_ready().await.unwrap() > 0 {}
    assert_eq!(office.done().len(), 3);
}

#[tokio::test]
async fn a_process_is_never_rebuilt() {
    let office = Office::open().await;
    office.runner().drain().await.unwrap();
    let checkpoints = eventsourcing::Checkpoints::new(office.pool());
    assert!(checkpoints.request_rebuild("clerk").await.is_err());
}

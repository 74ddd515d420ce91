//! Projectors: folding, parking, fencing, rebuilding.

use std::{panic::AssertUnwindSafe, sync::Arc};

use eventsourcing::{
    CheckpointError, Checkpoints, Feed, Parked, ProjectionState, Projector, ProjectorError, Step,
};
use futures::FutureExt;
use proptest::prelude::*;
use tokio_util::sync::CancellationToken;

use crate::accounts::{self, Accounts, Fixture, Note, event, transfer};

#[tokio::test]
async fn events_are_folded_in_order_and_the_checkpoint_moves_with_the_rows() {
    let fixture = Fixture::new().await;
    fixture
        .append(&[event("a", 10), event("b", 1), event("a", 5), event("b", -3)])
        .await;
    let projector = fixture.projector(Accounts::default());
    projector.drain().await.unwrap();
    assert_eq!(fixture.balances().await, [("a", 15), ("b", -2)].map(owned));
    let checkpoints = Checkpoints::new(fixture.pool());
    assert_eq!(checkpoints.position("accounts", "bank").await.unwrap(), 4);
    assert_eq!(projector.step().await.unwrap(), Step::Idle);
    let status = checkpoints.list().await.unwrap().remove(0);
    assert_eq!(
        (status.state, status.lag_events, status.parked_keys),
        (ProjectionState::Live, 0, 0)
    );
}

#[tokio::test]
async fn a_removed_row_comes_back_when_it_is_written_again_in_the_same_batch() {
    let fixture = Fixture::new().await;
    fixture
        .append(&[
            event("a", 10),
            Note::Closed.of("a"),
            event("a", 5),
            event("b", 1),
            Note::Closed.of("b"),
        ])
        .await;
    fixture
        .projector(Accounts::default())
        .drain()
        .await
        .unwrap();
    assert_eq!(fixture.balances().await, [("a", 5)].map(owned));
}

#[tokio::test]
async fn a_fold_that_fails_or_panics_parks_its_key_and_nothing_else() {
    for poison in [Note::Refused, Note::Panics, Note::Unstorable] {
        let note = format!("{poison:?}");
        let fixture = Fixture::new().await;
        fixture
            .append(&[
                event("a", 1),
                event("b", 2),
                poison.clone().of("a"),
                event("a", 4),
                event("b", 8),
            ])
            .await;
        let projector = fixture.projector(Accounts::default());
        projector.drain().await.unwrap();
        assert_eq!(
            fixture.balances().await,
            [("a", 1), ("b", 10)].map(owned),
            "{note}"
        );
        fixture.append(&[event("a", 16), event("b", 32)]).await;
        projector.drain().await.unwrap();
        assert_eq!(
            fixture.balances().await,
            [("a", 1), ("b", 42)].map(owned),
            "{note}"
        );
        let parked = Parked::new(fixture.pool()).list(None).await.unwrap();
        let seen: Vec<_> = parked
            .iter()
            .map(|key| (key.key.as_str(), key.position, key.events))
            .collect();
        assert_eq!(seen, [("a", 3, 3)], "{note}");
        let status = Checkpoints::new(fixture.pool())
            .list()
            .await
            .unwrap()
            .remove(0);
        assert_eq!(
            (status.position, status.parked_keys, status.parked_events),
            (7, 1, 3)
        );
        let again = projector.retry("a").await.unwrap_err();
        assert!(
            matches!(again, ProjectorError::StillParked { .. }),
            "{note}: {again}"
        );
    }
}

#[tokio::test]
async fn a_parked_key_is_folded_in_order_when_the_fold_is_mended() {
    let fixture = Fixture::new().await;
    fixture
        .append(&[
            event("a", 1),
            Note::Refused.of("a"),
            event("a", 4),
            event("b", 8),
        ])
        .await;
    let projector = fixture.projector(Accounts::default());
    projector.drain().await.unwrap();
    let again = projector.retry("a").await.unwrap_err();
    assert!(
        matches!(again, ProjectorError::StillParked { .. }),
        "{again}"
    );
    assert_eq!(fixture.balances().await, [("a", 1), ("b", 8)].map(owned));

    let mended = fixture.projector(Accounts::mended());
    mended.retry("a").await.unwrap();
    assert_eq!(fixture.balances().await, [("a", 5), ("b", 8)].map(owned));
    assert!(
        Parked::new(fixture.pool())
            .list(None)
            .await
            .unwrap()
            .is_empty()
    );
    fixture.append(&[event("a", 16)]).await;
    mended.drain().await.unwrap();
    assert_eq!(fixture.balances().await, [("a", 21), ("b", 8)].map(owned));
    assert!(matches!(
        mended.retry("a").await,
        Err(ProjectorError::NotParked(_))
    ));
}

#[tokio::test]
async fn an_event_of_two_keys_waits_with_both_and_nothing_of_them_overtakes_it() {
    let fixture = Fixture::new().await;
    fixture
        .append(&[
            event("a", 100),
            event("b", 100),
            event("c", 100),
            Note::Refused.of("a"),
            // Waits for a, and b with it.
            transfer("a", "b", 10),
            event("b", 1),
            // Waits for b, and c with it.
            transfer("b", "c", 20),
            event("c", 2),
            event("d", 4),
        ])
        .await;
    let before = [("a", 100), ("b", 100), ("c", 100), ("d", 4)].map(owned);
    let projector = fixture.projector(Accounts::default());
    projector.drain().await.unwrap();
    assert_eq!(fixture.balances().await, before);
    let parked = Parked::new(fixture.pool());
    let seen: Vec<_> = parked.list(None).await.unwrap();
    let seen: Vec<_> = seen
        .iter()
        .map(|key| (key.key.as_str(), key.position, key.events))
        .collect();
    assert_eq!(seen, [("a", 4, 2), ("b", 5, 3), ("c", 7, 2)]);
    let again = projector.retry("c").await.unwrap_err();
    assert!(again.to_string().contains("refused"), "{again}");
    assert_eq!(fixture.balances().await, before);

    // Whichever of them is tried again, all of them go on, each event once and in order.
    fixture
        .projector(Accounts::mended())
        .retry("c")
        .await
        .unwrap();
    let after = [("a", 90), ("b", 91), ("c", 122), ("d", 4)].map(owned);
    assert_eq!(fixture.balances().await, after);
    assert!(parked.list(None).await.unwrap().is_empty());
    assert!(fixture.parked().await.is_empty());
}

#[tokio::test]
async fn a_running_projector_retries_a_parked_key_when_an_operator_asks() {
    let fixture = Fixture::new().await;
    fixture
        .append(&[event("a", 1), Note::Refused.of("a"), event("a", 4)])
        .await;
    fixture
        .projector(Accounts::default())
        .drain()
        .await
        .unwrap();
    let parked = Parked::new(fixture.pool());
    assert!(parked.request_retry("accounts", "a").await.unwrap());
    assert!(!parked.request_retry("accounts", "b").await.unwrap());
    fixture.projector(Accounts::mended()).step().await.unwrap();
    assert_eq!(fixture.balances().await, [("a", 5)].map(owned));
}

#[tokio::test]
async fn an_event_that_cannot_be_read_parks_its_aggregate() {
    let fixture = Fixture::new().await;
    fixture
        .append(&[
            event("a", 1),
            Note::Unreadable.of("a"),
            event("a", 4),
            event("b", 8),
        ])
        .await;
    fixture
        .projector(Accounts::default())
        .drain()
        .await
        .unwrap();
    assert_eq!(fixture.balances().await, [("a", 1), ("b", 8)].map(owned));
    let parked = Parked::new(fixture.pool())
        .list(Some("accounts"))
        .await
        .unwrap();
    assert_eq!((parked[0].key.as_str(), parked[0].events), ("a", 2));
}

#[tokio::test]
async fn the_last_projector_to_start_is_the_owner_and_the_one_before_stops_writing() {
    let fixture = Fixture::new().await;
    fixture
        .append(&[event("a", 1), event("a", 2), event("a", 4)])
        .await;
    let first = fixture.projector(Accounts::default()).with_batches_of(1);
    let second = fixture.projector(Accounts::default()).with_batches_of(1);
    first.step().await.unwrap();
    second.step().await.unwrap();
    assert!(matches!(first.step().await, Err(ProjectorError::Fenced)));
    assert_eq!(fixture.balances().await, [("a", 3)].map(owned));
    second.drain().await.unwrap();
    assert_eq!(fixture.balances().await, [("a", 7)].map(owned));
}

#[tokio::test]
async fn two_running_projectors_of_one_name_fold_every_event_once() {
    let fixture = Fixture::new().await;
    let shutdown = CancellationToken::new();
    let mut tasks = Vec::new();
    for _ in 0..2 {
        let projector = fixture.projector(Accounts::default()).with_batches_of(3);
        let shutdown = shutdown.clone();
        tasks.push(tokio::spawn(async move { projector.run(shutdown).await }));
    }
    for _ in 0..40 {
        fixture.append(&[event("a", 1), event("b", 1)]).await;
    }
    Checkpoints::new(fixture.pool())
        .wait("accounts", "bank", 80)
        .await
        .unwrap();
    assert_eq!(fixture.balances().await, [("a", 40), ("b", 40)].map(owned));
    shutdown.cancel();
    for task in tasks {
        task.await.unwrap();
    }
}

#[tokio::test]
async fn a_database_that_refuses_is_shown_and_tried_again() {
    let fixture = Fixture::new().await;
    fixture.append(&[event("a", 1)]).await;
    fixture
        .execute("alter table accounts rename to elsewhere")
        .await;
    let projector = fixture.projector(Accounts::default());
    let shutdown = CancellationToken::new();
    let stop = shutdown.clone();
    let running = tokio::spawn(async move { projector.run(stop).await });
    let checkpoints = Checkpoints::new(fixture.pool());
    while !checkpoints
        .list()
        .await
        .unwrap()
        .iter()
        .any(|status| status.state == ProjectionState::Failing)
    {
        tokio::task::yield_now().await;
    }
    fixture
        .execute("alter table elsewhere rename to accounts")
        .await;
    checkpoints.wait("accounts", "bank", 1).await.unwrap();
    assert_eq!(fixture.balances().await, [("a", 1)].map(owned));
    shutdown.cancel();
    running.await.unwrap();
}

#[tokio::test]
async fn a_rebuild_reports_its_progress_and_gives_the_same_rows() {
    let fixture = Fixture::new().await;
    fixture
        .append(&[event("a", 1), event("b", 2), event("a", 4)])
        .await;
    let projector = fixture.projector(Accounts::default()).with_batches_of(2);
    projector.drain().await.unwrap();
    fixture.execute("update accounts set balance = 99").await;
    let mut seen = Vec::new();
    projector
        .rebuild(|progress| seen.push((progress.done, progress.total)))
        .await
        .unwrap();
    assert_eq!(seen, [(2, 3)]);
    assert_eq!(fixture.balances().await, [("a", 5), ("b", 2)].map(owned));
}

#[tokio::test]
async fn a_rebuild_killed_in_the_middle_is_offline_and_goes_on_at_the_next_start() {
    let fixture = Fixture::new().await;
    fixture
        .append(&[event("a", 1), event("b", 2), event("a", 4), event("b", 8)])
        .await;
    let checkpoints = Checkpoints::new(fixture.pool());
    fixture
        .projector(Accounts::default())
        .drain()
        .await
        .unwrap();
    {
        let killed = fixture.projector(Accounts::default()).with_batches_of(1);
        let rebuild = killed.rebuild(|progress| assert!(progress.done < 2, "killed"));
        assert!(AssertUnwindSafe(rebuild).catch_unwind().await.is_err());
    }
    let offline = checkpoints.rebuilds(&["accounts"]).await;
    assert!(matches!(offline, Err(CheckpointError::Rebuilding(_))));
    let next = fixture.projector(Accounts::default());
    assert_eq!(
        next.step().await.unwrap(),
        Step::Folded {
            source: "bank",
            events: 2,
            position: 4
        }
    );
    checkpoints.rebuilds(&["accounts"]).await.unwrap();
    assert_eq!(fixture.balances().await, [("a", 5), ("b", 10)].map(owned));
}

#[tokio::test]
async fn another_fold_version_rebuilds_by_itself() {
    let fixture = Fixture::new().await;
    fixture.append(&[event("a", 1)]).await;
    fixture
        .projector(Accounts::default())
        .drain()
        .await
        .unwrap();
    fixture
        .execute("update projections set fold_version = 0")
        .await;
    fixture.execute("update accounts set balance = 99").await;
    fixture
        .projector(Accounts::default())
        .drain()
        .await
        .unwrap();
    assert_eq!(fixture.balances().await, [("a", 1)].map(owned));
}

#[tokio::test]
async fn a_rebuild_is_done_by_the_running_owner_when_an_operator_asks() {
    let fixture = Fixture::new().await;
    fixture.append(&[event("a", 1)]).await;
    fixture
        .projector(Accounts::default())
        .drain()
        .await
        .unwrap();
    fixture.execute("update accounts set balance = 99").await;
    let checkpoints = Checkpoints::new(fixture.pool());
    checkpoints.request_rebuild("accounts").await.unwrap();
    assert!(matches!(
        checkpoints.request_rebuild("nobody").await,
        Err(CheckpointError::Unknown(_))
    ));
    fixture
        .projector(Accounts::default())
        .drain()
        .await
        .unwrap();
    assert_eq!(fixture.balances().await, [("a", 1)].map(owned));
}

#[tokio::test]
async fn a_replay_that_ends_below_its_target_is_an_error() {
    let fixture = Fixture::new().await;
    fixture.append(&[event("a", 1), event("a", 2)]).await;
    let projector = fixture.projector(Accounts::default()).with_batches_of(1);
    projector.drain().await.unwrap();
    let killed = fixture.projector(Accounts::default()).with_batches_of(1);
    let rebuild = AssertUnwindSafe(killed.rebuild(|_| panic!("killed")));
    assert!(rebuild.catch_unwind().await.is_err());
    fixture
        .execute("set session_replication_role = replica; alter table events disable trigger append_only; \
                  delete from events where position = 2; update log_head set position = 1")
        .await;
    let error = fixture
        .projector(Accounts::default())
        .step()
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            ProjectorError::BelowTarget {
                position: 1,
                target: 2,
                ..
            }
        ),
        "{error}"
    );
}

#[tokio::test]
async fn a_checkpoint_ahead_of_its_log_is_an_error() {
    let fixture = Fixture::new().await;
    fixture.append(&[event("a", 1)]).await;
    fixture
        .projector(Accounts::default())
        .drain()
        .await
        .unwrap();
    fixture.execute("update checkpoints set position = 7").await;
    let error = fixture
        .projector(Accounts::default())
        .step()
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            ProjectorError::Ahead {
                position: 7,
                head: 1,
                ..
            }
        ),
        "{error}"
    );
}

#[tokio::test]
async fn several_sources_have_a_checkpoint_each() {
    let fixture = Fixture::new().await;
    let other = Fixture::new().await;
    fixture.append(&[event("a", 1), event("b", 2)]).await;
    other.append(&[event("a", 4)]).await;
    let feeds: Vec<Arc<dyn Feed<Note>>> = vec![fixture.feed("bank"), other.feed("brokerage")];
    let projector = Projector::new(Accounts::default(), fixture.pool(), feeds);
    projector.drain().await.unwrap();
    assert_eq!(fixture.balances().await, [("a", 5), ("b", 2)].map(owned));
    let list = Checkpoints::new(fixture.pool()).list().await.unwrap();
    let seen: Vec<_> = list
        .iter()
        .map(|status| (status.source.as_str(), status.position))
        .collect();
    assert_eq!(seen, [("bank", 2), ("brokerage", 1)]);
}

#[tokio::test]
async fn a_projection_that_nobody_runs_is_stopped_and_never_zero_seconds_behind() {
    let fixture = Fixture::new().await;
    fixture.append(&[event("a", 1)]).await;
    fixture
        .projector(Accounts::default())
        .drain()
        .await
        .unwrap();
    fixture
        .execute("update checkpoints set looked_at = looked_at - interval '1 minute', complete_at = complete_at - interval '1 minute'")
        .await;
    let status = Checkpoints::new(fixture.pool())
        .list()
        .await
        .unwrap()
        .remove(0);
    assert_eq!(status.state, ProjectionState::Stopped);
    assert!(
        status.lag_seconds >= 60.0 && status.look_age_seconds >= 60.0,
        "{status:?}"
    );
}

#[tokio::test]
async fn catching_up_makes_what_was_written_before_it_visible() {
    let fixture = Fixture::new().await;
    let shutdown = CancellationToken::new();
    let projector = fixture.projector(Accounts::default());
    let stop = shutdown.clone();
    let running = tokio::spawn(async move { projector.run(stop).await });
    let checkpoints = Checkpoints::new(fixture.pool());
    let feed = fixture.feed("bank");
    for round in 1..=20 {
        fixture.append(&[event("a", 1)]).await;
        checkpoints.catch_up("accounts", &*feed).await.unwrap();
        assert_eq!(fixture.balances().await, [("a", round)].map(owned));
    }
    shutdown.cancel();
    running.await.unwrap();
}

fn owned((key, balance): (&str, i64)) -> (String, i64) {
    (key.to_owned(), balance)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_rows_do_not_depend_on_the_sizes_of_the_batches(
        notes in prop::collection::vec(accounts::any_note(), 1..60),
        size in 1_usize..20,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let fixture = Fixture::new().await;
            fixture.append(&notes).await;
            fixture.projector(Accounts::default()).with_batches_of(1).drain().await.unwrap();
            let (one_by_one, parked) = (fixture.balances().await, fixture.parked().await);
            for largest in [size, 8_000] {
                fixture.projector(Accounts::default()).with_batches_of(largest).rebuild(|_| {}).await.unwrap();
                assert_eq!(fixture.balances().await, one_by_one);
                assert_eq!(fixture.parked().await, parked);
            }
        });
    }
}

#[tokio::test]
async fn a_projector_that_crashes_between_any_two_waits_folds_every_event_once() {
    let fixture = Fixture::new().await;
    for polls in 0..60 {
        fixture
            .append(&[event("a", 1), Note::Refused.of("c"), event("b", 1)])
            .await;
        let projector = fixture.projector(Accounts::default());
        crate::crash_after(polls, projector.step()).await;
    }
    fixture
        .projector(Accounts::default())
        .drain()
        .await
        .unwrap();
    assert_eq!(fixture.balances().await, [("a", 60), ("b", 60)].map(owned));
    assert_eq!(fixture.parked().await.len(), 60);
}

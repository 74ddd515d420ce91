//! Events of no interest: checkpoints that follow later.

use std::sync::Arc;

use eventsourcing::{
    Checkpoints, DecodeError, Feed, LocalFeed, Projector, ProjectorError, RecordedEvent, Step,
};
use tokio_util::sync::CancellationToken;

use crate::accounts::{Accounts, Fixture, Note, event};

fn decode(event: &RecordedEvent) -> Result<Option<Note>, DecodeError> {
    let note: Note = event.decode()?;
    Ok((note != Note::Private).then_some(note))
}

/// Over one log as if it were several.
fn projector(fixture: &Fixture, sources: &[&'static str]) -> Projector<Accounts> {
    let feed = |source| Arc::new(LocalFeed::new(source, &fixture.log, decode)) as Arc<dyn Feed<_>>;
    let feeds = sources.iter().copied().map(feed).collect();
    Projector::new(Accounts::default(), fixture.pool(), feeds)
}

async fn position(fixture: &Fixture, source: &str) -> i64 {
    let checkpoints = Checkpoints::new(fixture.pool());
    checkpoints.position("accounts", source).await.unwrap()
}

#[tokio::test]
async fn a_step_past_them_moves_the_checkpoint_and_nothing_else() {
    let fixture = Fixture::new().await;
    fixture
        .append(&[Note::Private.of("a"), Note::Private.of("b")])
        .await;
    let projector = projector(&fixture, &["bank"]);
    let step = projector.step().await.unwrap();
    assert_eq!(
        step,
        Step::Folded {
            source: "bank",
            events: 0,
            position: 2
        }
    );
    assert_eq!(position(&fixture, "bank").await, 2);
    assert_eq!(projector.step().await.unwrap(), Step::Idle);
    assert!(fixture.balances().await.is_empty());
}

#[tokio::test]
async fn who_has_become_the_owner_meanwhile_is_not_moved() {
    let fixture = Fixture::new().await;
    let before = projector(&fixture, &["bank"]);
    before.drain().await.unwrap();
    let owner = projector(&fixture, &["bank"]);
    owner.drain().await.unwrap();
    fixture.append(&[Note::Private.of("a")]).await;
    let fenced = before.step().await.unwrap_err();
    assert!(matches!(fenced, ProjectorError::Fenced), "{fenced}");
    assert_eq!(position(&fixture, "bank").await, 0);
    owner.drain().await.unwrap();
    assert_eq!(position(&fixture, "bank").await, 1);
}

/// As a crash of the database does with what it has not flushed.
async fn lose_everything(fixture: &Fixture) {
    let sql = "update checkpoints set position = 0; delete from accounts";
    fixture.execute(sql).await;
}

#[tokio::test]
async fn an_owner_whose_last_moves_are_lost_folds_again() {
    let fixture = Fixture::new().await;
    for last in [event("a", 4), Note::Private.of("a")] {
        let projector = projector(&fixture, &["bank"]);
        fixture.append(&[event("a", 1)]).await;
        projector.drain().await.unwrap();
        let before = fixture.balances().await;
        lose_everything(&fixture).await;
        fixture.append(std::slice::from_ref(&last)).await;
        let lost = projector.step().await.unwrap_err();
        assert!(
            matches!(lost, ProjectorError::Unsettled("accounts")),
            "{lost}"
        );
        projector.drain().await.unwrap();
        let more = if last.1 == Note::Private { 0 } else { 4 };
        assert_eq!(
            fixture.balances().await,
            [("a".to_owned(), before[0].1 + more)]
        );
    }
}

#[tokio::test]
async fn what_is_lost_is_folded_again_without_a_new_event() {
    let fixture = Fixture::new().await;
    let projector = projector(&fixture, &["bank"]);
    let shutdown = CancellationToken::new();
    let stop = shutdown.clone();
    let running = tokio::spawn(async move { projector.run(stop).await });
    fixture.append(&[event("a", 1)]).await;
    let checkpoints = Checkpoints::new(fixture.pool());
    checkpoints.wait("accounts", "bank", 1).await.unwrap();
    lose_everything(&fixture).await;
    checkpoints.wait("accounts", "bank", 1).await.unwrap();
    assert_eq!(fixture.balances().await, [("a".to_owned(), 1)]);
    shutdown.cancel();
    running.await.unwrap();
}

#[tokio::test]
async fn the_checkpoint_follows_when_nobody_waits_for_it() {
    let fixture = Fixture::new().await;
    let projector = projector(&fixture, &["bank", "branch"]);
    let shutdown = CancellationToken::new();
    let stop = shutdown.clone();
    let running = tokio::spawn(async move { projector.run(stop).await });
    fixture
        .append(&[event("a", 1), Note::Private.of("a"), event("a", 2)])
        .await;
    fixture.append(&[Note::Private.of("a")]).await;
    for source in ["bank", "branch"] {
        while position(&fixture, source).await < 4 {
            tokio::task::yield_now().await;
        }
    }
    assert_eq!(fixture.balances().await, [("a".to_owned(), 6)]);
    shutdown.cancel();
    running.await.unwrap();
}

#[tokio::test]
async fn between_those_that_count_every_one_is_folded_once_whoever_runs() {
    let fixture = Fixture::new().await;
    let shutdown = CancellationToken::new();
    let mut tasks = Vec::new();
    for _ in 0..2 {
        let projector = projector(&fixture, &["bank", "branch"]).with_batches_of(3);
        let shutdown = shutdown.clone();
        tasks.push(tokio::spawn(async move { projector.run(shutdown).await }));
    }
    let checkpoints = Checkpoints::new(fixture.pool());
    for round in 1..=30 {
        let private = || Note::Private.of("b");
        fixture.append(&[private(), event("a", 1), private()]).await;
        fixture.append(&[private()]).await;
        if round % 7 == 0 {
            checkpoints
                .wait("accounts", "bank", 4 * round)
                .await
                .unwrap();
        }
        if round == 15 {
            // Killed, wherever it is.
            tasks.remove(1).abort();
        }
    }
    for source in ["bank", "branch"] {
        checkpoints.wait("accounts", source, 120).await.unwrap();
    }
    assert_eq!(fixture.balances().await, [("a".to_owned(), 60)]);
    shutdown.cancel();
    for task in tasks {
        task.await.unwrap();
    }
}

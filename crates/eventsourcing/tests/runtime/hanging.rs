//! A projector over two logs, one of which hangs or fails: the other is folded all the same.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use eventsourcing::{
    Batch, Checkpoints, DecodeError, Feed, FeedError, LocalFeed, ProjectionState, ProjectionStatus,
    Projector, RecordedEvent, Step,
};
use futures::future::BoxFuture;
use tokio::{sync::watch, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::accounts::{Accounts, Fixture, Note, event};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mood {
    Answers,
    Hangs,
    Fails,
}

/// A log that answers as it likes.
struct Moody {
    log: LocalFeed<Note>,
    mood: watch::Sender<Mood>,
    /// Reads that have failed.
    failures: AtomicUsize,
}

impl Moody {
    async fn mood(&self) -> Result<(), FeedError> {
        let mut mood = self.mood.subscribe();
        let mood = *mood.wait_for(|mood| *mood != Mood::Hangs).await.unwrap();
        match mood {
            Mood::Fails => Err(FeedError::Broken {
                source_name: "branch",
                reason: "it does not want to".to_owned(),
            }),
            Mood::Answers | Mood::Hangs => Ok(()),
        }
    }
}

impl Feed<Note> for Moody {
    fn source(&self) -> &'static str {
        "branch"
    }

    fn read(&self, after: i64, limit: usize) -> BoxFuture<'_, Result<Batch<Note>, FeedError>> {
        Box::pin(async move {
            if let Err(error) = self.mood().await {
                self.failures.fetch_add(1, Ordering::Relaxed);
                return Err(error);
            }
            self.log.read(after, limit).await
        })
    }

    fn head(&self) -> BoxFuture<'_, Result<i64, FeedError>> {
        Box::pin(async move {
            self.mood().await?;
            self.log.head().await
        })
    }

    fn changed(&self, after: i64) -> BoxFuture<'_, ()> {
        self.log.changed(after)
    }
}

fn decode(event: &RecordedEvent) -> Result<Option<Note>, DecodeError> {
    event.decode().map(Some)
}

/// A log read twice: as the bank's, and as that of a branch that may not answer.
struct World {
    fixture: Fixture,
    branch: Arc<Moody>,
    checkpoints: Checkpoints,
}

impl World {
    async fn new(mood: Mood) -> Self {
        let fixture = Fixture::new().await;
        Self {
            branch: Arc::new(Moody {
                log: LocalFeed::new("branch", &fixture.log, decode),
                mood: watch::Sender::new(mood),
                failures: AtomicUsize::new(0),
            }),
            checkpoints: Checkpoints::new(fixture.pool()),
            fixture,
        }
    }

    fn projector(&self) -> Projector<Accounts> {
        let bank = Arc::new(LocalFeed::new("bank", &self.fixture.log, decode));
        let feeds: Vec<Arc<dyn Feed<Note>>> = vec![self.branch.clone(), bank];
        Projector::new(Accounts::default(), self.fixture.pool(), feeds)
    }

    fn run(&self) -> (JoinHandle<()>, CancellationToken) {
        let shutdown = CancellationToken::new();
        let (projector, stop) = (self.projector(), shutdown.clone());
        let running = tokio::spawn(async move { projector.run(stop).await });
        (running, shutdown)
    }

    async fn folded(&self, source: &str, position: i64) {
        let folded = self.checkpoints.wait("accounts", source, position);
        folded.await.unwrap();
    }

    /// Waits until the status of the branch is as it should be.
    async fn shown(&self, fits: impl Fn(&ProjectionStatus) -> bool) {
        loop {
            let all = self.checkpoints.list().await.unwrap();
            if all.iter().any(|row| row.source == "branch" && fits(row)) {
                return;
            }
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn a_log_that_hangs_holds_up_no_other_and_is_read_when_it_answers() {
    let world = World::new(Mood::Hangs).await;
    let (running, shutdown) = world.run();
    for position in 1..=5 {
        world.fixture.append(&[event("a", 1)]).await;
        world.folded("bank", position).await;
    }
    assert_eq!(world.fixture.balances().await, [("a".to_owned(), 5)]);
    world.branch.mood.send_replace(Mood::Answers);
    world.folded("branch", 5).await;
    assert_eq!(world.fixture.balances().await, [("a".to_owned(), 10)]);
    shutdown.cancel();
    running.await.unwrap();
}

#[tokio::test]
async fn a_log_that_fails_is_shown_and_holds_up_no_other() {
    let world = World::new(Mood::Fails).await;
    let (running, shutdown) = world.run();
    for position in 1..=5 {
        world.fixture.append(&[event("a", 1)]).await;
        world.folded("bank", position).await;
    }
    let failing = |row: &ProjectionStatus| {
        row.state == ProjectionState::Failing
            && (row.error.as_deref()).is_some_and(|error| error.contains("it does not want to"))
    };
    world.shown(failing).await;
    assert_eq!(world.fixture.balances().await, [("a".to_owned(), 5)]);
    assert!(world.branch.failures.load(Ordering::Relaxed) > 0);
    // A look that fails is no reason to say that everything is there.
    world
        .fixture
        .execute("update checkpoints set looked_at = looked_at - interval '1 hour', complete_at = complete_at - interval '1 hour'")
        .await;
    let looked_again = |row: &ProjectionStatus| row.look_age_seconds < 1_800.0;
    world.shown(looked_again).await;
    world.shown(|row| row.lag_seconds >= 3_600.0).await;
    world.branch.mood.send_replace(Mood::Answers);
    world.folded("branch", 5).await;
    world.shown(|row| row.error.is_none()).await;
    assert_eq!(world.fixture.balances().await, [("a".to_owned(), 10)]);
    shutdown.cancel();
    running.await.unwrap();
}

#[tokio::test]
async fn what_was_asked_before_a_log_hung_is_taken_when_it_answers() {
    let world = World::new(Mood::Hangs).await;
    let projector = world.projector();
    world.fixture.append(&[event("a", 1)]).await;
    let bank = Step::Folded {
        source: "bank",
        events: 1,
        position: 1,
    };
    assert_eq!(projector.step().await.unwrap(), bank);
    assert_eq!(projector.step().await.unwrap(), Step::Idle);
    world.branch.mood.send_replace(Mood::Answers);
    let branch = loop {
        match projector.step().await.unwrap() {
            Step::Idle => {}
            folded @ Step::Folded { .. } => break folded,
        }
    };
    let folded = Step::Folded {
        source: "branch",
        events: 1,
        position: 1,
    };
    assert_eq!(branch, folded);
    assert_eq!(projector.step().await.unwrap(), Step::Idle);
    assert_eq!(world.fixture.balances().await, [("a".to_owned(), 2)]);
}

#[tokio::test]
async fn a_rebuild_waits_for_a_log_that_hangs() {
    let world = World::new(Mood::Answers).await;
    world.fixture.append(&[event("a", 1), event("b", 2)]).await;
    let projector = world.projector();
    projector.drain().await.unwrap();
    let before = world.fixture.balances().await;
    projector
        .rebuild(|progress| {
            // Both logs are replayed; in the middle one of them hangs for a while.
            if progress.done == 2 && world.branch.mood.send_replace(Mood::Hangs) != Mood::Hangs {
                let branch = Arc::clone(&world.branch);
                tokio::spawn(async move { branch.mood.send_replace(Mood::Answers) });
            }
        })
        .await
        .unwrap();
    assert_eq!(world.fixture.balances().await, before);
}

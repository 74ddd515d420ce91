use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use contracts_core::common::v1::LogPosition;
use eventsourcing::Feed;
use futures::FutureExt as _;
use service::{Call, CatchUp, Principal, Reads, Source};
use sqlx::{Executor as _, PgPool};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::deployment::Deployment;
use super::notes::{Log, Notes};

fn at(position: i64) -> [LogPosition; 1] {
    [LogPosition {
        service: "probe".into(),
        position,
    }]
}

fn call(patience: Duration) -> Call {
    Call {
        deadline: Some(Instant::now() + patience),
        ..Call::by(Principal::Anonymous)
    }
}

async fn count(pool: &PgPool) -> sqlx::Result<i64> {
    sqlx::query_scalar("select count(*) from notes")
        .fetch_one(pool)
        .await
}

/// What a caller finds who names these positions.
async fn counted(
    reads: &Reads<Notes>,
    positions: &[LogPosition],
    call: &Call,
) -> Result<i64, Status> {
    Ok(reads.read_at(call, positions, count).await?)
}

/// Begins a rebuild of the notes, which is killed after the first of them.
async fn rebuild_killed_in_the_middle(log: &Log, pool: &PgPool) {
    let projector = log.projector(pool);
    let rebuild = projector.rebuild(|progress| assert!(progress.done < 1, "killed"));
    assert!(AssertUnwindSafe(rebuild).catch_unwind().await.is_err());
}

fn told(status: &Status) -> (Code, String) {
    (
        status.code(),
        status.get_details_error_info().unwrap().reason,
    )
}

#[tokio::test]
async fn a_read_waits_for_its_position_up_to_the_deadline() {
    let deployment = Deployment::migrated().await;
    let pool = deployment.pool().await;
    pool.execute(
        "insert into projections (projection, kind, fold_version, state) values ('notes', 'PROJECTION', 1, 'LIVE');
         insert into checkpoints (projection, source, position) values ('notes', 'probe', 5)",
    )
    .await
    .unwrap();
    let reads = Reads::new(pool.clone());
    let soon = call(Duration::from_millis(100));
    counted(&reads, &[], &soon).await.unwrap();
    counted(&reads, &at(5), &soon).await.unwrap();
    let status = counted(&reads, &at(6), &soon).await.unwrap_err();
    assert_eq!(
        told(&status),
        (Code::DeadlineExceeded, "POSITION_NOT_REACHED".into())
    );

    let patient = call(Duration::from_secs(5));
    let six = at(6);
    let waiting = counted(&reads, &six, &patient);
    let moving = pool.execute("update checkpoints set position = 6");
    let (counted, moved) = tokio::join!(waiting, moving);
    moved.unwrap();
    counted.unwrap();
}

#[tokio::test]
async fn a_position_of_a_log_that_is_not_folded_is_refused_at_once() {
    let deployment = Deployment::migrated().await;
    let pool = deployment.pool().await;
    let reads = Reads::new(pool.clone());
    let soon = call(Duration::from_millis(100));
    let status = counted(&reads, &at(1), &soon).await.unwrap_err();
    assert_eq!(
        told(&status),
        (Code::DeadlineExceeded, "POSITION_NOT_REACHED".into()),
        "a projection that has never run may fold any log"
    );
    pool.execute(
        "insert into projections (projection, kind, fold_version, state) values ('notes', 'PROJECTION', 1, 'LIVE');
         insert into checkpoints (projection, source) values ('notes', 'elsewhere')",
    )
    .await
    .unwrap();
    let patient = call(Duration::from_secs(30));
    for position in [0, 1, i64::MAX] {
        let status = counted(&reads, &at(position), &patient).await.unwrap_err();
        assert_eq!(
            told(&status),
            (Code::InvalidArgument, "INVALID_FIELDS".into())
        );
    }
}

#[tokio::test]
async fn a_position_that_no_log_has_is_refused_and_so_is_a_read_during_a_rebuild() {
    let deployment = Deployment::migrated().await;
    let pool = deployment.pool().await;
    let reads = Reads::new(pool.clone());
    let patient = call(Duration::from_secs(30));
    let status = counted(&reads, &at(-1), &patient).await.unwrap_err();
    assert_eq!(
        told(&status),
        (Code::InvalidArgument, "INVALID_FIELDS".into())
    );
    pool.execute(
        "insert into projections (projection, kind, fold_version, state)
         values ('notes', 'PROJECTION', 1, 'REBUILDING')",
    )
    .await
    .unwrap();
    let status = counted(&reads, &[], &patient).await.unwrap_err();
    assert_eq!(
        told(&status),
        (Code::Unavailable, "TEMPORARILY_UNAVAILABLE".into())
    );
}

#[tokio::test]
async fn a_look_into_tables_that_are_being_rebuilt_is_never_answered() {
    let deployment = Deployment::migrated().await;
    let pool = deployment.pool().await;
    let log = Log::of(3);
    log.projector(&pool).drain().await.unwrap();
    let reads = Reads::<Notes>::new(pool.clone());
    assert_eq!(reads.look(count).await.unwrap(), 3);

    // The tables were complete when the look began, and are half empty when it reads.
    let looked = reads.look(async |pool| {
        rebuild_killed_in_the_middle(&log, pool).await;
        assert_eq!(count(pool).await?, 1);
        count(pool).await
    });
    let status = Status::from(looked.await.unwrap_err());
    assert_eq!(
        told(&status),
        (Code::Unavailable, "TEMPORARILY_UNAVAILABLE".into())
    );
}

#[tokio::test]
async fn a_look_is_repeated_when_a_rebuild_began_and_ended_meanwhile() {
    let deployment = Deployment::migrated().await;
    let pool = deployment.pool().await;
    let log = Log::of(3);
    log.projector(&pool).drain().await.unwrap();
    let reads = Reads::<Notes>::new(pool.clone());
    let looks = AtomicUsize::new(0);
    let look = async |pool| {
        if looks.fetch_add(1, Ordering::SeqCst) > 0 {
            return count(pool).await;
        }
        rebuild_killed_in_the_middle(&log, pool).await;
        let found = count(pool).await;
        log.projector(pool).drain().await.unwrap();
        found
    };
    assert_eq!(reads.look(look).await.unwrap(), 3);
    assert_eq!(looks.load(Ordering::SeqCst), 2);
    assert_eq!(reads.look(look).await.unwrap(), 3);
    assert_eq!(looks.load(Ordering::SeqCst), 3, "one look is enough again");
}

#[tokio::test]
async fn what_would_be_a_refusal_is_looked_up_again_after_catching_up() {
    let deployment = Deployment::migrated().await;
    let pool = deployment.pool().await;
    let log = Log::of(1);
    let projector = log.projector(&pool);
    projector.drain().await.unwrap();
    let reads = Reads::<Notes>::new(pool.clone());
    let feed: Arc<dyn Feed<i64>> = Arc::new(log.clone());
    let source = Source::<Notes>::new(&pool, &feed);
    let unless = |wanted| {
        let source = &source;
        move |found: &i64| (*found < wanted).then_some(source as &dyn CatchUp)
    };
    log.append();
    let enough = reads.definite(count, unless(1)).await.unwrap();
    assert_eq!(enough, 1, "the log is not asked when the rows are enough");

    let (found, folded) = tokio::join!(reads.definite(count, unless(2)), projector.drain());
    folded.unwrap();
    assert_eq!(found.unwrap(), 2);
    let found = reads.definite(count, unless(3)).await.unwrap();
    assert_eq!(found, 2, "what the log does not have is not waited for");
}

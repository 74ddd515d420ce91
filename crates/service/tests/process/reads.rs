use std::time::{Duration, Instant};

use contracts_core::common::v1::LogPosition;
use eventsourcing::Checkpoints;
use service::{Call, Principal};
use sqlx::Executor as _;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::deployment::Deployment;

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

/// What a caller is told.
async fn reached(
    checkpoints: &Checkpoints,
    projection: &str,
    positions: &[LogPosition],
    call: &Call,
) -> Result<(), Status> {
    let reached = service::reached(checkpoints, projection, positions, call).await;
    Ok(reached?)
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
    let checkpoints = Checkpoints::new(pool.clone());
    let soon = call(Duration::from_millis(100));
    reached(&checkpoints, "notes", &[], &soon).await.unwrap();
    reached(&checkpoints, "notes", &at(5), &soon).await.unwrap();
    let status = reached(&checkpoints, "notes", &at(6), &soon)
        .await
        .unwrap_err();
    assert_eq!(
        told(&status),
        (Code::DeadlineExceeded, "POSITION_NOT_REACHED".into())
    );

    let patient = call(Duration::from_secs(5));
    let six = at(6);
    let waiting = reached(&checkpoints, "notes", &six, &patient);
    let moving = pool.execute("update checkpoints set position = 6");
    let (reached, moved) = tokio::join!(waiting, moving);
    moved.unwrap();
    reached.unwrap();
}

#[tokio::test]
async fn a_position_of_a_log_that_is_not_folded_is_refused_at_once() {
    let deployment = Deployment::migrated().await;
    let pool = deployment.pool().await;
    let checkpoints = Checkpoints::new(pool.clone());
    let soon = call(Duration::from_millis(100));
    let status = reached(&checkpoints, "notes", &at(1), &soon)
        .await
        .unwrap_err();
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
        let status = reached(&checkpoints, "notes", &at(position), &patient)
            .await
            .unwrap_err();
        assert_eq!(
            told(&status),
            (Code::InvalidArgument, "INVALID_FIELDS".into())
        );
    }
}

#[tokio::test]
async fn a_position_that_no_log_has_is_refused_and_a_rebuild_is_told() {
    let deployment = Deployment::migrated().await;
    let pool = deployment.pool().await;
    let checkpoints = Checkpoints::new(pool.clone());
    let patient = call(Duration::from_secs(30));
    let status = reached(&checkpoints, "notes", &at(-1), &patient)
        .await
        .unwrap_err();
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
    let status = reached(&checkpoints, "notes", &[], &patient)
        .await
        .unwrap_err();
    assert_eq!(
        told(&status),
        (Code::Unavailable, "TEMPORARILY_UNAVAILABLE".into())
    );
}

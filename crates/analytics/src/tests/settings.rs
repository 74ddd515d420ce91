//! The tables and the settings that they were folded with.

use std::sync::Arc;

use eventsourcing::ProjectorError;
use sqlx::PgPool;
use values::Zone;

use super::support::season::season;
use super::support::{Revealed, database, dump, feeds, projector};
use crate::basis::Basis;
use crate::folding::Folding;
use crate::query::rebuild_is_due;

fn basis(zone: Zone) -> Basis {
    Basis {
        zone,
        counts_sandbox: true,
    }
}

/// The beginnings of four logs.
fn logs() -> Vec<Arc<Revealed>> {
    let season = season(41, 120, Zone::new_york());
    let logs = season.logs().into_iter();
    let logs: Vec<_> = logs
        .map(|(source, events)| Revealed::new(source, events))
        .collect();
    reveal(&logs, 10);
    logs
}

fn reveal(logs: &[Arc<Revealed>], more: usize) {
    for log in logs {
        log.reveal(more);
    }
}

async fn stored(pool: &PgPool) -> Option<Basis> {
    Basis::stored(pool).await.unwrap()
}

#[tokio::test]
async fn other_settings_rebuild_the_tables_although_a_worker_with_the_old_ones_still_runs() {
    let (new_york, tokyo) = (
        basis(Zone::new_york()),
        basis(Zone::named("Asia/Tokyo").unwrap()),
    );
    let logs = logs();
    let expected = database(tokyo).await;
    projector(&expected.pool(), tokyo, &logs)
        .drain()
        .await
        .unwrap();

    let database = database(new_york).await;
    let pool = database.pool();
    let old = projector(&pool, new_york, &logs);
    old.drain().await.unwrap();
    assert!(
        rebuild_is_due(&pool, tokyo).await.unwrap(),
        "a reader with the new settings does not take the old figures for its own"
    );

    let folding = Folding::new(pool.clone(), feeds(&logs), tokyo);
    folding.settle().await.unwrap();
    assert_eq!(stored(&pool).await, Some(tokyo));
    assert!(!rebuild_is_due(&pool, tokyo).await.unwrap());
    assert!(rebuild_is_due(&pool, new_york).await.unwrap());
    assert_eq!(dump(&pool).await, dump(&expected.pool()).await);

    reveal(&logs, 100);
    assert!(matches!(old.step().await, Err(ProjectorError::Fenced)));
}

#[tokio::test]
async fn settings_are_stored_when_nothing_is_folded_and_after_a_rebuild_but_not_before_it() {
    let (new_york, tokyo) = (
        basis(Zone::new_york()),
        basis(Zone::named("Asia/Tokyo").unwrap()),
    );
    let logs = logs();
    let database = database(new_york).await;
    let pool = database.pool();
    Basis::forget(&pool).await.unwrap();
    let first = Folding::new(pool.clone(), feeds(&logs), new_york);
    first.settle().await.unwrap();
    assert_eq!(stored(&pool).await, Some(new_york));

    projector(&pool, new_york, &logs).drain().await.unwrap();
    let second = Folding::new(pool.clone(), feeds(&logs), tokyo);
    // So the rebuild fails.
    let owner = database.owner().await;
    sqlx::query("alter table statistic_facts rename to elsewhere")
        .execute(&owner)
        .await
        .unwrap();
    second.settle().await.unwrap_err();
    assert_eq!(stored(&pool).await, None);

    // Whoever comes next cannot know what the tables rest on.
    sqlx::query("alter table elsewhere rename to statistic_facts")
        .execute(&owner)
        .await
        .unwrap();
    assert!(rebuild_is_due(&pool, new_york).await.unwrap());
    first.settle().await.unwrap();
    assert_eq!(stored(&pool).await, Some(new_york));
}

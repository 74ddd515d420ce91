use contracts::common::v1::Role;
use eventsourcing::{Checkpoints, ProjectionState};

use crate::world::{World, child, profile};

const OWN: [&str; 3] = ["users", "trainers", "children"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rebuild_gives_the_same_tables_as_following_the_log() {
    let world = World::start().await;
    let anna = world.account(Role::Parent, "anna@example.com").await;
    let tara = world.account(Role::Trainer, "tara@example.com").await;
    world.call(&anna, child("Cleo")).await.unwrap();
    world.call(&tara, profile("Quinn")).await.unwrap();
    followed(&world).await;
    let before = tables(&world).await;
    assert_eq!(before.len(), 4);
    rebuild(&world).await;
    assert_eq!(tables(&world).await, before);
}

/// Waits until the tables of identity's own events have everything.
async fn followed(world: &World) {
    let checkpoints = Checkpoints::new(world.database().pool());
    let head = world.head().await.position;
    for projection in OWN {
        let reached = checkpoints.wait(projection, identity::NAME, head);
        reached.await.unwrap();
    }
}

/// Builds the tables of identity's own events anew, as an operator does.
pub async fn rebuild(world: &World) {
    let checkpoints = Checkpoints::new(world.database().pool());
    for projection in OWN {
        checkpoints.request_rebuild(projection).await.unwrap();
    }
    let rebuilding = async || {
        let all = checkpoints.list().await.unwrap();
        all.iter()
            .any(|projection| projection.state == ProjectionState::Rebuilding)
    };
    while rebuilding().await {
        tokio::task::yield_now().await;
    }
}

async fn tables(world: &World) -> Vec<(String,)> {
    sqlx::query_as(
        "select row_to_json(t)::text from users t union all select row_to_json(t)::text from trainers t \
         union all select row_to_json(t)::text from children t order by 1",
    )
    .fetch_all(&world.database().pool())
    .await
    .unwrap()
}

use chrono::TimeDelta;
use contracts::{
    common::v1::Role,
    identity::v1::{ChangeRoleRequest, EraseSubjectRequest, GetChildRequest},
};
use eventsourcing::{Checkpoints, ProjectionState};
use testing::refusal;
use tonic::Code;

use crate::world::{World, child, id, profile};

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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_permitted_or_hidden_because_tables_are_being_rebuilt() {
    let world = World::start().await;
    let admin = world.admin().await;
    let anna = world.account(Role::Parent, "anna@example.com").await;
    let cleo = world.call(&anna, child("Cleo")).await.unwrap();
    world.paid(world.held(&cleo.child_id, &id(), TimeDelta::hours(2)));
    let erase = || EraseSubjectRequest {
        request_id: id(),
        child_id: cleo.child_id.clone(),
        ..Default::default()
    };
    let make_trainer = || ChangeRoleRequest {
        request_id: id(),
        user_id: anna.user_id.clone(),
        role: Role::Trainer.into(),
    };
    let show = || GetChildRequest {
        child_id: cleo.child_id.clone(),
        min_position: cleo.position.clone(),
    };
    let offline = (Code::Unavailable, "TEMPORARILY_UNAVAILABLE".to_owned());
    let refused = |reason: &str| (Code::FailedPrecondition, reason.to_owned());

    // The tables have everything before something happens to them.
    let erased = world.call(&anna, erase()).await.unwrap_err();
    assert_eq!(refusal(&erased), refused("BOOKINGS_AHEAD"));
    let erased = world.call(&anna, erase());
    let erased = world.emptied_under("bookings", "bookings", erased).await;
    assert_eq!(refusal(&erased.unwrap_err()), offline);
    let erased = world.call(&anna, erase()).await.unwrap_err();
    assert_eq!(refusal(&erased), refused("BOOKINGS_AHEAD"));

    let changed = world.call(&admin, make_trainer());
    let changed = world.emptied_under("children", "children", changed).await;
    assert_eq!(refusal(&changed.unwrap_err()), offline);
    let changed = world.call(&admin, make_trainer()).await.unwrap_err();
    assert_eq!(refusal(&changed), refused("ROLE_MISMATCH"));

    let shown = world.call(&anna, show());
    let shown = world.emptied_under("children", "children", shown).await;
    assert_eq!(refusal(&shown.unwrap_err()), offline);
    world.call(&anna, show()).await.unwrap();
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

//! Reads and decisions while operators rebuild projections.

use contracts::scheduling::v1 as pb;
use eventsourcing::Checkpoints;
use futures::future::join_all;
use testing::refusal;
use tonic::Code;

use crate::world::World;

const REBUILDS: i64 = 3;

#[tokio::test]
async fn a_rebuild_hides_nothing_from_reads_and_decisions() {
    let world = World::start().await;
    let (trainer, slots) = world.slots(&[8, 10]).await;
    let (parent, children) = world.family(1);
    let booked = world.book(parent, &slots[0], &children).await.unwrap();
    let checkpoints = Checkpoints::new(world.database().pool());
    let read = async || {
        let list = pb::ListSessionsRequest {
            min_position: booked.position.clone(),
            ..Default::default()
        };
        match world.call(trainer, list).await {
            Ok(found) => assert_eq!(found.sessions.len(), 1),
            Err(status) => assert_eq!(status.code(), Code::Unavailable, "{status}"),
        }
    };
    let decide = async || {
        let refused = world.book(parent, &slots[0], &children).await.unwrap_err();
        if refused.code() != Code::Unavailable {
            assert_eq!(
                refusal(&refused),
                (Code::FailedPrecondition, "SLOT_TAKEN".to_owned())
            );
        }
    };
    for projection in ["sessions", "calendar", "reference"] {
        let begun = async || rebuilds_of(&world, projection).await;
        while begun().await < REBUILDS {
            checkpoints.request_rebuild(projection).await.unwrap();
            join_all((0..4).map(|_| async { tokio::join!(read(), decide()) })).await;
        }
    }
}

/// How many rebuilds of a projection have begun.
async fn rebuilds_of(world: &World, projection: &str) -> i64 {
    sqlx::query_scalar("select rebuilds from projections where projection = $1")
        .bind(projection)
        .fetch_one(&world.database().pool())
        .await
        .unwrap()
}

//! Reads and decisions that meet the rebuild of a projection.

use contracts::scheduling::v1 as pb;
use eventsourcing::Checkpoints;
use testing::refusal;
use tonic::Code;

use crate::world::World;

#[tokio::test]
async fn a_rebuild_hides_nothing_from_reads_and_decisions() {
    let world = World::start().await;
    let (trainer, slots) = world.slots(&[8]).await;
    let (parent, children) = world.family(1);
    let held = world.book(parent, &slots[0], &children).await.unwrap();
    let checkpoints = Checkpoints::new(world.database().pool());
    let list = || pb::ListSessionsRequest {
        min_position: held.position.clone(),
        ..Default::default()
    };
    let offline = (Code::Unavailable, "TEMPORARILY_UNAVAILABLE".to_owned());

    // The tables have everything before something happens to them.
    for projection in ["sessions", "calendar"] {
        let held = held.position.as_ref().unwrap();
        let folded = checkpoints.wait(projection, &held.service, held.position);
        folded.await.unwrap();
    }
    let listed = world.call(trainer, list());
    let listed = world.emptied_under("sessions", "sessions", listed).await;
    assert_eq!(refusal(&listed.unwrap_err()), offline);
    let listed = world.call(trainer, list()).await.unwrap();
    assert_eq!(listed.sessions.len(), 1);

    for (projection, table) in [("calendar", "slots"), ("reference", "known_children")] {
        let booked = world.book(parent, &slots[0], &children);
        let booked = world.emptied_under(projection, table, booked).await;
        assert_eq!(refusal(&booked.unwrap_err()), offline, "{table}");
    }
    let taken = world.book(parent, &slots[0], &children).await.unwrap_err();
    assert_eq!(refusal(&taken).1, "SLOT_TAKEN");
}

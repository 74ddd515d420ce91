//! For whom a user can take places, as identity's events change it.

use std::time::Duration;

use contracts::identity::events::v1::{self as identity, identity_event::Event};
use testing::{Caller, reason};
use tonic::Code;
use uuid::Uuid;

use crate::world::{World, tier};

const LONG: Duration = Duration::from_mins(15);

#[tokio::test]
async fn no_place_is_taken_for_a_child_that_was_archived_or_erased() {
    let world = World::start(LONG).await;
    let event = world.on_sale(50, vec![tier("Seat", 4_999, 50)]).await;
    let seat = event.tier_ids[0].as_str();
    let parent = Caller::parent();
    for (says_so, code, why) in [
        (
            (|child_id| {
                Event::ChildArchived(identity::ChildArchived {
                    child_id,
                    ..Default::default()
                })
            }) as fn(String) -> Event,
            Code::FailedPrecondition,
            "CHILD_ARCHIVED",
        ),
        (
            |child_id| {
                Event::ChildErased(identity::ChildErased {
                    child_id,
                    erased_at: None,
                })
            },
            Code::NotFound,
            "NOT_FOUND",
        ),
    ] {
        let child = world.add_child(parent);
        world.identity_says(child, says_so(child.to_string()));
        // The stranger makes ticketing catch up with identity.
        let lines = [(seat, Uuid::now_v7())];
        world
            .hold(parent, &event.event_id, &lines)
            .await
            .unwrap_err();
        let refused = world.hold(parent, &event.event_id, &[(seat, child)]).await;
        let refused = refused.unwrap_err();
        assert_eq!((refused.code(), reason(&refused).as_str()), (code, why));
    }
    world.stop().await;
}

#[tokio::test]
async fn after_a_transfer_the_new_guardian_takes_places_and_keeps_out_the_former() {
    let world = World::start(LONG).await;
    let event = world.on_sale(50, vec![tier("Seat", 4_999, 50)]).await;
    let seat = event.tier_ids[0].as_str();
    let (former, guardian) = (Caller::parent(), Caller::parent());
    let child = world.add_child(former);
    let transferred = identity::GuardianTransferred {
        child_id: child.to_string(),
        former_guardian_id: former.id().to_string(),
        guardian_id: guardian.id().to_string(),
        transferred_at: None,
    };
    world.identity_says(child, Event::GuardianTransferred(transferred));
    let lines = [(seat, child)];
    world.hold(guardian, &event.event_id, &lines).await.unwrap();
    let refused = world.hold(former, &event.event_id, &lines).await;
    let refused = refused.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::NotFound, "NOT_FOUND")
    );
    world.stop().await;
}

//! Who can be booked, by whom and for whom, as identity's events change it.

use contracts::common::v1::Role;
use contracts::identity::events::v1 as identity;
use contracts::identity::events::v1::identity_event::Event;
use contracts::scheduling::v1 as pb;
use testing::{Caller, eur, refusal};
use tonic::Code;
use uuid::Uuid;

use crate::world::World;

fn terms(trainer_id: Uuid, minor_units: i64, accepting_bookings: bool) -> Event {
    Event::TrainerUpdated(identity::TrainerUpdated {
        trainer_id: trainer_id.to_string(),
        price_per_hour: Some(eur(minor_units)),
        session_duration_minutes: 60,
        external: false,
        updated_at: None,
        accepting_bookings,
    })
}

fn closed(user_id: Uuid) -> Event {
    Event::UserDeactivated(identity::UserDeactivated {
        user_id: user_id.to_string(),
        role: Role::Trainer.into(),
        deactivated_at: None,
    })
}

fn opened(user_id: Uuid) -> Event {
    Event::UserReactivated(identity::UserReactivated {
        user_id: user_id.to_string(),
        role: Role::Trainer.into(),
        reactivated_at: None,
    })
}

fn erased(user_id: Uuid) -> Event {
    Event::UserErased(identity::UserErased {
        user_id: user_id.to_string(),
        role: Role::Trainer.into(),
        was_active: true,
        erased_at: None,
    })
}

fn role(user_id: Uuid, role: Role) -> Event {
    Event::UserRoleChanged(identity::UserRoleChanged {
        user_id: user_id.to_string(),
        role: role.into(),
        changed_at: None,
    })
}

fn not_bookable() -> (Code, String) {
    (Code::FailedPrecondition, "TRAINER_NOT_BOOKABLE".to_owned())
}

#[tokio::test]
async fn a_new_price_is_that_of_new_bookings_only() {
    let world = World::start().await;
    let (trainer, slots) = world.slots(&[9, 11]).await;
    let (parent, children) = world.family(1);
    let before = world.book(parent, &slots[0], &children).await.unwrap();
    world.identity_says(trainer.id(), terms(trainer.id(), 10_000, true));
    world.heard().await;
    let after = world.book(parent, &slots[1], &children).await.unwrap();
    let amounts = [&before, &after].map(|booked| booked.price.clone().unwrap().minor_units);
    assert_eq!(amounts, [8_000, 10_000]);
    let kept = world
        .session(parent, &before.session_id, before.position.clone())
        .await
        .unwrap();
    assert_eq!(kept.price, before.price);
}

#[tokio::test]
async fn a_trainer_who_pauses_is_closed_erased_or_no_trainer_any_more_takes_no_bookings() {
    let world = World::start().await;
    for (stop, start) in [
        (
            (|id| terms(id, 8_000, false)) as fn(Uuid) -> Event,
            Some((|id| terms(id, 8_000, true)) as fn(Uuid) -> Event),
        ),
        (closed, Some(opened as fn(Uuid) -> Event)),
        (
            |id| role(id, Role::Parent),
            Some(|id| role(id, Role::Trainer)),
        ),
        (erased, None),
    ] {
        let (trainer, slots) = world.slots(&[9, 11]).await;
        let (parent, children) = world.family(1);
        let booked = world.book(parent, &slots[0], &children).await.unwrap();
        world.identity_says(trainer.id(), stop(trainer.id()));
        world.heard().await;
        let refused = world.book(parent, &slots[1], &children).await.unwrap_err();
        assert_eq!(refusal(&refused), not_bookable());
        assert_eq!(available(&world, trainer.id()).await, 0);
        let slot = pb::GetSlotRequest {
            slot_id: slots[1].clone(),
            min_position: None,
        };
        let hidden = world.call(parent, slot.clone()).await.unwrap_err();
        assert_eq!(refusal(&hidden), (Code::NotFound, "NOT_FOUND".to_owned()));
        world.call(trainer, slot).await.unwrap();
        let stands = world
            .session(parent, &booked.session_id, booked.position.clone())
            .await
            .unwrap();
        assert_eq!(stands.state(), pb::SessionState::Pending, "it stands");
        if let Some(start) = start {
            world.identity_says(trainer.id(), start(trainer.id()));
            world.book(parent, &slots[1], &children).await.unwrap();
        }
    }
}

async fn available(world: &World, trainer_id: Uuid) -> usize {
    let request = pb::ListAvailableSlotsRequest {
        trainer_id: trainer_id.to_string(),
        min_position: Some(world.position(1)),
        ..pb::ListAvailableSlotsRequest::default()
    };
    let answer = world.call(Caller::Admin, request);
    answer.await.unwrap().slots.len()
}

#[tokio::test]
async fn nothing_new_is_booked_for_a_child_that_was_archived_or_erased() {
    let world = World::start().await;
    let (_, slots) = world.slots(&[9, 11]).await;
    let (parent, children) = world.family(1);
    let child = children[0];
    let archived = identity::ChildArchived {
        child_id: child.to_string(),
        guardian_id: parent.id().to_string(),
        archived_at: None,
    };
    world.identity_says(child, Event::ChildArchived(archived));
    world.heard().await;
    let refused = world.book(parent, &slots[0], &children).await.unwrap_err();
    assert_eq!(
        refusal(&refused),
        (Code::FailedPrecondition, "CHILD_ARCHIVED".to_owned())
    );
    let erased = identity::ChildErased {
        child_id: child.to_string(),
        erased_at: None,
    };
    world.identity_says(child, Event::ChildErased(erased));
    world.heard().await;
    let refused = world.book(parent, &slots[0], &children).await.unwrap_err();
    assert_eq!(refusal(&refused), (Code::NotFound, "NOT_FOUND".to_owned()));
}

#[tokio::test]
async fn after_a_transfer_the_new_guardian_books_and_what_was_booked_stays_with_who_paid() {
    let world = World::start().await;
    let (_, slots) = world.slots(&[9, 11]).await;
    let (former, children) = world.family(1);
    let guardian = Caller::parent();
    let booked = world.book(former, &slots[0], &children).await.unwrap();
    let transferred = identity::GuardianTransferred {
        child_id: children[0].to_string(),
        former_guardian_id: former.id().to_string(),
        guardian_id: guardian.id().to_string(),
        transferred_at: None,
    };
    let event = Event::GuardianTransferred(transferred);
    world.identity_says(children[0], event);
    let after = world.book(guardian, &slots[1], &children).await.unwrap();
    let refused = world.book(former, &slots[1], &children).await.unwrap_err();
    assert_eq!(refusal(&refused), (Code::NotFound, "NOT_FOUND".to_owned()));
    let position = after.position.clone();
    let session = world.session(former, &booked.session_id, position.clone());
    session.await.unwrap();
    let session = world.session(guardian, &booked.session_id, position);
    assert_eq!(
        refusal(&session.await.unwrap_err()),
        (Code::NotFound, "NOT_FOUND".to_owned())
    );
}

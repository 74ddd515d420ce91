use contracts::payments::v1::PaymentState;
use testing::Caller;
use uuid::Uuid;

use crate::world::{HOLD, World, id};

#[tokio::test]
async fn an_open_outcome_is_asked_about_after_a_restart() {
    let mut world = World::start().await;
    let parent = Caller::parent();
    let session = world.holds_session(parent, Uuid::now_v7(), HOLD);
    let payment = id(&world
        .pay_session(parent, session, "sandbox_timeout_ok")
        .await
        .unwrap());
    world.unknown(payment).await;

    world.restart().await;

    let position = world.succeeded(payment).await;
    assert_eq!(
        world.payment(parent, payment, position).await.state(),
        PaymentState::Succeeded
    );
    world.stop().await;
}

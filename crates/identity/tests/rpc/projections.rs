use contracts::common::v1::Role;
use identity::internals::Projectors;

use crate::harness::{Harness, child, profile};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rebuild_gives_the_same_tables_as_following_the_log() {
    let harness = Harness::without_projectors().await;
    let anna = harness.account(Role::Parent, "anna@example.com").await;
    let tara = harness.account(Role::Trainer, "tara@example.com").await;
    harness
        .children(&anna.bearer)
        .add_child(child("Cleo"))
        .await
        .unwrap();
    harness
        .trainers(&tara.bearer)
        .create_trainer(profile("Quinn"))
        .await
        .unwrap();
    let projectors = Projectors::new(&harness.log, &harness.database.pool());
    projectors.users.drain().await.unwrap();
    projectors.trainers.drain().await.unwrap();
    projectors.children.drain().await.unwrap();
    let followed = tables(&harness).await;
    assert_eq!(followed.len(), 4);
    projectors.users.rebuild(|_| {}).await.unwrap();
    projectors.trainers.rebuild(|_| {}).await.unwrap();
    projectors.children.rebuild(|_| {}).await.unwrap();
    assert_eq!(tables(&harness).await, followed);
}

async fn tables(harness: &Harness) -> Vec<(String,)> {
    sqlx::query_as(
        "select row_to_json(t)::text from users t union all select row_to_json(t)::text from trainers t \
         union all select row_to_json(t)::text from children t order by 1",
    )
    .fetch_all(&harness.database.pool())
    .await
    .unwrap()
}

//! The keys that sign access tokens.

use std::time::Duration;

use chrono::{SubsecRound as _, TimeDelta, Utc};
use futures::future::join_all;
use identity::internals::SigningKeys;
use identity::{IdentitySettings, MailSettings};

use crate::world::World;

async fn instance(world: &World) -> SigningKeys {
    let settings = IdentitySettings {
        signing_key_lifetime: Duration::from_hours(1),
        access_token_lifetime: Duration::from_mins(15),
        ..IdentitySettings::default()
    };
    let resources = world.resources().await;
    SigningKeys::open(resources.pool.clone(), resources.keyring.clone(), &settings)
        .await
        .unwrap()
}

async fn ids(keys: &SigningKeys, at: chrono::DateTime<Utc>) -> Vec<String> {
    let listed = keys.listed(at).await.unwrap();
    listed.into_iter().map(|key| key.id).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn instances_that_start_together_agree_on_one_key() {
    let world = World::at_rest(MailSettings::default()).await;
    world.resources().await;
    sqlx::query("delete from signing_keys")
        .execute(&world.database().pool())
        .await
        .unwrap();
    let instances = join_all((0..6).map(|_| instance(&world))).await;
    let now = Utc::now();
    let first = ids(&instances[0], now).await;
    assert_eq!(first.len(), 1);
    for keys in &instances {
        assert_eq!(ids(keys, now).await, first);
        assert_eq!(keys.current(now).await.unwrap().id(), first[0]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_key_is_listed_before_it_signs_and_the_old_one_until_its_tokens_expire() {
    let world = World::at_rest(MailSettings::default()).await;
    let first = world.signing_key().await;
    let keys = instance(&world).await;
    let start = Utc::now();
    let old = keys.current(start).await.unwrap().id().to_owned();
    assert!(!keys.step(start).await.unwrap(), "nothing is due");

    let due = start + TimeDelta::minutes(61);
    assert!(keys.step(due).await.unwrap());
    assert!(!keys.step(due).await.unwrap(), "once");
    let listed = ids(&keys, due).await;
    assert_eq!(
        (listed.len(), &listed[0]),
        (2, &old),
        "the one that signs comes first"
    );
    assert_eq!(keys.current(due).await.unwrap().id(), old);

    let taken_over = due + TimeDelta::seconds(60);
    let new = keys.current(taken_over).await.unwrap().id().to_owned();
    assert_eq!(new, listed[1]);
    assert_eq!(ids(&keys, taken_over).await, [new.clone(), old.clone()]);

    keys.step(taken_over + TimeDelta::minutes(5)).await.unwrap();
    let sealed: Vec<String> =
        sqlx::query_scalar("select key_id from signing_keys where sealed is not null")
            .fetch_all(&world.database().pool())
            .await
            .unwrap();
    assert_eq!(
        sealed,
        std::slice::from_ref(&new),
        "the old one signs no more"
    );
    let fresh = instance(&world).await;
    assert_eq!(ids(&fresh, taken_over).await, [new.clone(), old]);

    let expired = taken_over + TimeDelta::seconds(61) + TimeDelta::minutes(15);
    keys.step(expired).await.unwrap();
    let fresh = instance(&world).await;
    assert_eq!(ids(&fresh, expired).await, [new]);
    let retired = fresh.retired().await.unwrap();
    assert_eq!(retired.len(), 1);
    assert_eq!(
        (retired[0].id.as_str(), retired[0].public_key.as_slice()),
        (first.id(), first.public_key())
    );
    assert_eq!(
        retired[0].retired_at,
        Some(expired.trunc_subsecs(6)),
        "since when no token of it is valid"
    );
    assert_eq!(fresh.current(expired).await.unwrap().id(), listed[1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_instances_that_find_a_key_due_one_makes_the_next() {
    let world = World::at_rest(MailSettings::default()).await;
    let instances = join_all((0..4).map(|_| instance(&world))).await;
    let due = Utc::now() + TimeDelta::minutes(61);
    let made = join_all(instances.iter().map(|keys| keys.step(due))).await;
    assert_eq!(
        made.into_iter()
            .filter(|made| *made.as_ref().unwrap())
            .count(),
        1
    );
    let fresh = instance(&world).await;
    assert_eq!(ids(&fresh, due).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotation_by_hand_shows_at_once_and_signs_a_minute_later() {
    let mut world = World::at_rest(MailSettings::default()).await;
    let first = world.signing_key().await;
    let keys = world.resources().await.keys.clone();
    let before = Utc::now();
    let (id, signs_from) = keys.rotate().await.unwrap();
    assert!(signs_from >= before + TimeDelta::seconds(60));
    assert_eq!(ids(&keys, before).await, [first.id(), &id]);
    world.restart().await;
    let listed = world.listed_keys(false).await;
    assert_eq!(listed.len(), 2);
    assert_eq!(
        (&listed[0].key_id, &listed[1].key_id),
        (&first.id().to_owned(), &id)
    );
    assert_eq!(keys.current(signs_from).await.unwrap().id(), id);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retired_key_is_told_to_those_who_ask_for_it() {
    let mut world = World::at_rest(MailSettings::default()).await;
    let first = world.signing_key().await;
    sqlx::query(
        "insert into signing_keys (key_id, public_key, created_at, signs_from, retired_at) \
         values ('old', '\\x01', now(), now() - interval '1 year', now() - interval '1 month')",
    )
    .execute(&world.database().pool())
    .await
    .unwrap();
    let (new, _) = world.resources().await.keys.rotate().await.unwrap();
    world.restart().await;
    for include_retired in [false, true] {
        let listed = world.listed_keys(include_retired).await.into_iter();
        let listed: Vec<_> = listed
            .map(|key| (key.key_id, key.retired_at.is_some()))
            .collect();
        let mut expected = vec![(first.id().to_owned(), false), (new.clone(), false)];
        expected.extend(include_retired.then(|| ("old".to_owned(), true)));
        assert_eq!(listed, expected);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_table_gives_nobody_a_private_key() {
    let world = World::at_rest(MailSettings::default()).await;
    let key = world.signing_key().await;
    let (row,): (String,) = sqlx::query_as("select row_to_json(k)::text from signing_keys k")
        .fetch_one(&world.database().pool())
        .await
        .unwrap();
    assert!(!row.contains(&key.to_text()), "{row}");
    assert!(row.contains("sealed:1:"), "{row}");
}

//! Nothing personal is anywhere but with its owner: a canary goes through every personal field,
//! and then no log, table, broker, trace or error knows it.

mod canary;
mod fields;
mod places;
mod search;
mod spans;

use std::path::PathBuf;

use contracts::scheduling::v1::{
    CreateLocationRequest, location_service_client::LocationServiceClient,
};
use e2e::{
    own::OwnSystem,
    people::{self, ZONE, id},
    replay,
    system::System,
};

use canary::{Canaries, Canary};
use fields::Story;
use places::Place;
use search::Search;
use spans::Collector;

/// Not personal, and therefore in the clear. See the positive control in [`Place`].
const LOCATION: &str = "Marked Meadow";

#[tokio::test(flavor = "multi_thread")]
async fn nothing_personal_is_anywhere_in_the_clear() {
    let (collector, collector_address) = Collector::start();
    let system = OwnSystem::start_overheard(&[
        ("DIVINETIME_LOG", "trace"),
        ("DIVINETIME_TRUST_FORWARDED", "true"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &collector_address),
    ])
    .await;
    nothing_is_compressed(&system).await;
    mark(&system).await;

    let canaries = Canaries::default();
    let mut story = Story {
        system: &system,
        canaries: &canaries,
        refusals: Vec::new(),
    };
    story.tell().await;
    let refusals = story.refusals;
    let canaries = canaries.all();

    let mut places = after_the_end(&system).await;
    places.push(Place::bytes(
        "spans",
        collector.received(),
        "CreateLocation",
    ));
    places.push(Place::bytes("refusals", refusals, "INVALID_FIELDS"));
    nowhere(&canaries, &places);
}

/// What Postgres compresses could not be searched.
async fn nothing_is_compressed(system: &OwnSystem) {
    let database = system.database().await;
    let columns: Vec<String> = sqlx::query_scalar(
        "select format('alter table %s alter column %I set storage external', r.oid::regclass, a.attname) \
         from pg_attribute a join pg_class r on r.oid = a.attrelid join pg_namespace s on s.oid = r.relnamespace \
         where r.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped and a.attstorage in ('x', 'm') \
         and s.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')",
    )
    .fetch_all(&database)
    .await
    .expect("the columns");
    let wal = "alter database divinetime set wal_compression = off".to_owned();
    // One lock at a time: the services work on the tables meanwhile.
    for statement in columns.iter().chain([&wal]) {
        sqlx::query(statement)
            .execute(&database)
            .await
            .expect("Postgres can be told not to compress");
    }
    database.close().await;
    // Its connections have to be new ones.
    system.stop();
    system.restart().await;
}

async fn mark(system: &System) {
    let admin = people::admin(system).await;
    let request = CreateLocationRequest {
        request_id: id(),
        name: LOCATION.to_owned(),
        time_zone: ZONE.to_owned(),
    };
    LocationServiceClient::new(system.channel("scheduling"))
        .create_location(admin.says(request))
        .await
        .expect("a location");
}

/// Waits until all is projected, replayed and published, stops everything and gives the places.
async fn after_the_end(system: &OwnSystem) -> Vec<Place> {
    replay::is_the_same(system).await;
    let database = system.database().await;
    sqlx::query("checkpoint")
        .execute(&database)
        .await
        .expect("a checkpoint");
    let markers = [("identity", "UserRegistered"), ("scheduling", LOCATION)];
    let mut places = places::tables(&database, &markers).await;
    database.close().await;
    system.stop();
    let below = |path: &str| -> PathBuf { system.directory().join(path) };
    let (wal, mail) = (below("postgres/data/pg_wal"), below("mail"));
    let (postgres, nats, said) = (below("postgres"), below("nats"), below("said.log"));
    let rest = [postgres.clone(), nats.clone(), mail, said];
    places.extend([
        Place::bytes("standard output and error", system.said(), "CreateLocation"),
        Place::files(
            "Postgres' directory",
            postgres,
            std::slice::from_ref(&wal),
            Some(LOCATION),
        ),
        Place::files("Postgres' write-ahead log", wal, &[], Some(LOCATION)),
        Place::files("NATS' store", nats, &[], Some(LOCATION)),
        Place::files(
            "the rest of the data directory",
            system.directory().to_owned(),
            &rest,
            None,
        ),
    ]);
    places
}

fn nowhere(canaries: &[Canary], places: &[Place]) {
    let search = Search::new(canaries);
    let (mut found, mut searched) = (Vec::new(), 0);
    for place in places {
        let (here, bytes) = place.search(&search);
        searched += bytes;
        found.extend(
            here.into_iter()
                .map(|(canary, part)| format!("{} in {part}", canaries[canary].field)),
        );
    }
    assert!(found.is_empty(), "found:\n{}", found.join("\n"));
    let mut fields: Vec<_> = canaries.iter().map(|canary| &canary.field).collect();
    fields.sort_unstable();
    fields.dedup();
    println!(
        "canaries: {} fields x {} places ({} canaries in {} forms, {} MiB searched): none found",
        fields.len(),
        places.len(),
        canaries.len(),
        search.needles(),
        searched >> 20,
    );
}

//! Consumers of another service's events: whatever the broker does, nothing is missing.

use std::sync::Arc;

use async_nats::jetstream;
use contracts_core::log::v1::{
    HeadRequest, HeadResponse, ReadRequest, event_log_service_client::EventLogServiceClient,
};
use eventsourcing::{
    Broker, Checkpoints, Feed, FeedError, Projector, ProjectorError, Relay, Remote, RemoteFeed,
};
use prost::Message as _;
use tokio_util::sync::CancellationToken;

use crate::{
    accounts::{Accounts, Fixture, Note, Noted, event, publish},
    network::{Cable, Served, broker, bus, connect, nats_url, no_broker, serve_log},
};

/// A bank and somebody in another schema who follows its public events.
struct World {
    bank: Fixture,
    follower: Fixture,
    served: Served,
}

impl World {
    async fn new() -> Self {
        let bank = Fixture::new().await;
        let served = serve_log(&bank).await;
        Self {
            bank,
            follower: Fixture::new().await,
            served,
        }
    }

    fn feed(&self, broker: &Broker) -> Arc<dyn Feed<Note>> {
        let remote = Remote::new("bank", broker, &bus("bank", self.served.address));
        Arc::new(RemoteFeed::new(&remote, Noted::read))
    }

    fn projector(&self, broker: &Broker) -> Projector<Accounts> {
        Projector::new(
            Accounts::default(),
            self.follower.pool(),
            vec![self.feed(broker)],
        )
    }

    /// Runs the relay and the follower's projector while `work` does something, until the
    /// follower has everything.
    async fn run(&self, relay_broker: &Broker, broker: &Broker, work: impl Future<Output = ()>) {
        let shutdown = CancellationToken::new();
        let relay = Relay::new(&self.bank.log, "bank", relay_broker.clone(), publish);
        let projector = self.projector(broker);
        let (first, second) = (shutdown.clone(), shutdown.clone());
        let tasks = [
            tokio::spawn(async move { relay.run(first).await }),
            tokio::spawn(async move { projector.run(second).await }),
        ];
        work.await;
        let head = self.bank.log.head().await.unwrap();
        let checkpoints = Checkpoints::new(self.follower.pool());
        checkpoints.wait("accounts", "bank", head).await.unwrap();
        shutdown.cancel();
        for task in tasks {
            task.await.unwrap();
        }
    }

    /// Appends fifty times a public event, a private one, and a public one.
    async fn load(&self, between: impl AsyncFn(usize)) {
        for round in 0..50 {
            self.bank
                .append(&[event("a", 1), Note::Private.of("a"), event("b", 1)])
                .await;
            between(round).await;
        }
    }

    async fn assert_complete(&self) {
        let expected = [("a".to_owned(), 50), ("b".to_owned(), 50)];
        assert_eq!(self.follower.balances().await, expected);
        assert_eq!(self.follower.parked().await, []);
    }
}

#[tokio::test]
async fn the_log_service_serves_what_stands_before_an_unreadable_event_and_fails_at_it() {
    let bank = Fixture::upcasting().await;
    let notes = [event("a", 1), event("a", 2), Note::Unreadable.of("a")];
    bank.append(&notes).await;
    let served = serve_log(&bank).await;
    let mut client = EventLogServiceClient::new(bus("bank", served.address).channel("bank"));
    for (after, expected) in [(0, vec![1, 2]), (1, vec![2]), (2, vec![])] {
        let request = ReadRequest {
            after_position: after,
            limit: 0,
        };
        let mut answers = client.read(request).await.unwrap().into_inner();
        let mut positions = Vec::new();
        let refused = loop {
            match answers.message().await {
                Ok(answer) => positions.push(answer.unwrap().envelope.unwrap().position),
                Err(refused) => break refused,
            }
        };
        assert_eq!(positions, expected, "after {after}");
        assert_eq!(refused.code(), tonic::Code::DataLoss);
        assert_eq!(refused.message(), "the event at position 3 cannot be read");
    }
    assert!(client.head(HeadRequest {}).await.is_err());
    bank.append(&[event("a", 4), Note::Private.of("a")]).await;
    let head = client.head(HeadRequest {}).await.unwrap().into_inner();
    assert_eq!((head.position, head.public_position), (5, 4));
}

#[tokio::test]
async fn the_log_service_streams_public_events_from_anywhere_with_the_one_before() {
    let world = World::new().await;
    let notes = [
        event("a", 1),
        Note::Private.of("a"),
        event("a", 2),
        Note::Private.of("a"),
        event("a", 4),
    ];
    world.bank.append(&notes).await;
    world.bank.append(&[Note::Private.of("a")]).await;
    let mut client = EventLogServiceClient::new(bus("bank", world.served.address).channel("bank"));
    for (after, limit, expected) in [
        (0, 0, vec![(0, 1), (1, 3), (3, 5)]),
        (1, 0, vec![(1, 3), (3, 5)]),
        (2, 1, vec![(1, 3)]),
        (4, 0, vec![(3, 5)]),
        (5, 0, vec![]),
        (99, 0, vec![]),
    ] {
        let request = ReadRequest {
            after_position: after,
            limit,
        };
        let mut answers = client.read(request).await.unwrap().into_inner();
        let mut chain = Vec::new();
        while let Some(answer) = answers.message().await.unwrap() {
            let envelope = answer.envelope.unwrap();
            chain.push((envelope.previous_position, envelope.position));
        }
        assert_eq!(chain, expected, "after {after}");
    }
    let head = client.head(HeadRequest {}).await.unwrap().into_inner();
    assert_eq!(
        head,
        HeadResponse {
            position: 6,
            public_position: 5
        }
    );
    let refused = client
        .read(ReadRequest {
            after_position: -1,
            limit: 0,
        })
        .await
        .unwrap_err();
    assert_eq!(refused.code(), tonic::Code::InvalidArgument);
}

#[tokio::test]
async fn a_consumer_gets_everything_that_is_published_while_it_runs() {
    let world = World::new().await;
    let (broker, _) = broker().await;
    world.run(&broker, &broker, world.load(async |_| {})).await;
    world.assert_complete().await;
}

#[tokio::test]
async fn a_consumer_that_starts_late_reads_from_the_log() {
    let world = World::new().await;
    world.load(async |_| {}).await;
    let (broker, _) = broker().await;
    world.projector(&broker).drain().await.unwrap();
    world.assert_complete().await;
}

#[tokio::test]
async fn without_any_broker_a_consumer_goes_on_by_reading_the_log() {
    let world = World::new().await;
    let nowhere = no_broker().await;
    world
        .run(&nowhere, &nowhere, world.load(async |_| {}))
        .await;
    world.assert_complete().await;
}

#[tokio::test]
async fn a_store_that_is_wiped_in_mid_load_loses_nothing() {
    let world = World::new().await;
    let (broker, _) = broker().await;
    let context = jetstream::new(async_nats::connect(nats_url()).await.unwrap());
    let stream = broker.stream_name("bank");
    let load = world.load(async |round| {
        if round % 10 == 5 {
            // It may not be there yet, or be wiped already.
            let _ = context.delete_stream(&stream).await;
        }
    });
    world.run(&broker, &broker, load).await;
    world.assert_complete().await;
}

#[tokio::test]
async fn a_consumer_cut_off_from_the_broker_in_mid_load_misses_nothing() {
    let world = World::new().await;
    let (broker, prefix) = broker().await;
    let server = nats_url().rsplit(['/', '@']).next().unwrap().to_owned();
    let cable = Cable::to(server).await;
    let behind_cable = connect(&format!("nats://{}", cable.address), &prefix).await;
    let load = world.load(async |round| match round % 10 {
        3 => cable.cut(),
        7 => cable.mend(),
        _ => {}
    });
    world.run(&broker, &behind_cable, load).await;
    world.assert_complete().await;
}

#[tokio::test]
async fn messages_that_are_lost_doubled_or_swapped_are_mended_from_the_log() {
    let world = World::new().await;
    let (broker, _) = broker().await;
    world.load(async |_| {}).await;
    let feed = world.feed(&broker);
    let mut answers = EventLogServiceClient::new(bus("bank", world.served.address).channel("bank"))
        .read(ReadRequest::default())
        .await
        .unwrap()
        .into_inner();
    let mut envelopes = Vec::new();
    while let Some(answer) = answers.message().await.unwrap() {
        envelopes.push(answer.envelope.unwrap());
    }
    let client = async_nats::connect(nats_url()).await.unwrap();
    let projector = world.projector(&broker);
    for order in [&[10, 12, 11, 11, 40][..], &[41, 42, 42, 41, 5], &[99]] {
        for index in order {
            let message = envelopes[*index].encode_to_vec().into();
            client
                .publish(broker.subject("bank", "Noted"), message)
                .await
                .unwrap();
        }
        client.flush().await.unwrap();
        projector.step().await.unwrap();
    }
    feed.changed(0).await;
    projector.drain().await.unwrap();
    world.assert_complete().await;
}

#[tokio::test]
async fn the_head_of_a_remote_log_counts_private_events_too() {
    let world = World::new().await;
    let nowhere = no_broker().await;
    world
        .bank
        .append(&[event("a", 1), Note::Private.of("a"), Note::Private.of("a")])
        .await;
    let projector = world.projector(&nowhere);
    projector.drain().await.unwrap();
    let checkpoints = Checkpoints::new(world.follower.pool());
    assert_eq!(checkpoints.position("accounts", "bank").await.unwrap(), 3);
}

#[tokio::test]
async fn a_log_that_does_not_answer_is_shown_and_read_when_it_does() {
    let world = World::new().await;
    let nowhere = no_broker().await;
    world.load(async |_| {}).await;
    let cable = Cable::to(world.served.address.to_string()).await;
    cable.cut();
    let remote = Remote::new("bank", &nowhere, &bus("bank", cable.address));
    let feed: Arc<dyn Feed<Note>> = Arc::new(RemoteFeed::new(&remote, Noted::read));
    let projector = Projector::new(Accounts::default(), world.follower.pool(), vec![feed]);
    let refused = projector.drain().await;
    assert!(
        matches!(refused, Err(ProjectorError::Feed(FeedError::Remote { .. }))),
        "{refused:?}"
    );
    cable.mend();
    while projector.drain().await.is_err() {
        tokio::task::yield_now().await;
    }
    world.assert_complete().await;
}

#[tokio::test]
async fn a_public_event_that_cannot_be_read_parks_its_aggregate() {
    let world = World::new().await;
    let nowhere = no_broker().await;
    world
        .bank
        .append(&[
            event("a", 1),
            Note::Unreadable.of("a"),
            event("a", 2),
            event("b", 4),
        ])
        .await;
    world.projector(&nowhere).drain().await.unwrap();
    assert_eq!(
        world.follower.balances().await,
        [("a".to_owned(), 1), ("b".to_owned(), 4)]
    );
    assert_eq!(
        world.follower.parked().await,
        [(2, "a".to_owned()), (3, "a".to_owned())]
    );
}

//! The relay: order, one active, broker and database that fail.

use async_nats::jetstream;
use contracts_core::log::v1::Envelope;
use eventsourcing::{Broker, BrokerError, LogError, Relay, RelayError, RelayStep};
use futures::StreamExt;
use prost::Message;

use crate::{
    accounts::{Fixture, Note, event, publish},
    crash_after,
    network::{Cable, broker, connect, nats_url, no_broker},
};

fn relay(fixture: &Fixture, broker: &Broker) -> Relay {
    Relay::new(&fixture.log, "bank", broker.clone(), publish)
}

async fn publish_all(relay: &Relay) {
    while relay.step().await.unwrap() != RelayStep::Idle {}
}

/// Everything in the stream: message ids and envelopes.
async fn stored(prefix: &str) -> Vec<(String, Envelope)> {
    let client = async_nats::connect(nats_url()).await.unwrap();
    let context = jetstream::new(client);
    let name = format!("{prefix}_bank").to_uppercase();
    let mut stream = context.get_stream(name).await.unwrap();
    let count = usize::try_from(stream.info().await.unwrap().state.messages).unwrap();
    let consumer = stream
        .create_consumer(jetstream::consumer::pull::OrderedConfig::default())
        .await
        .unwrap();
    let messages = consumer.messages().await.unwrap().take(count);
    messages
        .map(|message| {
            let message = message.unwrap();
            let id = message
                .headers
                .as_ref()
                .unwrap()
                .get("Nats-Msg-Id")
                .unwrap()
                .to_string();
            (id, Envelope::decode(message.payload.clone()).unwrap())
        })
        .collect()
        .await
}

fn chain(messages: &[(String, Envelope)]) -> Vec<(i64, i64)> {
    messages
        .iter()
        .map(|(_, envelope)| (envelope.previous_position, envelope.position))
        .collect()
}

#[tokio::test]
async fn public_events_are_published_in_order_and_name_the_one_before() {
    let (broker, prefix) = broker().await;
    let fixture = Fixture::new().await;
    fixture
        .append(&[event("a", 1), Note::Private.of("a"), event("b", 2)])
        .await;
    let relay = relay(&fixture, &broker);
    assert_eq!(
        relay.step().await.unwrap(),
        RelayStep::Published {
            events: 2,
            position: 3
        }
    );
    fixture
        .append(&[Note::Private.of("a"), event("b", 4)])
        .await;
    publish_all(&relay).await;
    let messages = stored(&prefix).await;
    assert_eq!(chain(&messages), [(0, 1), (1, 3), (3, 5)]);
    for (id, envelope) in messages {
        assert_eq!(id, envelope.event_id);
        assert_eq!(
            (envelope.service.as_str(), envelope.event_type.as_str()),
            ("bank", "Noted")
        );
    }
}

#[tokio::test]
async fn a_relay_that_crashes_anywhere_publishes_everything_once() {
    let (broker, prefix) = broker().await;
    let fixture = Fixture::new().await;
    for polls in 0..40 {
        fixture
            .append(&[event("a", 1), Note::Private.of("a"), event("b", 1)])
            .await;
        crash_after(polls, relay(&fixture, &broker).step()).await;
    }
    let last = loop {
        // The lock of the one that crashed goes when the server sees its connection end.
        let last = relay(&fixture, &broker);
        if last.step().await.unwrap() != RelayStep::Passive {
            break last;
        }
    };
    publish_all(&last).await;
    let mut previous = 0;
    let chain = chain(&stored(&prefix).await);
    assert_eq!(chain.len(), 80);
    for (before, position) in chain {
        assert_eq!(before, previous);
        previous = position;
    }
}

#[tokio::test]
async fn one_relay_is_active_and_the_next_takes_over_when_its_lock_is_lost() {
    let (broker, _prefix) = broker().await;
    let fixture = Fixture::new().await;
    fixture.append(&[event("a", 1)]).await;
    let first = relay(&fixture, &broker);
    let second = relay(&fixture, &broker);
    publish_all(&first).await;
    assert_eq!(second.step().await.unwrap(), RelayStep::Passive);
    fixture
        .execute("select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' \
                  and (classid::bigint << 32 | objid::bigint) = hashtextextended(current_schema() || '.relay', 0)")
        .await;
    fixture.append(&[event("a", 2)]).await;
    while second.step().await.unwrap() == RelayStep::Passive {}
    let lost = first.step().await;
    assert!(
        matches!(
            lost,
            Err(RelayError::Connection(_)) | Ok(RelayStep::Passive)
        ),
        "{lost:?}"
    );
    assert_eq!(first.step().await.unwrap(), RelayStep::Passive);
}

#[tokio::test]
async fn a_broker_that_is_not_there_stops_the_relay_and_nothing_else() {
    let fixture = Fixture::new().await;
    fixture.append(&[event("a", 1)]).await;
    let refused = relay(&fixture, &no_broker().await).step().await;
    assert!(
        matches!(refused, Err(RelayError::Broker(BrokerError::Disconnected))),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_relay_goes_on_when_the_broker_comes_back() {
    let (_, prefix) = broker().await;
    let server = nats_url().rsplit(['/', '@']).next().unwrap().to_owned();
    let cable = Cable::to(server).await;
    let broker = connect(&format!("nats://{}", cable.address), &prefix).await;
    let fixture = Fixture::new().await;
    fixture.append(&[event("a", 1)]).await;
    let relay = relay(&fixture, &broker);
    publish_all(&relay).await;
    cable.cut();
    fixture.append(&[event("a", 2)]).await;
    while relay.step().await.is_ok() {}
    cable.mend();
    while relay.step().await.is_err() {
        tokio::task::yield_now().await;
    }
    publish_all(&relay).await;
    assert_eq!(chain(&stored(&prefix).await), [(0, 1), (1, 2)]);
}

#[tokio::test]
async fn the_stream_is_made_again_when_it_is_gone() {
    let (broker, prefix) = broker().await;
    let fixture = Fixture::new().await;
    fixture.append(&[event("a", 1)]).await;
    let relay = relay(&fixture, &broker);
    publish_all(&relay).await;
    let context = jetstream::new(async_nats::connect(nats_url()).await.unwrap());
    context
        .delete_stream(broker.stream_name("bank"))
        .await
        .unwrap();
    fixture.append(&[event("a", 2)]).await;
    while relay.step().await.is_err() {}
    publish_all(&relay).await;
    assert_eq!(chain(&stored(&prefix).await), [(1, 2)]);
}

#[tokio::test]
async fn an_event_that_cannot_be_made_public_stops_the_relay_before_it() {
    let (broker, prefix) = broker().await;
    let fixture = Fixture::new().await;
    fixture
        .append(&[event("a", 1), Note::Unreadable.of("a"), event("a", 2)])
        .await;
    let relay = Relay::new(&fixture.log, "bank", broker, |event| {
        event.decode::<Note>()?;
        publish(event)
    });
    for _ in 0..2 {
        assert!(matches!(relay.step().await, Err(RelayError::Decode(_))));
    }
    assert_eq!(chain(&stored(&prefix).await), [(0, 1)]);
}

#[tokio::test]
async fn what_stands_before_an_event_of_an_unknown_shape_is_published() {
    let (broker, prefix) = broker().await;
    let fixture = Fixture::upcasting().await;
    fixture
        .append(&[event("a", 1), event("b", 2), Note::Unreadable.of("a")])
        .await;
    let relay = relay(&fixture, &broker);
    let published = RelayStep::Published {
        events: 2,
        position: 2,
    };
    assert_eq!(relay.step().await.unwrap(), published);
    let stopped = relay.step().await;
    assert!(
        matches!(stopped, Err(RelayError::Log(LogError::Decode(ref error))) if error.position == 3),
        "{stopped:?}"
    );
    assert_eq!(chain(&stored(&prefix).await), [(0, 1), (1, 2)]);
}

#[tokio::test]
async fn a_stream_of_another_kind_is_refused() {
    let (broker, _) = broker().await;
    let context = jetstream::new(async_nats::connect(nats_url()).await.unwrap());
    let config = jetstream::stream::Config {
        name: broker.stream_name("bank"),
        subjects: vec![broker.subject("bank", "*")],
        storage: jetstream::stream::StorageType::Memory,
        ..Default::default()
    };
    context.create_stream(config).await.unwrap();
    assert!(broker.ensure_stream("bank").await.is_err());
}

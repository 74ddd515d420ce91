//! Interval claims under concurrent commands: no two live bookings of one resource overlap,
//! and the claims are what the log says they are.

use chrono::{DateTime, TimeDelta, Utc};
use eventsourcing::{
    Claim, ClaimChange, ClaimingEvent, Context, Decide, DomainEvent, ExecuteError, Repository,
    rebuild_claims,
};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use testing_core::LogDatabase;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    resource: u8,
    from: i64,
    to: i64,
}

impl Place {
    fn claim(self) -> Claim {
        let at = |minute: i64| DateTime::<Utc>::UNIX_EPOCH + TimeDelta::minutes(minute);
        Claim::Interval {
            scope: "resource",
            key: self.resource.to_string(),
            from: at(self.from),
            to: at(self.to),
        }
    }

    fn overlaps(self, other: Self) -> bool {
        self.resource == other.resource && self.from < other.to && other.from < self.to
    }
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Booking(Option<Place>);

#[derive(Clone, Copy, Debug)]
enum Command {
    /// Books, or moves what is booked.
    Take(Place),
    Cancel,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Event {
    Taken { place: Place },
    Moved { from: Place, to: Place },
    Canceled { place: Place },
}

impl DomainEvent for Event {
    fn event_type(&self) -> String {
        match self {
            Self::Taken { .. } => "Taken",
            Self::Moved { .. } => "Moved",
            Self::Canceled { .. } => "Canceled",
        }
        .to_owned()
    }

    fn event_version(&self) -> String {
        "1.0".to_owned()
    }
}

impl ClaimingEvent for Event {
    fn claims(&self, _: &str) -> Vec<ClaimChange> {
        match self {
            Self::Taken { place } => vec![ClaimChange::Acquire(place.claim())],
            Self::Moved { from, to } => {
                // What is held is one place: giving it back by name or altogether is the same.
                let given_back = if to.from % 2 == 0 {
                    ClaimChange::Release(from.claim())
                } else {
                    ClaimChange::ReleaseAll
                };
                vec![given_back, ClaimChange::Acquire(to.claim())]
            }
            Self::Canceled { .. } => vec![ClaimChange::ReleaseAll],
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("nothing is refused here")]
struct Never;

impl Decide for Booking {
    const TYPE: &'static str = "booking";
    type Command = Command;
    type Event = Event;
    type Error = Never;

    fn decide(&self, command: Command) -> Result<Vec<Event>, Never> {
        Ok(match (command, self.0) {
            (Command::Take(place), None) => vec![Event::Taken { place }],
            (Command::Take(to), Some(from)) => vec![Event::Moved { from, to }],
            (Command::Cancel, Some(place)) => vec![Event::Canceled { place }],
            (Command::Cancel, None) => vec![],
        })
    }

    fn apply(&mut self, event: Event) {
        self.0 = match event {
            Event::Taken { place } | Event::Moved { to: place, .. } => Some(place),
            Event::Canceled { .. } => None,
        };
    }
}

fn command() -> impl Strategy<Value = (u8, Command)> {
    let place = (0..3_u8, 0..20_i64, 1..6_i64).prop_map(|(resource, from, length)| Place {
        resource,
        from,
        to: from + length,
    });
    let command = prop_oneof![4 => place.prop_map(Command::Take), 1 => Just(Command::Cancel)];
    (0..12_u8, command)
}

/// Sends the commands all at once and checks what is left.
async fn check(commands: Vec<(u8, Command)>) {
    let database = LogDatabase::of(&[]).await;
    let log = database.log().await;
    let bookings = Repository::<Booking>::new(&log);
    let sent = commands.into_iter().map(|(booking, command)| {
        let bookings = bookings.clone();
        async move {
            bookings
                .execute(&booking.to_string(), Context::system(), command, |_, _| {
                    Vec::new()
                })
                .await
        }
    });
    for answer in futures::future::join_all(sent).await {
        assert!(
            matches!(answer, Ok(_) | Err(ExecuteError::ClaimTaken { .. })),
            "{answer:?}"
        );
    }
    // Folding the log in order must never show an overlap, at no position.
    let mut live: Vec<(String, Place)> = Vec::new();
    for event in log.read(0, i64::MAX).await.unwrap() {
        live.retain(|(booking, _)| *booking != event.aggregate_id);
        if let Event::Taken { place } | Event::Moved { to: place, .. } =
            event.decode::<Event>().unwrap()
        {
            assert!(
                live.iter().all(|(_, other)| !other.overlaps(place)),
                "{place:?} overlaps at {}",
                event.position
            );
            live.push((event.aggregate_id, place));
        }
    }
    let stored = stored_claims(&log).await;
    assert_eq!(stored.len(), live.len());
    let decode = |event: &eventsourcing::RecordedEvent| {
        Ok(event.decode::<Event>()?.claims(&event.aggregate_id))
    };
    rebuild_claims(&log, decode).await.unwrap();
    assert_eq!(stored_claims(&log).await, stored);
}

async fn stored_claims(log: &eventsourcing::EventLog) -> Vec<(String, String, String)> {
    sqlx::query_as("select key, during::text, aggregate_id from interval_claims order by 1, 2")
        .fetch_all(log.pool())
        .await
        .unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 20, ..ProptestConfig::default() })]

    #[test]
    fn no_two_live_claims_ever_overlap(commands in prop::collection::vec(command(), 1..80)) {
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(check(commands));
    }
}

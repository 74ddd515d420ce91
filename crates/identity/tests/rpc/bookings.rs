//! Stand-ins for the logs of scheduling and ticketing, and what they tell of bookings.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use chrono::{TimeDelta, Utc};
use contracts::{
    log::v1::Envelope,
    scheduling::events::v1::{self as scheduling, SchedulingEvent, scheduling_event},
    ticketing::events::v1::{self as ticketing, TicketingEvent, ticketing_event},
    wire::timestamp,
};
use eventsourcing::{Batch, DecodeError, Delivered, Feed, FeedError, Received};
use futures::future::BoxFuture;
use identity::internals::BookingEvent;
use prost::Message;
use tokio::sync::watch;
use uuid::Uuid;

type Decode = fn(&Envelope) -> Result<Option<BookingEvent>, DecodeError>;

/// The log of another service.
pub struct Neighbour {
    service: &'static str,
    decode: Decode,
    log: Mutex<Vec<Envelope>>,
    length: watch::Sender<i64>,
    down: AtomicBool,
}

impl Neighbour {
    fn new(service: &'static str, decode: Decode) -> Arc<Self> {
        Arc::new(Self {
            service,
            decode,
            log: Mutex::default(),
            length: watch::Sender::new(0),
            down: AtomicBool::new(false),
        })
    }

    fn publish(&self, aggregate: Uuid, event: &impl Message) {
        let mut log = self.log.lock().unwrap();
        let position = i64::try_from(log.len()).unwrap() + 1;
        log.push(Envelope {
            event_id: Uuid::now_v7().to_string(),
            service: self.service.to_owned(),
            position,
            previous_position: position - 1,
            aggregate_id: aggregate.to_string(),
            payload: event.encode_to_vec(),
            ..Envelope::default()
        });
        self.length.send_replace(position);
    }

    fn deliver(&self, envelope: &Envelope) -> Option<Delivered<BookingEvent>> {
        let event = (self.decode)(envelope).unwrap()?;
        Some(Delivered {
            source: self.service,
            position: envelope.position,
            event_id: envelope.event_id.parse().unwrap(),
            aggregate_id: envelope.aggregate_id.clone(),
            ..::testing::delivered(event)
        })
    }
}

impl Feed<BookingEvent> for Neighbour {
    fn source(&self) -> &'static str {
        self.service
    }

    fn read(
        &self,
        after: i64,
        limit: usize,
    ) -> BoxFuture<'_, Result<Batch<BookingEvent>, FeedError>> {
        let log = self.log.lock().unwrap();
        let first = usize::try_from(after).unwrap();
        let stretch: Vec<_> = log.iter().skip(first).take(limit).collect();
        let upto = stretch.last().map_or(after, |last| last.position);
        let events = stretch.into_iter().filter_map(|event| self.deliver(event));
        let batch = Batch::new(events.collect(), upto);
        Box::pin(async move { Ok(batch) })
    }

    fn head(&self) -> BoxFuture<'_, Result<i64, FeedError>> {
        Box::pin(async move {
            if self.down.load(Ordering::SeqCst) {
                return Err(FeedError::Remote {
                    service: self.service,
                    status: Box::new(tonic::Status::unavailable("down")),
                });
            }
            Ok(*self.length.borrow())
        })
    }

    fn changed(&self, after: i64) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let mut length = self.length.subscribe();
            let _ = length.wait_for(|length| *length > after).await;
        })
    }
}

/// What scheduling and ticketing tell.
#[derive(Clone)]
pub struct Bookings {
    pub scheduling: Arc<Neighbour>,
    pub ticketing: Arc<Neighbour>,
}

impl Bookings {
    pub fn new() -> Self {
        Self {
            scheduling: Neighbour::new("scheduling", |envelope| {
                Received::read(envelope, BookingEvent::of_scheduling)
            }),
            ticketing: Neighbour::new("ticketing", |envelope| {
                Received::read(envelope, BookingEvent::of_ticketing)
            }),
        }
    }

    /// Scheduling answers no more, or again.
    pub fn set_down(&self, down: bool) {
        self.scheduling.down.store(down, Ordering::SeqCst);
    }

    fn session(&self, id: Uuid, event: scheduling_event::Event) {
        let event = Some(event);
        self.scheduling.publish(id, &SchedulingEvent { event });
    }

    fn ticket(&self, id: Uuid, event: ticketing_event::Event) {
        let event = Some(event);
        self.ticketing.publish(id, &TicketingEvent { event });
    }

    /// A session of an hour that begins so long from now.
    pub fn held(&self, child: &str, trainer: &str, begins: TimeDelta) -> Uuid {
        let id = Uuid::now_v7();
        let starts = Utc::now() + begins;
        let held = scheduling::SessionHeld {
            session_id: id.to_string(),
            trainer_id: trainer.to_owned(),
            parent_id: Uuid::from_u128(77).to_string(),
            child_ids: vec![Uuid::from_u128(78).to_string(), child.to_owned()],
            starts_at: Some(timestamp(starts)),
            ends_at: Some(timestamp(starts + TimeDelta::hours(1))),
            ..Default::default()
        };
        self.session(id, scheduling_event::Event::SessionHeld(held));
        id
    }

    pub fn paid(&self, id: Uuid) {
        let session_id = id.to_string();
        let paid = scheduling::SessionPaid {
            session_id,
            ..Default::default()
        };
        self.session(id, scheduling_event::Event::SessionPaid(paid));
    }

    pub fn canceled(&self, id: Uuid) {
        let session_id = id.to_string();
        let canceled = scheduling::SessionCanceled {
            session_id,
            ..Default::default()
        };
        self.session(id, scheduling_event::Event::SessionCanceled(canceled));
    }

    pub fn expired(&self, id: Uuid) {
        let session_id = id.to_string();
        let expired = scheduling::SessionHoldExpired {
            session_id,
            ..Default::default()
        };
        self.session(id, scheduling_event::Event::SessionHoldExpired(expired));
    }

    pub fn completed(&self, id: Uuid) {
        let session_id = id.to_string();
        let completed = scheduling::SessionCompleted {
            session_id,
            ..Default::default()
        };
        self.session(id, scheduling_event::Event::SessionCompleted(completed));
    }

    /// Tickets for an event of two days from so long from now, held and confirmed.
    pub fn confirmed_tickets(&self, child: &str, trainer: &str, begins: TimeDelta) -> Uuid {
        let (event, hold) = (Uuid::now_v7(), Uuid::now_v7());
        let starts = Utc::now() + begins;
        let created = ticketing::EventCreated {
            event_id: event.to_string(),
            starts_at: Some(timestamp(starts)),
            ends_at: Some(timestamp(starts + TimeDelta::days(2))),
            trainer_ids: vec![Uuid::from_u128(79).to_string(), trainer.to_owned()],
            ..Default::default()
        };
        self.ticket(event, ticketing_event::Event::EventCreated(created));
        let tickets = ticketing::TicketsHeld {
            hold_id: hold.to_string(),
            event_id: event.to_string(),
            parent_id: Uuid::from_u128(77).to_string(),
            tickets: vec![ticketing::HeldTicket {
                child_id: child.to_owned(),
                ..Default::default()
            }],
            ..Default::default()
        };
        self.ticket(event, ticketing_event::Event::TicketsHeld(tickets));
        let confirmed = ticketing::TicketsConfirmed {
            hold_id: hold.to_string(),
            event_id: event.to_string(),
            ..Default::default()
        };
        self.ticket(event, ticketing_event::Event::TicketsConfirmed(confirmed));
        hold
    }
}

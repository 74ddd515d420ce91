//! The tables `bookings` and `booked_events`: what is booked for children, from the public events
//! of scheduling and ticketing.

use chrono::{DateTime, Utc};
use contracts::{
    log::v1::Envelope,
    scheduling::events::v1::{SchedulingEvent, scheduling_event::Event as Session},
    ticketing::events::v1::{TicketingEvent, ticketing_event::Event as Ticket},
    wire,
};
use eventsourcing::{
    AnyTable, DecodeError, Delivered, FoldError, Projection, Row, Table, TableSet,
};
use prost::Message;
use prost_types::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A row of `bookings`: a session, or a hold of tickets for an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookingRow {
    pub id: Uuid,
    /// SESSION or TICKETS.
    pub kind: String,
    pub parent_id: Uuid,
    pub child_ids: Vec<Uuid>,
    pub trainer_ids: Vec<Uuid>,
    /// The start of the session, or of the event's first day.
    pub starts_at: DateTime<Utc>,
    /// The end of the session, or of the event's last day, excluded.
    pub ends_at: DateTime<Utc>,
    /// HELD, PAID, CANCELED or COMPLETED.
    pub state: String,
}

impl Row for BookingRow {
    const TABLE: &'static str = "bookings";
    const KEY: &'static [&'static str] = &["id"];
    type Key = Uuid;

    fn key(&self) -> Uuid {
        self.id
    }
}

/// A row of `booked_events`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookedEventRow {
    pub id: Uuid,
    pub trainer_ids: Vec<Uuid>,
    /// The start of the first day.
    pub starts_at: DateTime<Utc>,
    /// The end of the last day, excluded.
    pub ends_at: DateTime<Utc>,
}

impl Row for BookedEventRow {
    const TABLE: &'static str = "booked_events";
    const KEY: &'static [&'static str] = &["id"];
    type Key = Uuid;

    fn key(&self) -> Uuid {
        self.id
    }
}

/// The part of the others' events that is about bookings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BookingEvent {
    SessionHeld(BookingRow),
    /// An event with tickets was created.
    EventPlanned(BookedEventRow),
    TicketsHeld {
        id: Uuid,
        event_id: Uuid,
        parent_id: Uuid,
        child_ids: Vec<Uuid>,
    },
    /// A booking changed its state.
    Became {
        id: Uuid,
        /// PAID, CANCELED or COMPLETED.
        state: &'static str,
    },
}

/// Reads one of scheduling's events; `None` for an event that is not about bookings.
pub fn decode_scheduling(envelope: &Envelope) -> Result<Option<BookingEvent>, DecodeError> {
    let read = Reader(envelope);
    let event = SchedulingEvent::decode(envelope.payload.as_slice());
    let became = |id: &str, state| read.became(id, state);
    match event.map_err(|error| read.error(&error))?.event {
        Some(Session::SessionHeld(held)) => Ok(Some(BookingEvent::SessionHeld(BookingRow {
            id: read.id(&held.session_id)?,
            kind: "SESSION".to_owned(),
            parent_id: read.id(&held.parent_id)?,
            child_ids: read.ids(held.child_ids.iter())?,
            trainer_ids: vec![read.id(&held.trainer_id)?],
            starts_at: read.instant(held.starts_at)?,
            ends_at: read.instant(held.ends_at)?,
            state: "HELD".to_owned(),
        }))),
        Some(Session::SessionPaid(paid)) => became(&paid.session_id, "PAID"),
        Some(Session::SessionHoldExpired(expired)) => became(&expired.session_id, "CANCELED"),
        Some(Session::SessionCanceled(canceled)) => became(&canceled.session_id, "CANCELED"),
        Some(Session::SessionCompleted(completed)) => became(&completed.session_id, "COMPLETED"),
        _ => Ok(None),
    }
}

/// Reads one of ticketing's events; `None` for an event that is not about bookings.
pub fn decode_ticketing(envelope: &Envelope) -> Result<Option<BookingEvent>, DecodeError> {
    let read = Reader(envelope);
    let event = TicketingEvent::decode(envelope.payload.as_slice());
    match event.map_err(|error| read.error(&error))?.event {
        Some(Ticket::EventCreated(created)) => {
            Ok(Some(BookingEvent::EventPlanned(BookedEventRow {
                id: read.id(&created.event_id)?,
                trainer_ids: read.ids(created.trainer_ids.iter())?,
                starts_at: read.instant(created.starts_at)?,
                ends_at: read.instant(created.ends_at)?,
            })))
        }
        Some(Ticket::TicketsHeld(held)) => Ok(Some(BookingEvent::TicketsHeld {
            id: read.id(&held.hold_id)?,
            event_id: read.id(&held.event_id)?,
            parent_id: read.id(&held.parent_id)?,
            child_ids: read.ids(held.tickets.iter().map(|ticket| &ticket.child_id))?,
        })),
        Some(Ticket::TicketsConfirmed(confirmed)) => read.became(&confirmed.hold_id, "PAID"),
        Some(Ticket::TicketHoldExpired(expired)) => read.became(&expired.hold_id, "CANCELED"),
        _ => Ok(None),
    }
}

/// Reads the fields of one event.
#[derive(Clone, Copy)]
struct Reader<'a>(&'a Envelope);

impl Reader<'_> {
    fn id(self, text: &str) -> Result<Uuid, DecodeError> {
        Uuid::parse_str(text).map_err(|error| self.error(&error))
    }

    fn ids<'a>(self, texts: impl Iterator<Item = &'a String>) -> Result<Vec<Uuid>, DecodeError> {
        texts.map(|text| self.id(text)).collect()
    }

    fn instant(self, at: Option<Timestamp>) -> Result<DateTime<Utc>, DecodeError> {
        at.as_ref()
            .and_then(wire::instant)
            .ok_or_else(|| self.error(&"an instant is missing"))
    }

    fn became(self, id: &str, state: &'static str) -> Result<Option<BookingEvent>, DecodeError> {
        let id = self.id(id)?;
        Ok(Some(BookingEvent::Became { id, state }))
    }

    fn error(self, reason: &dyn ToString) -> DecodeError {
        DecodeError {
            event_type: self.0.event_type.clone(),
            event_version: "public".to_owned(),
            position: self.0.position,
            reason: reason.to_string(),
        }
    }
}

/// The read tables of [`Bookings`].
#[derive(Default)]
pub struct Tables {
    bookings: Table<BookingRow>,
    events: Table<BookedEventRow>,
}

impl TableSet for Tables {
    fn tables(&mut self) -> Vec<&mut dyn AnyTable> {
        vec![&mut self.bookings, &mut self.events]
    }
}

/// Folds bookings.
pub struct Bookings;

impl Projection for Bookings {
    const NAME: &'static str = "bookings";
    const FOLD_VERSION: i32 = 1;
    type Event = BookingEvent;
    type Tables = Tables;

    /// The session, or the event with all its tickets.
    fn key(&self, event: &Delivered<BookingEvent>) -> String {
        event.aggregate_id.clone()
    }

    fn touch(&self, event: &Delivered<BookingEvent>, tables: &mut Tables) {
        match &event.event {
            BookingEvent::SessionHeld(_) | BookingEvent::EventPlanned(_) => {}
            BookingEvent::TicketsHeld { event_id, .. } => tables.events.touch(*event_id),
            BookingEvent::Became { id, .. } => tables.bookings.touch(*id),
        }
    }

    fn fold(&self, event: &Delivered<BookingEvent>, tables: &mut Tables) -> Result<(), FoldError> {
        match event.event.clone() {
            BookingEvent::SessionHeld(booking) => tables.bookings.insert(booking),
            BookingEvent::EventPlanned(planned) => tables.events.insert(planned),
            BookingEvent::TicketsHeld {
                id,
                event_id,
                parent_id,
                child_ids,
            } => {
                let planned = tables
                    .events
                    .get(&event_id)
                    .ok_or_else(|| FoldError::missing("event", &event_id))?;
                let booking = BookingRow {
                    id,
                    kind: "TICKETS".to_owned(),
                    parent_id,
                    child_ids,
                    trainer_ids: planned.trainer_ids.clone(),
                    starts_at: planned.starts_at,
                    ends_at: planned.ends_at,
                    state: "HELD".to_owned(),
                };
                tables.bookings.insert(booking);
            }
            BookingEvent::Became { id, state } => {
                let booking = tables
                    .bookings
                    .get_mut(&id)
                    .ok_or_else(|| FoldError::missing("booking", &id))?;
                state.clone_into(&mut booking.state);
            }
        }
        Ok(())
    }
}

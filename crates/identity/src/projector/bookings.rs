//! The tables `bookings` and `booked_events`: what is booked for children, from the public events
//! of scheduling and ticketing.

use chrono::{DateTime, Utc};
use contracts::scheduling::events::v1::scheduling_event::Event as Scheduling;
use contracts::ticketing::events::v1::ticketing_event::Event as Ticketing;
use eventsourcing::{DecodeError, Delivered, FoldError, Keys, Projection, Received};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use values::{ChildId, EventId, TrainerId, UserId};

/// A row of `bookings`: a session, or a hold of tickets for an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookingRow {
    /// The session, or the hold.
    pub id: Uuid,
    pub kind: BookingKind,
    pub parent_id: UserId,
    pub child_ids: Vec<ChildId>,
    pub trainer_ids: Vec<TrainerId>,
    /// The start of the session, or of the event's first day.
    pub starts_at: DateTime<Utc>,
    /// The end of the session, or of the event's last day, excluded.
    pub ends_at: DateTime<Utc>,
    pub state: BookingState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum BookingKind {
    Session,
    Tickets,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum BookingState {
    Held,
    Paid,
    /// It came to nothing: it was given up, or not paid in time.
    Canceled,
    Completed,
}

/// A row of `booked_events`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookedEventRow {
    pub id: EventId,
    pub trainer_ids: Vec<TrainerId>,
    /// The start of the first day.
    pub starts_at: DateTime<Utc>,
    /// The end of the last day, excluded.
    pub ends_at: DateTime<Utc>,
}

/// The part of the others' events that is about bookings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BookingEvent {
    SessionHeld(BookingRow),
    /// An event with tickets was created.
    EventPlanned(BookedEventRow),
    TicketsHeld {
        id: Uuid,
        event_id: EventId,
        parent_id: UserId,
        child_ids: Vec<ChildId>,
    },
    /// A booking changed its state.
    Became {
        id: Uuid,
        state: BookingState,
    },
}

impl BookingEvent {
    /// Reads one of scheduling's events; `None` for an event that is not about bookings.
    pub fn of_scheduling(received: Received<'_>, event: Scheduling) -> Read {
        match event {
            Scheduling::SessionHeld(held) => Ok(Some(Self::SessionHeld(BookingRow {
                id: received.id("session_id", &held.session_id)?,
                kind: BookingKind::Session,
                parent_id: received.id("parent_id", &held.parent_id)?,
                child_ids: received.ids("child_ids", &held.child_ids)?,
                trainer_ids: vec![received.id("trainer_id", &held.trainer_id)?],
                starts_at: received.instant("starts_at", held.starts_at.as_ref())?,
                ends_at: received.instant("ends_at", held.ends_at.as_ref())?,
                state: BookingState::Held,
            }))),
            Scheduling::SessionPaid(paid) => became(
                received,
                ("session_id", &paid.session_id),
                BookingState::Paid,
            ),
            Scheduling::SessionHoldExpired(expired) => became(
                received,
                ("session_id", &expired.session_id),
                BookingState::Canceled,
            ),
            Scheduling::SessionCanceled(canceled) => became(
                received,
                ("session_id", &canceled.session_id),
                BookingState::Canceled,
            ),
            Scheduling::SessionCompleted(completed) => became(
                received,
                ("session_id", &completed.session_id),
                BookingState::Completed,
            ),
            Scheduling::LocationCreated(_)
            | Scheduling::TrainerLocationAssigned(_)
            | Scheduling::ScheduleOpened(_)
            | Scheduling::SessionPaymentRejected(_) => Ok(None),
        }
    }

    /// Reads one of ticketing's events; `None` for an event that is not about bookings.
    pub fn of_ticketing(received: Received<'_>, event: Ticketing) -> Read {
        match event {
            Ticketing::EventCreated(created) => Ok(Some(Self::EventPlanned(BookedEventRow {
                id: received.id("event_id", &created.event_id)?,
                trainer_ids: received.ids("trainer_ids", &created.trainer_ids)?,
                starts_at: received.instant("starts_at", created.starts_at.as_ref())?,
                ends_at: received.instant("ends_at", created.ends_at.as_ref())?,
            }))),
            Ticketing::TicketsHeld(held) => {
                let tickets = held.tickets.iter();
                let child_ids = tickets.map(|ticket| received.id("child_id", &ticket.child_id));
                Ok(Some(Self::TicketsHeld {
                    id: received.id("hold_id", &held.hold_id)?,
                    event_id: received.id("event_id", &held.event_id)?,
                    parent_id: received.id("parent_id", &held.parent_id)?,
                    child_ids: child_ids.collect::<Result<_, _>>()?,
                }))
            }
            Ticketing::TicketsConfirmed(confirmed) => became(
                received,
                ("hold_id", &confirmed.hold_id),
                BookingState::Paid,
            ),
            Ticketing::TicketHoldExpired(expired) => became(
                received,
                ("hold_id", &expired.hold_id),
                BookingState::Canceled,
            ),
            Ticketing::EventPublished(_) | Ticketing::TicketPaymentRejected(_) => Ok(None),
        }
    }
}

type Read = Result<Option<BookingEvent>, DecodeError>;

fn became(received: Received<'_>, (field, id): (&str, &str), state: BookingState) -> Read {
    let id = received.id(field, id)?;
    Ok(Some(BookingEvent::Became { id, state }))
}

eventsourcing::rows! {
    BookingRow in "bookings" by (id: Uuid),
    BookedEventRow in "booked_events" by (id: EventId),
}

eventsourcing::tables! {
    /// The read tables of [`Bookings`].
    pub struct Tables {
        bookings: BookingRow,
        events: BookedEventRow,
    }
}

pub struct Bookings;

impl Projection for Bookings {
    const NAME: &'static str = "bookings";
    const FOLD_VERSION: i32 = 1;
    type Event = BookingEvent;
    type Tables = Tables;

    /// The session, or the event with all its tickets.
    fn keys(&self, event: &Delivered<BookingEvent>) -> Keys {
        Keys::one(&event.aggregate_id)
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
                    kind: BookingKind::Tickets,
                    parent_id,
                    child_ids,
                    trainer_ids: planned.trainer_ids.clone(),
                    starts_at: planned.starts_at,
                    ends_at: planned.ends_at,
                    state: BookingState::Held,
                };
                tables.bookings.insert(booking);
            }
            BookingEvent::Became { id, state } => {
                let booking = tables
                    .bookings
                    .get_mut(&id)
                    .ok_or_else(|| FoldError::missing("booking", &id))?;
                booking.state = state;
            }
        }
        Ok(())
    }
}

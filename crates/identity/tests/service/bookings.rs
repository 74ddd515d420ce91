//! What scheduling and ticketing tell of bookings.

use chrono::{TimeDelta, Utc};
use contracts::{
    scheduling::events::v1::{self as scheduling, scheduling_event::Event as SchedulingEvent},
    ticketing::events::v1::{self as ticketing, ticketing_event::Event as TicketingEvent},
    wire::timestamp,
};
use uuid::Uuid;

use crate::world::World;

/// A session on a slot of its own.
#[derive(Clone, Copy)]
pub struct Session {
    id: Uuid,
    slot_id: Uuid,
}

impl World {
    pub fn scheduling_says(&self, aggregate_id: Uuid, event: SchedulingEvent) {
        self.stand_in("scheduling").publishes(aggregate_id, event);
    }

    fn ticketing_says(&self, event_id: Uuid, event: TicketingEvent) {
        self.stand_in("ticketing").publishes(event_id, event);
    }

    /// A session of an hour that begins so long from now, for this child among others.
    pub fn held(&self, child_id: &str, trainer_id: &str, begins: TimeDelta) -> Session {
        let (id, slot_id, schedule_id) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
        let location_id = Uuid::from_u128(76).to_string();
        let starts = Utc::now() + begins;
        let ends_at = Some(timestamp(starts + TimeDelta::hours(1)));
        let opened = scheduling::ScheduleOpened {
            schedule_id: schedule_id.to_string(),
            trainer_id: trainer_id.to_owned(),
            slots: vec![scheduling::OpenedSlot {
                slot_id: slot_id.to_string(),
                location_id: location_id.clone(),
                starts_at: Some(timestamp(starts)),
                ends_at,
            }],
            ..Default::default()
        };
        self.scheduling_says(schedule_id, SchedulingEvent::ScheduleOpened(opened));
        let held = scheduling::SessionHeld {
            session_id: id.to_string(),
            slot_id: slot_id.to_string(),
            trainer_id: trainer_id.to_owned(),
            parent_id: Uuid::from_u128(77).to_string(),
            child_ids: vec![Uuid::from_u128(78).to_string(), child_id.to_owned()],
            location_id,
            starts_at: Some(timestamp(starts)),
            ends_at,
            ..Default::default()
        };
        self.scheduling_says(id, SchedulingEvent::SessionHeld(held));
        Session { id, slot_id }
    }

    pub fn paid(&self, session: Session) {
        let paid = scheduling::SessionPaid {
            session_id: session.id.to_string(),
            slot_id: session.slot_id.to_string(),
            ..Default::default()
        };
        self.scheduling_says(session.id, SchedulingEvent::SessionPaid(paid));
    }

    pub fn canceled(&self, session: Session) {
        let canceled = scheduling::SessionCanceled {
            session_id: session.id.to_string(),
            slot_id: session.slot_id.to_string(),
            ..Default::default()
        };
        self.scheduling_says(session.id, SchedulingEvent::SessionCanceled(canceled));
    }

    pub fn expired(&self, session: Session) {
        let expired = scheduling::SessionHoldExpired {
            session_id: session.id.to_string(),
            slot_id: session.slot_id.to_string(),
            ..Default::default()
        };
        self.scheduling_says(session.id, SchedulingEvent::SessionHoldExpired(expired));
    }

    pub fn completed(&self, session: Session) {
        let completed = scheduling::SessionCompleted {
            session_id: session.id.to_string(),
            ..Default::default()
        };
        self.scheduling_says(session.id, SchedulingEvent::SessionCompleted(completed));
    }

    /// Tickets for an event of two days from so long from now, held and confirmed.
    pub fn confirmed_tickets(&self, child_id: &str, trainer_id: &str, begins: TimeDelta) {
        let (event_id, hold_id) = (Uuid::now_v7(), Uuid::now_v7().to_string());
        let starts = Utc::now() + begins;
        let created = ticketing::EventCreated {
            event_id: event_id.to_string(),
            starts_at: Some(timestamp(starts)),
            ends_at: Some(timestamp(starts + TimeDelta::days(2))),
            trainer_ids: vec![Uuid::from_u128(79).to_string(), trainer_id.to_owned()],
            ..Default::default()
        };
        self.ticketing_says(event_id, TicketingEvent::EventCreated(created));
        let held = ticketing::TicketsHeld {
            hold_id: hold_id.clone(),
            event_id: event_id.to_string(),
            parent_id: Uuid::from_u128(77).to_string(),
            tickets: vec![ticketing::HeldTicket {
                child_id: child_id.to_owned(),
                ..Default::default()
            }],
            ..Default::default()
        };
        self.ticketing_says(event_id, TicketingEvent::TicketsHeld(held));
        let confirmed = ticketing::TicketsConfirmed {
            hold_id,
            event_id: event_id.to_string(),
            ..Default::default()
        };
        self.ticketing_says(event_id, TicketingEvent::TicketsConfirmed(confirmed));
    }
}

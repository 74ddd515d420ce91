//! Where and when trainers can be booked: locations, assignments, group prices, windows, and
//! slots with what sessions have made of them.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use eventsourcing::{AnyTable, Delivered, FoldError, Projection, Row, Table, TableSet};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::id;
use crate::domain::SchedulingLogEvent;
use crate::domain::location::LocationEvent;
use crate::domain::schedule::{ScheduleEvent, Slot};
use crate::domain::session::{Place, SessionEvent};
use crate::domain::trainer_calendar::TrainerCalendarEvent;

/// A venue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocationRow {
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// IANA zone.
    pub time_zone: String,
    /// When it was added.
    pub created_at: DateTime<Utc>,
}

impl Row for LocationRow {
    const TABLE: &'static str = "locations";
    const KEY: &'static [&'static str] = &["id"];
    type Key = Uuid;

    fn key(&self) -> Uuid {
        self.id
    }
}

/// A trainer works at a location.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrainerLocationRow {
    /// The trainer.
    pub trainer_id: Uuid,
    /// The location.
    pub location_id: Uuid,
    /// Since when.
    pub assigned_at: DateTime<Utc>,
}

impl Row for TrainerLocationRow {
    const TABLE: &'static str = "trainer_locations";
    const KEY: &'static [&'static str] = &["trainer_id", "location_id"];
    type Key = (Uuid, Uuid);

    fn key(&self) -> (Uuid, Uuid) {
        (self.trainer_id, self.location_id)
    }
}

/// What a session for so many children costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupDiscountRow {
    /// Its id; one per trainer and number.
    pub id: Uuid,
    /// The trainer.
    pub trainer_id: Uuid,
    /// Number of distinct children.
    pub participants: u32,
    /// What all of them pay together, minor units.
    pub price: i64,
    /// ISO 4217.
    pub currency: String,
    /// Since when.
    pub set_at: DateTime<Utc>,
}

impl Row for GroupDiscountRow {
    const TABLE: &'static str = "trainer_group_discounts";
    const KEY: &'static [&'static str] = &["id"];
    type Key = Uuid;

    fn key(&self) -> Uuid {
        self.id
    }
}

/// A window of a trainer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduleRow {
    /// Its id.
    pub id: Uuid,
    /// The trainer.
    pub trainer_id: Uuid,
    /// Its start, included.
    pub start_date: DateTime<Utc>,
    /// Its end, excluded.
    pub end_date: DateTime<Utc>,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
}

impl Row for ScheduleRow {
    const TABLE: &'static str = "schedules";
    const KEY: &'static [&'static str] = &["id"];
    type Key = Uuid;

    fn key(&self) -> Uuid {
        self.id
    }
}

/// A time at which a trainer can be booked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotRow {
    /// Its id.
    pub id: Uuid,
    /// The window it belongs to.
    pub schedule_id: Uuid,
    /// The trainer.
    pub trainer_id: Uuid,
    /// The location.
    pub location_id: Uuid,
    /// Its start, included.
    pub starts_at: DateTime<Utc>,
    /// Its end, excluded.
    pub ends_at: DateTime<Utc>,
    /// IANA zone of the location.
    pub time_zone: String,
    /// Civil date at the location.
    pub date: NaiveDate,
    /// Local start.
    pub start: NaiveTime,
    /// Local end.
    pub end: NaiveTime,
    /// Whether it can be booked.
    pub status: SlotStatus,
    /// The session that has it.
    pub session_id: Option<Uuid>,
    /// While it is held: until when.
    pub held_until: Option<DateTime<Utc>>,
}

/// Whether a slot can be booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SlotStatus {
    /// It can.
    Free,
    /// A session that is not paid has it.
    Held,
    /// A session that is paid, or took place, has it.
    Booked,
}

impl Row for SlotRow {
    const TABLE: &'static str = "slots";
    const KEY: &'static [&'static str] = &["id"];
    type Key = Uuid;

    fn key(&self) -> Uuid {
        self.id
    }
}

/// The fold.
pub struct Calendar;

/// Its tables.
#[derive(Default)]
pub struct CalendarTables {
    locations: Table<LocationRow>,
    trainer_locations: Table<TrainerLocationRow>,
    group_discounts: Table<GroupDiscountRow>,
    schedules: Table<ScheduleRow>,
    pub(super) slots: Table<SlotRow>,
}

impl TableSet for CalendarTables {
    fn tables(&mut self) -> Vec<&mut dyn AnyTable> {
        vec![
            &mut self.locations,
            &mut self.trainer_locations,
            &mut self.group_discounts,
            &mut self.schedules,
            &mut self.slots,
        ]
    }
}

impl Projection for Calendar {
    const NAME: &'static str = "calendar";
    const FOLD_VERSION: i32 = 1;
    type Event = SchedulingLogEvent;
    type Tables = CalendarTables;

    /// The window for everything that happens to its slots.
    fn key(&self, event: &Delivered<SchedulingLogEvent>) -> String {
        match &event.event {
            SchedulingLogEvent::Session(session) => place(session).map_or_else(
                || event.aggregate_id.clone(),
                |it| it.schedule_id.to_string(),
            ),
            SchedulingLogEvent::Location(_)
            | SchedulingLogEvent::TrainerCalendar(_)
            | SchedulingLogEvent::Schedule(_) => event.aggregate_id.clone(),
        }
    }

    fn touch(&self, event: &Delivered<SchedulingLogEvent>, tables: &mut CalendarTables) {
        if let SchedulingLogEvent::Session(session) = &event.event
            && let Some(place) = place(session)
        {
            tables.slots.touch(place.slot_id);
        }
    }

    fn fold(
        &self,
        event: &Delivered<SchedulingLogEvent>,
        tables: &mut CalendarTables,
    ) -> Result<(), FoldError> {
        let aggregate_id = id(&event.aggregate_id)?;
        match &event.event {
            SchedulingLogEvent::Location(event) => fold_location(aggregate_id, event, tables),
            SchedulingLogEvent::TrainerCalendar(event) => {
                fold_trainer(aggregate_id, event, tables);
            }
            SchedulingLogEvent::Schedule(event) => fold_schedule(aggregate_id, event, tables),
            SchedulingLogEvent::Session(event) => return fold_session(aggregate_id, event, tables),
        }
        Ok(())
    }
}

fn fold_location(id: Uuid, event: &LocationEvent, tables: &mut CalendarTables) {
    let LocationEvent::LocationCreated {
        name,
        time_zone,
        created_at,
    } = event;
    tables.locations.insert(LocationRow {
        id,
        name: name.clone(),
        time_zone: time_zone.clone(),
        created_at: *created_at,
    });
}

fn fold_trainer(trainer_id: Uuid, event: &TrainerCalendarEvent, tables: &mut CalendarTables) {
    match event {
        TrainerCalendarEvent::TrainerLocationAssigned {
            location_id,
            assigned_at,
        } => tables.trainer_locations.insert(TrainerLocationRow {
            trainer_id,
            location_id: *location_id,
            assigned_at: *assigned_at,
        }),
        TrainerCalendarEvent::GroupPriceSet {
            group_price_id,
            participants,
            price,
            set_at,
        } => tables.group_discounts.insert(GroupDiscountRow {
            id: *group_price_id,
            trainer_id,
            participants: *participants,
            price: price.minor_units(),
            currency: price.currency_code().to_owned(),
            set_at: *set_at,
        }),
    }
}

fn fold_schedule(schedule_id: Uuid, event: &ScheduleEvent, tables: &mut CalendarTables) {
    let ScheduleEvent::ScheduleOpened {
        trainer_id,
        window,
        slots,
        opened_at,
    } = event;
    tables.schedules.insert(ScheduleRow {
        id: schedule_id,
        trainer_id: *trainer_id,
        start_date: window.from(),
        end_date: window.to(),
        opened_at: *opened_at,
    });
    for slot in slots {
        tables.slots.insert(free(slot, schedule_id, *trainer_id));
    }
}

fn free(slot: &Slot, schedule_id: Uuid, trainer_id: Uuid) -> SlotRow {
    SlotRow {
        id: slot.slot_id,
        schedule_id,
        trainer_id,
        location_id: slot.location_id,
        starts_at: slot.time.from(),
        ends_at: slot.time.to(),
        time_zone: slot.local.time_zone.clone(),
        date: slot.local.date,
        start: slot.local.start,
        end: slot.local.end,
        status: SlotStatus::Free,
        session_id: None,
        held_until: None,
    }
}

/// The place that an event takes, confirms or gives up.
fn place(event: &SessionEvent) -> Option<&Place> {
    match event {
        SessionEvent::SessionHeld { place, .. }
        | SessionEvent::SessionHoldExpired { place, .. }
        | SessionEvent::SessionReinstated { place, .. }
        | SessionEvent::SessionPaid { place, .. }
        | SessionEvent::SessionCanceled {
            place, freed: true, ..
        } => Some(place),
        SessionEvent::SessionCanceled { freed: false, .. }
        | SessionEvent::SessionCompleted { .. }
        | SessionEvent::SessionPaymentRejected { .. } => None,
    }
}

fn fold_session(
    session_id: Uuid,
    event: &SessionEvent,
    tables: &mut CalendarTables,
) -> Result<(), FoldError> {
    let Some(place) = place(event) else {
        return Ok(());
    };
    let slot = tables
        .slots
        .get_mut(&place.slot_id)
        .ok_or_else(|| FoldError::missing("slot", &place.slot_id))?;
    (slot.status, slot.session_id, slot.held_until) = match event {
        SessionEvent::SessionHeld {
            hold_expires_at, ..
        } => (SlotStatus::Held, Some(session_id), Some(*hold_expires_at)),
        SessionEvent::SessionReinstated { .. } => (SlotStatus::Held, Some(session_id), None),
        SessionEvent::SessionPaid { .. } => (SlotStatus::Booked, Some(session_id), None),
        SessionEvent::SessionHoldExpired { .. }
        | SessionEvent::SessionCanceled { .. }
        | SessionEvent::SessionCompleted { .. }
        | SessionEvent::SessionPaymentRejected { .. } => (SlotStatus::Free, None, None),
    };
    Ok(())
}

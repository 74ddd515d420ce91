//! Where and when trainers can be booked: locations, assignments, group prices, windows, and
//! slots with what sessions have made of them.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use eventsourcing::{Delivered, FoldError, Keys, Projection};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use values::{LocationId, ScheduleId, SessionId, SlotId, TrainerId};

use crate::domain::SchedulingLogEvent;
use crate::domain::location::LocationEvent;
use crate::domain::schedule::{ScheduleEvent, Slot};
use crate::domain::session::{BookedSlot, SessionEvent};
use crate::domain::trainer_calendar::TrainerCalendarEvent;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocationRow {
    pub id: LocationId,
    pub name: String,
    pub time_zone: String,
    /// When it was added.
    pub created_at: DateTime<Utc>,
}

/// A trainer works at a location.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrainerLocationRow {
    pub trainer_id: TrainerId,
    pub location_id: LocationId,
    pub assigned_at: DateTime<Utc>,
}

/// What a session for so many children costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupDiscountRow {
    /// Its id; one per trainer and number.
    pub id: Uuid,
    pub trainer_id: TrainerId,
    /// Number of distinct children.
    pub participants: u32,
    /// What all of them pay together, minor units.
    pub price: i64,
    pub currency: String,
    pub set_at: DateTime<Utc>,
}

/// A window of a trainer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduleRow {
    pub id: ScheduleId,
    pub trainer_id: TrainerId,
    /// Its start, included.
    pub start_date: DateTime<Utc>,
    /// Its end, excluded.
    pub end_date: DateTime<Utc>,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
}

/// A time at which a trainer can be booked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotRow {
    pub id: SlotId,
    /// The window it belongs to.
    pub schedule_id: ScheduleId,
    pub trainer_id: TrainerId,
    pub location_id: LocationId,
    /// Its start, included.
    pub starts_at: DateTime<Utc>,
    /// Its end, excluded.
    pub ends_at: DateTime<Utc>,
    /// IANA zone of the location.
    pub time_zone: String,
    /// Civil date at the location.
    pub date: NaiveDate,
    pub start: NaiveTime,
    pub end: NaiveTime,
    /// Whether it can be booked.
    pub status: SlotStatus,
    /// The session that has it.
    pub session_id: Option<SessionId>,
    /// While it is held: until when.
    pub held_until: Option<DateTime<Utc>>,
}

/// Whether a slot can be booked.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr, strum::EnumIter,
)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SlotStatus {
    /// No session has it.
    Free,
    /// A session that is not paid has it.
    Held,
    /// A session that is paid, or took place, has it.
    Booked,
}

eventsourcing::rows! {
    LocationRow in "locations" by (id: LocationId),
    TrainerLocationRow in "trainer_locations" by (trainer_id: TrainerId, location_id: LocationId),
    GroupDiscountRow in "trainer_group_discounts" by (id: Uuid),
    ScheduleRow in "schedules" by (id: ScheduleId),
    SlotRow in "slots" by (id: SlotId),
}

eventsourcing::tables! {
    /// What this projection writes.
    pub struct CalendarTables {
        locations: LocationRow,
        trainer_locations: TrainerLocationRow,
        group_discounts: GroupDiscountRow,
        schedules: ScheduleRow,
        slots: SlotRow,
    }
}

/// Folds the calendar from the service's own log.
pub struct Calendar;

impl Projection for Calendar {
    const NAME: &'static str = "calendar";
    const FOLD_VERSION: i32 = 1;
    type Event = SchedulingLogEvent;
    type Tables = CalendarTables;

    /// The window for everything that happens to its slots.
    fn keys(&self, event: &Delivered<SchedulingLogEvent>) -> Keys {
        match &event.event {
            SchedulingLogEvent::Session(session) => slot_of(session).map_or_else(
                || Keys::one(&event.aggregate_id),
                |slot| Keys::one(&slot.schedule_id),
            ),
            SchedulingLogEvent::Location(_)
            | SchedulingLogEvent::TrainerCalendar(_)
            | SchedulingLogEvent::Schedule(_) => Keys::one(&event.aggregate_id),
        }
    }

    fn fold(
        &self,
        event: &Delivered<SchedulingLogEvent>,
        tables: &mut CalendarTables,
    ) -> Result<(), FoldError> {
        match &event.event {
            SchedulingLogEvent::Location(event) => fold_location(event, tables),
            SchedulingLogEvent::TrainerCalendar(event) => fold_trainer(event, tables),
            SchedulingLogEvent::Schedule(event) => fold_schedule(event, tables),
            SchedulingLogEvent::Session(event) => return fold_session(event, tables),
        }
        Ok(())
    }
}

fn fold_location(event: &LocationEvent, tables: &mut CalendarTables) {
    let LocationEvent::LocationCreated {
        location_id,
        name,
        time_zone,
        created_at,
    } = event;
    tables.locations.insert(LocationRow {
        id: *location_id,
        name: name.clone(),
        time_zone: time_zone.clone(),
        created_at: *created_at,
    });
}

fn fold_trainer(event: &TrainerCalendarEvent, tables: &mut CalendarTables) {
    match event {
        TrainerCalendarEvent::TrainerLocationAssigned {
            trainer_id,
            location_id,
            assigned_at,
        } => tables.trainer_locations.insert(TrainerLocationRow {
            trainer_id: *trainer_id,
            location_id: *location_id,
            assigned_at: *assigned_at,
        }),
        TrainerCalendarEvent::GroupPriceSet {
            trainer_id,
            group_price_id,
            participants,
            price,
            set_at,
        } => tables.group_discounts.insert(GroupDiscountRow {
            id: *group_price_id,
            trainer_id: *trainer_id,
            participants: *participants,
            price: price.minor_units(),
            currency: price.currency_code().to_owned(),
            set_at: *set_at,
        }),
    }
}

fn fold_schedule(event: &ScheduleEvent, tables: &mut CalendarTables) {
    let ScheduleEvent::ScheduleOpened {
        schedule_id,
        trainer_id,
        window,
        slots,
        opened_at,
    } = event;
    tables.schedules.insert(ScheduleRow {
        id: *schedule_id,
        trainer_id: *trainer_id,
        start_date: window.from(),
        end_date: window.to(),
        opened_at: *opened_at,
    });
    for slot in slots {
        tables.slots.insert(free(slot, *schedule_id, *trainer_id));
    }
}

fn free(slot: &Slot, schedule_id: ScheduleId, trainer_id: TrainerId) -> SlotRow {
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

/// The slot that an event takes, confirms or gives up.
fn slot_of(event: &SessionEvent) -> Option<BookedSlot> {
    match event {
        SessionEvent::SessionHeld { place, .. } | SessionEvent::SessionReinstated { place, .. } => {
            Some(place.slot())
        }
        SessionEvent::SessionHoldExpired { slot, .. }
        | SessionEvent::SessionPaid { slot, .. }
        | SessionEvent::SessionCanceled {
            slot, freed: true, ..
        } => Some(*slot),
        SessionEvent::SessionCanceled { freed: false, .. }
        | SessionEvent::SessionCompleted { .. }
        | SessionEvent::SessionPaymentRejected { .. } => None,
    }
}

fn fold_session(event: &SessionEvent, tables: &mut CalendarTables) -> Result<(), FoldError> {
    let Some(BookedSlot { slot_id, .. }) = slot_of(event) else {
        return Ok(());
    };
    let session_id = event.session_id();
    let slot = tables
        .slots
        .get_mut(&slot_id)
        .ok_or_else(|| FoldError::missing("slot", &slot_id))?;
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

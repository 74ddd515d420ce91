//! The tables `trainer_locations` and `trainer_slots`: where trainers work and when they can be
//! booked, from scheduling's public events.

use chrono::{DateTime, Utc};
use contracts::{
    log::v1::Envelope,
    scheduling::events::v1::{OpenedSlot, SchedulingEvent, scheduling_event::Event as Public},
    wire,
};
use eventsourcing::{
    AnyTable, DecodeError, Delivered, FoldError, Projection, Row, Table, TableSet,
};
use prost::Message;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A row of `trainer_locations`: the trainer works at the location.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrainerLocationRow {
    pub trainer_id: Uuid,
    pub location_id: Uuid,
}

impl Row for TrainerLocationRow {
    const TABLE: &'static str = "trainer_locations";
    const KEY: &'static [&'static str] = &["trainer_id", "location_id"];
    type Key = (Uuid, Uuid);

    fn key(&self) -> (Uuid, Uuid) {
        (self.trainer_id, self.location_id)
    }
}

/// A row of `trainer_slots`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrainerSlotRow {
    pub slot_id: Uuid,
    pub trainer_id: Uuid,
    pub location_id: Uuid,
    pub starts_at: DateTime<Utc>,
    /// The session that has the slot; `None` while the slot is open.
    pub session_id: Option<Uuid>,
}

impl Row for TrainerSlotRow {
    const TABLE: &'static str = "trainer_slots";
    const KEY: &'static [&'static str] = &["slot_id"];
    type Key = Uuid;

    fn key(&self) -> Uuid {
        self.slot_id
    }
}

/// The part of scheduling's events that says where and when a trainer can be booked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AvailabilityEvent {
    /// The trainer works at a location.
    Works(TrainerLocationRow),
    /// A window was opened, with these slots.
    Opened(Vec<TrainerSlotRow>),
    /// A session took the slot.
    Taken { slot_id: Uuid, session_id: Uuid },
    /// The slot is open again, if that session has it.
    Freed { slot_id: Uuid, session_id: Uuid },
}

/// The tables of [`Availability`].
#[derive(Default)]
pub struct Tables {
    locations: Table<TrainerLocationRow>,
    slots: Table<TrainerSlotRow>,
}

impl TableSet for Tables {
    fn tables(&mut self) -> Vec<&mut dyn AnyTable> {
        vec![&mut self.locations, &mut self.slots]
    }
}

/// Folds where and when trainers can be booked.
pub struct Availability;

impl Availability {
    /// Reads one of scheduling's events; `None` for an event that changes nothing here.
    pub fn decode(envelope: &Envelope) -> Result<Option<AvailabilityEvent>, DecodeError> {
        let unreadable = |reason: String| DecodeError {
            event_type: envelope.event_type.clone(),
            event_version: "public".to_owned(),
            position: envelope.position,
            reason,
        };
        let event = SchedulingEvent::decode(envelope.payload.as_slice())
            .map_err(|error| unreadable(error.to_string()))?;
        event
            .event
            .and_then(|event| read(event).transpose())
            .transpose()
            .map_err(unreadable)
    }
}

fn read(event: Public) -> Result<Option<AvailabilityEvent>, String> {
    Ok(Some(match event {
        Public::TrainerLocationAssigned(assigned) => AvailabilityEvent::Works(TrainerLocationRow {
            trainer_id: id(&assigned.trainer_id)?,
            location_id: id(&assigned.location_id)?,
        }),
        Public::ScheduleOpened(opened) => {
            let trainer_id = id(&opened.trainer_id)?;
            let slots = opened.slots.iter().map(|opened| slot(trainer_id, opened));
            AvailabilityEvent::Opened(slots.collect::<Result<_, _>>()?)
        }
        Public::SessionHeld(held) => taken(&held.slot_id, &held.session_id)?,
        Public::SessionPaid(paid) => taken(&paid.slot_id, &paid.session_id)?,
        Public::SessionHoldExpired(expired) => freed(&expired.slot_id, &expired.session_id)?,
        // A session that lost its slot before frees none.
        Public::SessionCanceled(canceled) if canceled.slot_id.is_empty() => return Ok(None),
        Public::SessionCanceled(canceled) => freed(&canceled.slot_id, &canceled.session_id)?,
        Public::LocationCreated(_)
        | Public::SessionCompleted(_)
        | Public::SessionPaymentRejected(_) => return Ok(None),
    }))
}

fn id(text: &str) -> Result<Uuid, String> {
    Uuid::parse_str(text).map_err(|error| error.to_string())
}

fn slot(trainer_id: Uuid, slot: &OpenedSlot) -> Result<TrainerSlotRow, String> {
    let starts_at = slot.starts_at.as_ref().and_then(wire::instant);
    Ok(TrainerSlotRow {
        slot_id: id(&slot.slot_id)?,
        trainer_id,
        location_id: id(&slot.location_id)?,
        starts_at: starts_at.ok_or("a slot without a start")?,
        session_id: None,
    })
}

fn taken(slot_id: &str, session_id: &str) -> Result<AvailabilityEvent, String> {
    Ok(AvailabilityEvent::Taken {
        slot_id: id(slot_id)?,
        session_id: id(session_id)?,
    })
}

fn freed(slot_id: &str, session_id: &str) -> Result<AvailabilityEvent, String> {
    Ok(AvailabilityEvent::Freed {
        slot_id: id(slot_id)?,
        session_id: id(session_id)?,
    })
}

impl Projection for Availability {
    const NAME: &'static str = "availability";
    const FOLD_VERSION: i32 = 1;
    type Event = AvailabilityEvent;
    type Tables = Tables;

    /// The slot, for events of one slot; otherwise the aggregate.
    fn key(&self, event: &Delivered<AvailabilityEvent>) -> String {
        match &event.event {
            AvailabilityEvent::Works(_) | AvailabilityEvent::Opened(_) => {
                event.aggregate_id.clone()
            }
            AvailabilityEvent::Taken { slot_id, .. } | AvailabilityEvent::Freed { slot_id, .. } => {
                slot_id.to_string()
            }
        }
    }

    fn touch(&self, event: &Delivered<AvailabilityEvent>, tables: &mut Tables) {
        if let AvailabilityEvent::Taken { slot_id, .. } | AvailabilityEvent::Freed { slot_id, .. } =
            &event.event
        {
            tables.slots.touch(*slot_id);
        }
    }

    fn fold(
        &self,
        event: &Delivered<AvailabilityEvent>,
        tables: &mut Tables,
    ) -> Result<(), FoldError> {
        match &event.event {
            AvailabilityEvent::Works(row) => tables.locations.insert(row.clone()),
            AvailabilityEvent::Opened(slots) => {
                for slot in slots {
                    tables.slots.insert(slot.clone());
                }
            }
            AvailabilityEvent::Taken {
                slot_id,
                session_id,
            } => known(tables, slot_id)?.session_id = Some(*session_id),
            AvailabilityEvent::Freed {
                slot_id,
                session_id,
            } => {
                let slot = known(tables, slot_id)?;
                slot.session_id.take_if(|holder| holder == session_id);
            }
        }
        Ok(())
    }
}

fn known<'a>(tables: &'a mut Tables, slot_id: &Uuid) -> Result<&'a mut TrainerSlotRow, FoldError> {
    let slot = tables.slots.get_mut(slot_id);
    slot.ok_or_else(|| FoldError::missing("slot", slot_id))
}

#[cfg(test)]
mod tests {
    use contracts::scheduling::events::v1 as pb;
    use prost_types::Timestamp;

    use super::*;

    fn decoded(event: Public) -> Result<Option<AvailabilityEvent>, DecodeError> {
        Availability::decode(&Envelope {
            payload: SchedulingEvent { event: Some(event) }.encode_to_vec(),
            ..Envelope::default()
        })
    }

    fn text(number: u128) -> String {
        Uuid::from_u128(number).to_string()
    }

    #[test]
    fn a_window_opens_its_slots() {
        let opened = pb::ScheduleOpened {
            trainer_id: text(1),
            slots: vec![OpenedSlot {
                slot_id: text(2),
                location_id: text(3),
                starts_at: Some(Timestamp {
                    seconds: 60,
                    nanos: 0,
                }),
                ends_at: None,
            }],
            ..pb::ScheduleOpened::default()
        };
        let slot = TrainerSlotRow {
            slot_id: Uuid::from_u128(2),
            trainer_id: Uuid::from_u128(1),
            location_id: Uuid::from_u128(3),
            starts_at: DateTime::UNIX_EPOCH + chrono::TimeDelta::minutes(1),
            session_id: None,
        };
        assert_eq!(
            decoded(Public::ScheduleOpened(opened)).unwrap(),
            Some(AvailabilityEvent::Opened(vec![slot]))
        );
    }

    #[test]
    fn sessions_take_and_free_their_slot() {
        let (slot_id, session_id) = (Uuid::from_u128(2), Uuid::from_u128(4));
        let taken = Some(AvailabilityEvent::Taken {
            slot_id,
            session_id,
        });
        let freed = Some(AvailabilityEvent::Freed {
            slot_id,
            session_id,
        });
        let held = pb::SessionHeld {
            session_id: text(4),
            slot_id: text(2),
            ..pb::SessionHeld::default()
        };
        assert_eq!(decoded(Public::SessionHeld(held)).unwrap(), taken);
        let paid = pb::SessionPaid {
            session_id: text(4),
            slot_id: text(2),
            ..pb::SessionPaid::default()
        };
        assert_eq!(decoded(Public::SessionPaid(paid)).unwrap(), taken);
        let expired = pb::SessionHoldExpired {
            session_id: text(4),
            slot_id: text(2),
            ..pb::SessionHoldExpired::default()
        };
        assert_eq!(decoded(Public::SessionHoldExpired(expired)).unwrap(), freed);
        let canceled = pb::SessionCanceled {
            session_id: text(4),
            slot_id: text(2),
            ..pb::SessionCanceled::default()
        };
        let late = pb::SessionCanceled {
            slot_id: String::new(),
            ..canceled.clone()
        };
        assert_eq!(decoded(Public::SessionCanceled(canceled)).unwrap(), freed);
        assert_eq!(decoded(Public::SessionCanceled(late)).unwrap(), None);
    }

    #[test]
    fn an_event_that_lacks_what_its_contract_promises_is_an_error() {
        assert!(decoded(Public::SessionHeld(pb::SessionHeld::default())).is_err());
        let opened = pb::ScheduleOpened {
            trainer_id: text(1),
            slots: vec![OpenedSlot::default()],
            ..pb::ScheduleOpened::default()
        };
        assert!(decoded(Public::ScheduleOpened(opened)).is_err());
    }
}

//! The tables `trainer_locations` and `trainer_slots`: where trainers work and when they can be
//! booked, from scheduling's public events.

use chrono::{DateTime, Utc};
use contracts::scheduling::events::v1::OpenedSlot;
use contracts::scheduling::events::v1::scheduling_event::Event as Scheduling;
use eventsourcing::{DecodeError, Delivered, FoldError, Keys, Projection, Received};
use serde::{Deserialize, Serialize};
use values::{LocationId, SessionId, SlotId, TrainerId};

/// A row of `trainer_locations`: the trainer works at the location.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrainerLocationRow {
    pub trainer_id: TrainerId,
    pub location_id: LocationId,
}

/// A row of `trainer_slots`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrainerSlotRow {
    pub slot_id: SlotId,
    pub trainer_id: TrainerId,
    pub location_id: LocationId,
    pub starts_at: DateTime<Utc>,
    /// The session that has the slot; `None` while the slot is open.
    pub session_id: Option<SessionId>,
}

/// The part of scheduling's events that says where and when a trainer can be booked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AvailabilityEvent {
    /// The trainer works at a location.
    Works(TrainerLocationRow),
    /// A window was opened, with these slots.
    Opened(Vec<TrainerSlotRow>),
    /// A session took the slot.
    Taken {
        slot_id: SlotId,
        session_id: SessionId,
    },
    /// The slot is open again, if that session has it.
    Freed {
        slot_id: SlotId,
        session_id: SessionId,
    },
}

eventsourcing::rows! {
    TrainerLocationRow in "trainer_locations" by (trainer_id: TrainerId, location_id: LocationId),
    TrainerSlotRow in "trainer_slots" by (slot_id: SlotId),
}

eventsourcing::tables! {
    /// The tables of [`Availability`].
    pub struct Tables {
        locations: TrainerLocationRow,
        slots: TrainerSlotRow,
    }
}

/// Folds where and when trainers can be booked.
pub struct Availability;

impl AvailabilityEvent {
    /// Reads one of scheduling's events; `None` for an event that changes nothing here.
    pub fn of_scheduling(
        received: Received<'_>,
        event: Scheduling,
    ) -> Result<Option<Self>, DecodeError> {
        Ok(Some(match event {
            Scheduling::TrainerLocationAssigned(assigned) => Self::Works(TrainerLocationRow {
                trainer_id: received.id("trainer_id", &assigned.trainer_id)?,
                location_id: received.id("location_id", &assigned.location_id)?,
            }),
            Scheduling::ScheduleOpened(opened) => {
                let trainer_id = received.id("trainer_id", &opened.trainer_id)?;
                let slots = opened.slots.iter();
                let slots = slots.map(|opened| slot(received, trainer_id, opened));
                Self::Opened(slots.collect::<Result<_, _>>()?)
            }
            Scheduling::SessionHeld(held) => taken(received, &held.slot_id, &held.session_id)?,
            Scheduling::SessionPaid(paid) => taken(received, &paid.slot_id, &paid.session_id)?,
            Scheduling::SessionHoldExpired(expired) => {
                freed(received, &expired.slot_id, &expired.session_id)?
            }
            // A session that lost its slot before frees none.
            Scheduling::SessionCanceled(canceled) if canceled.slot_id.is_empty() => {
                return Ok(None);
            }
            Scheduling::SessionCanceled(canceled) => {
                freed(received, &canceled.slot_id, &canceled.session_id)?
            }
            Scheduling::LocationCreated(_)
            | Scheduling::SessionCompleted(_)
            | Scheduling::SessionPaymentRejected(_) => return Ok(None),
        }))
    }
}

fn slot(
    received: Received<'_>,
    trainer_id: TrainerId,
    slot: &OpenedSlot,
) -> Result<TrainerSlotRow, DecodeError> {
    Ok(TrainerSlotRow {
        slot_id: received.id("slot_id", &slot.slot_id)?,
        trainer_id,
        location_id: received.id("location_id", &slot.location_id)?,
        starts_at: received.instant("starts_at", slot.starts_at.as_ref())?,
        session_id: None,
    })
}

fn taken(
    received: Received<'_>,
    slot_id: &str,
    session_id: &str,
) -> Result<AvailabilityEvent, DecodeError> {
    Ok(AvailabilityEvent::Taken {
        slot_id: received.id("slot_id", slot_id)?,
        session_id: received.id("session_id", session_id)?,
    })
}

fn freed(
    received: Received<'_>,
    slot_id: &str,
    session_id: &str,
) -> Result<AvailabilityEvent, DecodeError> {
    Ok(AvailabilityEvent::Freed {
        slot_id: received.id("slot_id", slot_id)?,
        session_id: received.id("session_id", session_id)?,
    })
}

impl Projection for Availability {
    const NAME: &'static str = "availability";
    const FOLD_VERSION: i32 = 1;
    type Event = AvailabilityEvent;
    type Tables = Tables;

    /// The slot, for events of one slot; otherwise the aggregate.
    fn keys(&self, event: &Delivered<AvailabilityEvent>) -> Keys {
        match &event.event {
            AvailabilityEvent::Works(_) | AvailabilityEvent::Opened(_) => {
                Keys::one(&event.aggregate_id)
            }
            AvailabilityEvent::Taken { slot_id, .. } | AvailabilityEvent::Freed { slot_id, .. } => {
                Keys::one(slot_id)
            }
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

fn known<'a>(
    tables: &'a mut Tables,
    slot_id: &SlotId,
) -> Result<&'a mut TrainerSlotRow, FoldError> {
    let slot = tables.slots.get_mut(slot_id);
    slot.ok_or_else(|| FoldError::missing("slot", slot_id))
}

#[cfg(test)]
mod tests {
    use contracts::log::v1::Envelope;
    use contracts::scheduling::events::v1::{self as pb, SchedulingEvent};
    use prost::Message as _;
    use prost_types::Timestamp;
    use uuid::Uuid;

    use super::*;

    fn decoded(event: Scheduling) -> Result<Option<AvailabilityEvent>, DecodeError> {
        let envelope = Envelope {
            payload: SchedulingEvent { event: Some(event) }.encode_to_vec(),
            ..Envelope::default()
        };
        Received::read(&envelope, AvailabilityEvent::of_scheduling)
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
            slot_id: Uuid::from_u128(2).into(),
            trainer_id: Uuid::from_u128(1).into(),
            location_id: Uuid::from_u128(3).into(),
            starts_at: DateTime::UNIX_EPOCH + chrono::TimeDelta::minutes(1),
            session_id: None,
        };
        assert_eq!(
            decoded(Scheduling::ScheduleOpened(opened)).unwrap(),
            Some(AvailabilityEvent::Opened(vec![slot]))
        );
    }

    #[test]
    fn sessions_take_and_free_their_slot() {
        let slot_id = Uuid::from_u128(2).into();
        let session_id = Uuid::from_u128(4).into();
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
        assert_eq!(decoded(Scheduling::SessionHeld(held)).unwrap(), taken);
        let paid = pb::SessionPaid {
            session_id: text(4),
            slot_id: text(2),
            ..pb::SessionPaid::default()
        };
        assert_eq!(decoded(Scheduling::SessionPaid(paid)).unwrap(), taken);
        let expired = pb::SessionHoldExpired {
            session_id: text(4),
            slot_id: text(2),
            ..pb::SessionHoldExpired::default()
        };
        assert_eq!(
            decoded(Scheduling::SessionHoldExpired(expired)).unwrap(),
            freed
        );
        let canceled = pb::SessionCanceled {
            session_id: text(4),
            slot_id: text(2),
            ..pb::SessionCanceled::default()
        };
        let late = pb::SessionCanceled {
            slot_id: String::new(),
            ..canceled.clone()
        };
        assert_eq!(
            decoded(Scheduling::SessionCanceled(canceled)).unwrap(),
            freed
        );
        assert_eq!(decoded(Scheduling::SessionCanceled(late)).unwrap(), None);
    }

    #[test]
    fn an_event_that_lacks_what_its_contract_promises_is_an_error() {
        assert!(decoded(Scheduling::SessionHeld(pb::SessionHeld::default())).is_err());
        let opened = pb::ScheduleOpened {
            trainer_id: text(1),
            slots: vec![OpenedSlot::default()],
            ..pb::ScheduleOpened::default()
        };
        assert!(decoded(Scheduling::ScheduleOpened(opened)).is_err());
    }
}

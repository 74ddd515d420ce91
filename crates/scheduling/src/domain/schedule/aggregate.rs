use std::collections::BTreeSet;

use eventsourcing::{Aggregate, EventSink};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{ScheduleCommand, ScheduleError, ScheduleEvent, Slot};
use crate::domain::Interval;

/// The aggregate type in the log.
pub const TYPE: &str = "schedule";

/// A window. Which of its slots are taken is not its business: sessions claim them.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Schedule {
    slots: Vec<Uuid>,
}

impl Schedule {
    /// Ids of its slots, by start.
    pub fn slots(&self) -> &[Uuid] {
        &self.slots
    }

    fn decide(&self, command: ScheduleCommand) -> Result<ScheduleEvent, ScheduleError> {
        let ScheduleCommand::Open {
            trainer_id,
            window,
            mut slots,
            assigned_locations,
            now,
        } = command;
        if !self.slots.is_empty() {
            return Err(ScheduleError::AlreadyOpen);
        }
        slots.sort_by_key(|slot| slot.time.from());
        check(&slots, window, &assigned_locations)?;
        Ok(ScheduleEvent::ScheduleOpened {
            trainer_id,
            window,
            slots,
            opened_at: now,
        })
    }
}

/// The rules for the slots of a window, sorted by start.
fn check(
    slots: &[Slot],
    window: Interval,
    assigned_locations: &BTreeSet<Uuid>,
) -> Result<(), ScheduleError> {
    if slots.is_empty() {
        return Err(ScheduleError::NoSlots);
    }
    for slot in slots {
        if !assigned_locations.contains(&slot.location_id) {
            return Err(ScheduleError::LocationNotAssigned {
                location_id: slot.location_id,
            });
        }
        if !window.contains(&slot.time) {
            return Err(ScheduleError::OutsideWindow {
                starts_at: slot.time.from(),
            });
        }
    }
    // Sorted by start, some two overlap exactly when some two neighbours do.
    match slots
        .windows(2)
        .find(|pair| pair[0].time.overlaps(&pair[1].time))
    {
        Some(pair) => Err(ScheduleError::SlotsOverlap {
            first: pair[0].time.from(),
            second: pair[1].time.from(),
        }),
        None => Ok(()),
    }
}

impl Aggregate for Schedule {
    const TYPE: &'static str = TYPE;
    type Command = ScheduleCommand;
    type Event = ScheduleEvent;
    type Error = ScheduleError;
    type Services = ();

    async fn handle(
        &mut self,
        command: Self::Command,
        _services: &(),
        sink: &EventSink<Self>,
    ) -> Result<(), Self::Error> {
        let event = self.decide(command)?;
        sink.write(event, self).await;
        Ok(())
    }

    fn apply(&mut self, event: Self::Event) {
        match event {
            ScheduleEvent::ScheduleOpened { slots, .. } => {
                self.slots = slots.into_iter().map(|slot| slot.slot_id).collect();
            }
        }
    }
}

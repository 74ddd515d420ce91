use eventsourcing::Decide;
use serde::{Deserialize, Serialize};
use values::{Interval, SlotId};

use super::{ScheduleCommand, ScheduleError, ScheduleEvent, Slot};

/// A window. Which of its slots are taken is not its business: sessions claim them.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Schedule {
    slots: Vec<SlotId>,
}

impl Schedule {
    /// Ids of its slots, by start.
    pub fn slots(&self) -> &[SlotId] {
        &self.slots
    }
}

/// The rules for the times of the slots of a window, sorted by start.
fn check_times(slots: &[Slot], window: Interval) -> Result<(), ScheduleError> {
    if let Some(slot) = slots.iter().find(|slot| !window.contains(&slot.time)) {
        return Err(ScheduleError::OutsideWindow {
            starts_at: slot.time.from(),
        });
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

impl Decide for Schedule {
    const TYPE: &'static str = "schedule";
    type Command = ScheduleCommand;
    type Event = ScheduleEvent;
    type Error = ScheduleError;

    fn decide(&self, command: ScheduleCommand) -> Result<Vec<ScheduleEvent>, ScheduleError> {
        let ScheduleCommand::Open {
            schedule_id,
            trainer_id,
            window,
            locations,
            mut slots,
            assigned_locations,
            now,
        } = command;
        if !self.slots.is_empty() {
            return Err(ScheduleError::AlreadyOpen);
        }
        slots.sort_by_key(|slot| slot.time.from());
        let mut places = locations
            .into_iter()
            .chain(slots.iter().map(|slot| slot.location_id));
        if let Some(location_id) = places.find(|id| !assigned_locations.contains(id)) {
            return Err(ScheduleError::LocationNotAssigned { location_id });
        }
        if slots.is_empty() {
            return Err(ScheduleError::NoSlots);
        }
        // The first to start is the first to be past.
        if let Some(slot) = slots.first().filter(|slot| slot.time.from() < now) {
            return Err(ScheduleError::SlotPast {
                starts_at: slot.time.from(),
            });
        }
        check_times(&slots, window)?;
        Ok(vec![ScheduleEvent::ScheduleOpened {
            schedule_id,
            trainer_id,
            window,
            slots,
            opened_at: now,
        }])
    }

    fn apply(&mut self, event: ScheduleEvent) {
        let ScheduleEvent::ScheduleOpened { slots, .. } = event;
        self.slots = slots.into_iter().map(|slot| slot.slot_id).collect();
    }
}

use std::collections::{BTreeMap, BTreeSet};

use eventsourcing::Decide;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use values::{LocationId, Money};

use super::{TrainerCalendarCommand, TrainerCalendarError, TrainerCalendarEvent};

/// A trainer's locations and group prices.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct TrainerCalendar {
    locations: BTreeSet<LocationId>,
    group_prices: BTreeMap<u32, GroupPrice>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct GroupPrice {
    id: Uuid,
    price: Money,
}

impl TrainerCalendar {
    /// Where the trainer works.
    pub fn locations(&self) -> &BTreeSet<LocationId> {
        &self.locations
    }

    /// What a session costs for exactly so many distinct children.
    pub fn group_price(&self, participants: u32) -> Option<&Money> {
        self.group_prices.get(&participants).map(|it| &it.price)
    }
}

impl Decide for TrainerCalendar {
    const TYPE: &'static str = "trainer_calendar";
    type Command = TrainerCalendarCommand;
    type Event = TrainerCalendarEvent;
    type Error = TrainerCalendarError;

    fn decide(
        &self,
        command: TrainerCalendarCommand,
    ) -> Result<Vec<TrainerCalendarEvent>, TrainerCalendarError> {
        match command {
            TrainerCalendarCommand::AssignLocation { location_id, .. }
                if self.locations.contains(&location_id) =>
            {
                Ok(vec![])
            }
            TrainerCalendarCommand::AssignLocation {
                trainer_id,
                location_id,
                now,
            } => Ok(vec![TrainerCalendarEvent::TrainerLocationAssigned {
                trainer_id,
                location_id,
                assigned_at: now,
            }]),
            TrainerCalendarCommand::SetGroupPrice { participants, .. } if participants < 2 => {
                Err(TrainerCalendarError::NotAGroup)
            }
            TrainerCalendarCommand::SetGroupPrice {
                trainer_id,
                group_price_id,
                participants,
                price,
                trainer_currency,
                now,
            } => {
                if price.currency_code() != trainer_currency {
                    return Err(TrainerCalendarError::OtherCurrency { trainer_currency });
                }
                let row = self.group_prices.get(&participants);
                if row.is_some_and(|row| row.price == price) {
                    return Ok(vec![]);
                }
                Ok(vec![TrainerCalendarEvent::GroupPriceSet {
                    trainer_id,
                    group_price_id: row.map_or(group_price_id, |row| row.id),
                    participants,
                    price,
                    set_at: now,
                }])
            }
        }
    }

    fn apply(&mut self, event: TrainerCalendarEvent) {
        match event {
            TrainerCalendarEvent::TrainerLocationAssigned { location_id, .. } => {
                self.locations.insert(location_id);
            }
            TrainerCalendarEvent::GroupPriceSet {
                group_price_id,
                participants,
                price,
                ..
            } => {
                let id = group_price_id;
                self.group_prices
                    .insert(participants, GroupPrice { id, price });
            }
        }
    }
}

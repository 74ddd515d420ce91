use std::collections::{BTreeMap, BTreeSet};

use eventsourcing::{Aggregate, EventSink};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{TrainerCalendarCommand, TrainerCalendarError, TrainerCalendarEvent};
use crate::domain::Money;

/// The aggregate type in the log.
pub const TYPE: &str = "trainer_calendar";

/// A trainer's locations and group prices.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct TrainerCalendar {
    locations: BTreeSet<Uuid>,
    group_prices: BTreeMap<u32, GroupPrice>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct GroupPrice {
    id: Uuid,
    price: Money,
}

impl TrainerCalendar {
    /// Where the trainer works.
    pub fn locations(&self) -> &BTreeSet<Uuid> {
        &self.locations
    }

    /// What a session costs for exactly so many distinct children.
    pub fn group_price(&self, participants: u32) -> Option<&Money> {
        self.group_prices.get(&participants).map(|it| &it.price)
    }

    fn decide(
        &self,
        command: TrainerCalendarCommand,
    ) -> Result<Option<TrainerCalendarEvent>, TrainerCalendarError> {
        match command {
            TrainerCalendarCommand::AssignLocation { location_id, now } => {
                let is_new = !self.locations.contains(&location_id);
                Ok(
                    is_new.then_some(TrainerCalendarEvent::TrainerLocationAssigned {
                        location_id,
                        assigned_at: now,
                    }),
                )
            }
            TrainerCalendarCommand::SetGroupPrice { participants, .. } if participants < 2 => {
                Err(TrainerCalendarError::NotAGroup)
            }
            TrainerCalendarCommand::SetGroupPrice {
                group_price_id,
                participants,
                price,
                now,
            } => {
                let row = self.group_prices.get(&participants);
                let is_new = row.is_none_or(|row| row.price != price);
                Ok(is_new.then_some(TrainerCalendarEvent::GroupPriceSet {
                    group_price_id: row.map_or(group_price_id, |row| row.id),
                    participants,
                    price,
                    set_at: now,
                }))
            }
        }
    }
}

impl Aggregate for TrainerCalendar {
    const TYPE: &'static str = TYPE;
    type Command = TrainerCalendarCommand;
    type Event = TrainerCalendarEvent;
    type Error = TrainerCalendarError;
    type Services = ();

    async fn handle(
        &mut self,
        command: Self::Command,
        _services: &(),
        sink: &EventSink<Self>,
    ) -> Result<(), Self::Error> {
        if let Some(event) = self.decide(command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: Self::Event) {
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

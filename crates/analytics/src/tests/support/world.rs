//! Analytics between the four services that it listens to.

use std::ops::Deref;

use contracts::common::v1::LogPosition;
use values::Zone;

use super::PublicEvent;
use super::season::Season;
use crate::AnalyticsSettings;

/// The services whose events make the statistics.
const SOURCES: [&str; 4] = ["identity", "scheduling", "ticketing", "payments"];

pub struct World(testing::World);

impl Deref for World {
    type Target = testing::World;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl World {
    /// The service does not run yet.
    pub async fn prepare() -> Self {
        let setup = testing::World::of(crate::definition).with(SOURCES);
        Self(setup.prepare().await)
    }

    /// The service runs with a business zone.
    pub async fn start(business_zone: Zone) -> Self {
        let mut world = Self::prepare().await;
        world.restart(business_zone).await;
        world
    }

    /// Ends the service if it runs, and starts it with a business zone.
    pub async fn restart(&mut self, business_zone: Zone) {
        let own = AnalyticsSettings {
            business_zone,
            ..AnalyticsSettings::default()
        };
        self.0.restart_with(|settings| settings.set(own)).await;
    }

    pub async fn stop(mut self) {
        self.0.stop().await;
    }

    /// The four services publish a season.
    pub fn publish(&self, season: &Season) {
        for delivered in season.events() {
            let log = self.stand_in(delivered.source);
            match delivered.event.clone() {
                PublicEvent::Identity(event) => log.publishes_as(delivered, event),
                PublicEvent::Scheduling(event) => log.publishes_as(delivered, event),
                PublicEvent::Ticketing(event) => log.publishes_as(delivered, event),
                PublicEvent::Payments(event) => log.publishes_as(delivered, event),
            }
        }
    }

    /// The ends of the four logs.
    pub fn positions(&self) -> Vec<LogPosition> {
        SOURCES
            .map(|source| self.stand_in(source).position())
            .into()
    }
}

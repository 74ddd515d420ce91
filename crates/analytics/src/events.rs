//! The public events of the four services, all of which count.

use std::sync::Arc;

use contracts::identity::events::v1::identity_event::Event as Identity;
use contracts::payments::events::v1::payments_event::Event as Payments;
use contracts::scheduling::events::v1::scheduling_event::Event as Scheduling;
use contracts::ticketing::events::v1::ticketing_event::Event as Ticketing;
use eventsourcing::Feed;
use service::Runtime;

/// A public event of one of the four services.
#[derive(Clone, Debug, PartialEq)]
pub enum PublicEvent {
    Identity(Identity),
    Scheduling(Scheduling),
    Ticketing(Ticketing),
    Payments(Payments),
}

/// The logs of the four services.
pub fn feeds(runtime: &Runtime) -> Vec<Arc<dyn Feed<PublicEvent>>> {
    vec![
        runtime.events_of(|_, event| Ok(Some(PublicEvent::Identity(event)))),
        runtime.events_of(|_, event| Ok(Some(PublicEvent::Scheduling(event)))),
        runtime.events_of(|_, event| Ok(Some(PublicEvent::Ticketing(event)))),
        runtime.events_of(|_, event| Ok(Some(PublicEvent::Payments(event)))),
    ]
}

//! Ticketing between identity, scheduling and payments, and words to say what happens there.

use std::{ops::Deref, time::Duration};

use contracts::{
    google::r#type::Date,
    identity::events::v1::{ChildAdded, identity_event},
    payments::events::v1::{PayableKind, PaymentSucceeded, payments_event},
    scheduling::events::v1::{LocationCreated, scheduling_event},
    ticketing::v1::{
        CreateEventRequest, CreateEventResponse, Event, EventType, ExpireTicketHoldRequest,
        ExpireTicketHoldResponse, GetEventRequest, HoldTicketsRequest, HoldTicketsResponse,
        ListTicketsRequest, NewTier, PublishEventRequest, PublishEventResponse,
        SettleTicketHoldRequest, SettleTicketHoldResponse, Ticket, TicketLine,
    },
};
use testing::{Caller, request_id, usd};
use ticketing::TicketingSettings;
use tonic::Status;
use uuid::Uuid;

pub struct World(testing::World);

impl Deref for World {
    type Target = testing::World;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl World {
    /// With holds as long as that.
    pub async fn start(hold: Duration) -> Self {
        let setup = testing::World::of(ticketing::definition)
            .with(["identity", "scheduling", "payments"])
            .adjusted(|settings| settings.set(TicketingSettings { hold }));
        Self(setup.start().await)
    }

    pub async fn stop(mut self) {
        self.0.stop().await;
    }

    /// Something happens to a child.
    pub fn identity_says(&self, child: Uuid, event: identity_event::Event) {
        self.stand_in("identity").publishes(child, event);
    }

    /// A guardian adds a child.
    pub fn add_child(&self, guardian: Caller) -> Uuid {
        let child = Uuid::now_v7();
        let added = ChildAdded {
            child_id: child.to_string(),
            guardian_id: guardian.id().to_string(),
            added_at: None,
        };
        self.identity_says(child, identity_event::Event::ChildAdded(added));
        child
    }

    /// An admin adds a location.
    pub fn add_location(&self, time_zone: &str) -> Uuid {
        let location = Uuid::now_v7();
        let created = scheduling_event::Event::LocationCreated(LocationCreated {
            location_id: location.to_string(),
            name: "Field 3".to_owned(),
            time_zone: time_zone.to_owned(),
        });
        self.stand_in("scheduling").publishes(location, created);
        location
    }

    /// A hold is paid.
    pub fn pay(&self, hold_id: &str) -> Uuid {
        let payment = Uuid::now_v7();
        let succeeded = payments_event::Event::PaymentSucceeded(PaymentSucceeded {
            payment_id: payment.to_string(),
            payable_kind: PayableKind::TicketHold.into(),
            payable_id: hold_id.to_owned(),
            amount: Some(usd(4_999)),
            succeeded_at: None,
        });
        self.stand_in("payments").publishes(payment, succeeded);
        payment
    }

    /// Puts an event on sale.
    pub async fn publish(&self, event_id: &str) -> Result<PublishEventResponse, Status> {
        let publish = PublishEventRequest {
            request_id: request_id(),
            event_id: event_id.to_owned(),
        };
        self.call(Caller::Admin, publish).await
    }

    /// An event on sale at a new location in New York.
    pub async fn on_sale(&self, max_participants: i32, tiers: Vec<NewTier>) -> CreateEventResponse {
        let request = CreateEventRequest {
            max_participants,
            tiers,
            ..camp(self.add_location("America/New_York"))
        };
        let created = self.call(Caller::Admin, request).await.unwrap();
        self.publish(&created.event_id).await.unwrap();
        created
    }

    /// A parent takes tickets of some tiers for children.
    pub async fn hold(
        &self,
        parent: Caller,
        event_id: &str,
        lines: &[(&str, Uuid)],
    ) -> Result<HoldTicketsResponse, Status> {
        self.call(parent, hold_request(event_id, lines)).await
    }

    /// A service lets go of a hold.
    pub async fn expire(&self, hold_id: &str, event_id: &str) -> ExpireTicketHoldResponse {
        let request = ExpireTicketHoldRequest {
            request_id: request_id(),
            hold_id: hold_id.to_owned(),
            event_id: event_id.to_owned(),
        };
        self.call(Caller::Service, request).await.unwrap()
    }

    /// A service brings a payment to a hold.
    pub async fn settle(
        &self,
        hold_id: &str,
        payment: Uuid,
    ) -> Result<SettleTicketHoldResponse, Status> {
        let request = SettleTicketHoldRequest {
            request_id: request_id(),
            hold_id: hold_id.to_owned(),
            payment_id: payment.to_string(),
        };
        self.call(Caller::Service, request).await
    }

    /// The event as an admin sees it once a position is folded.
    pub async fn event(&self, event_id: &str, position: i64) -> Event {
        let request = GetEventRequest {
            event_id: event_id.to_owned(),
            min_position: Some(self.position(position)),
        };
        let answer = self.call(Caller::Admin, request).await;
        answer.unwrap().event.unwrap()
    }

    /// A caller's tickets once a position is folded.
    pub async fn tickets_of(&self, caller: Caller, position: i64) -> Vec<Ticket> {
        let request = ListTicketsRequest {
            min_position: Some(self.position(position)),
            ..ListTicketsRequest::default()
        };
        self.call(caller, request).await.unwrap().tickets
    }

    /// Names of the public events in ticketing's log, in order.
    pub async fn public_events(&self) -> Vec<String> {
        let published = self.published().await.into_iter();
        published.map(|envelope| envelope.event_type).collect()
    }
}

pub fn tier(name: &str, cents: i64, capacity: i32) -> NewTier {
    NewTier {
        r#type: name.to_owned(),
        price: Some(usd(cents)),
        capacity,
    }
}

/// A good request: a camp of two days, far ahead.
pub fn camp(location: Uuid) -> CreateEventRequest {
    let date = |day| Date {
        year: 2099,
        month: 7,
        day,
    };
    CreateEventRequest {
        request_id: request_id(),
        title: "Summer camp".to_owned(),
        description: "Two days of passing and shooting.".to_owned(),
        event_type: EventType::Camp.into(),
        location_id: location.to_string(),
        start_date: Some(date(10)),
        end_date: Some(date(11)),
        start_time: "09:00".to_owned(),
        end_time: "15:30".to_owned(),
        max_participants: 20,
        min_age: Some(8),
        max_age: Some(14),
        skill_levels: vec![1, 2],
        trainer_ids: vec![Uuid::from_u128(300).to_string()],
        tiers: vec![tier("Early Bird", 4_999, 10)],
    }
}

pub fn hold_request(event_id: &str, lines: &[(&str, Uuid)]) -> HoldTicketsRequest {
    let lines = lines.iter().map(|(tier_id, child)| TicketLine {
        tier_id: (*tier_id).to_owned(),
        child_id: child.to_string(),
    });
    HoldTicketsRequest {
        request_id: request_id(),
        event_id: event_id.to_owned(),
        lines: lines.collect(),
    }
}

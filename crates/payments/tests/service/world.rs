//! Payments between scheduling and ticketing, and words to say what happens there.

use std::{ops::Deref, time::Duration};

use chrono::{TimeDelta, Utc};
use contracts::{
    payments::{
        events::v1::PayableKind,
        v1::{CreatePaymentRequest, CreatePaymentResponse, GetPaymentRequest, Payment},
    },
    scheduling::events::v1::{
        CanceledBy, SessionCanceled, SessionHeld, SessionHoldExpired, SessionPaid,
        SessionPaymentRejected, scheduling_event::Event as SchedulingEvent,
    },
    ticketing::events::v1::{
        HeldTicket, TicketPaymentRejected, TicketsHeld, ticketing_event::Event as TicketingEvent,
    },
    wire::timestamp,
};
use payments::PaymentsSettings;
use testing::{Caller, request_id, usd};
use tonic::Status;
use uuid::Uuid;

/// How long a session is held.
pub const HOLD: TimeDelta = TimeDelta::minutes(15);

pub struct World(testing::World);

impl Deref for World {
    type Target = testing::World;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl World {
    /// With a provider whose silence is soon noticed.
    pub async fn start() -> Self {
        let provider_deadline = Duration::from_millis(200);
        let setup = testing::World::of(payments::definition)
            .with(["scheduling", "ticketing"])
            .adjusted(|settings| settings.set(PaymentsSettings { provider_deadline }));
        Self(setup.start().await)
    }

    /// Ends the service and starts it anew, on the same database.
    pub async fn restart(&mut self) {
        self.0.restart().await;
    }

    pub async fn stop(mut self) {
        self.0.stop().await;
    }

    fn scheduling_says(&self, session: Uuid, event: SchedulingEvent) -> Uuid {
        self.stand_in("scheduling").publishes(session, event)
    }

    /// A parent holds a session of a trainer for so long; its id.
    pub fn holds_session(&self, parent: Caller, trainer: Uuid, lasting: TimeDelta) -> Uuid {
        let session = Uuid::now_v7();
        let now = Utc::now();
        let held = SessionHeld {
            session_id: session.to_string(),
            slot_id: Uuid::now_v7().to_string(),
            trainer_id: trainer.to_string(),
            parent_id: parent.id().to_string(),
            child_ids: vec![Uuid::now_v7().to_string()],
            location_id: Uuid::now_v7().to_string(),
            starts_at: Some(timestamp(now + TimeDelta::days(2))),
            ends_at: Some(timestamp(now + TimeDelta::days(2) + TimeDelta::hours(1))),
            price: Some(usd(7_500)),
            hold_expires_at: Some(timestamp(now + lasting)),
            held_at: Some(timestamp(now)),
        };
        self.scheduling_says(session, SchedulingEvent::SessionHeld(held));
        session
    }

    pub fn pays_session(&self, session: Uuid, payment: Uuid) {
        let paid = SessionPaid {
            session_id: session.to_string(),
            payment_id: payment.to_string(),
            paid_at: Some(timestamp(Utc::now())),
            ..Default::default()
        };
        self.scheduling_says(session, SchedulingEvent::SessionPaid(paid));
    }

    pub fn expires_session(&self, session: Uuid) {
        let expired = SessionHoldExpired {
            session_id: session.to_string(),
            expired_at: Some(timestamp(Utc::now())),
            ..Default::default()
        };
        self.scheduling_says(session, SchedulingEvent::SessionHoldExpired(expired));
    }

    pub fn cancels_session(&self, session: Uuid, refund: Option<Uuid>) -> Uuid {
        let canceled = SessionCanceled {
            session_id: session.to_string(),
            canceled_by: CanceledBy::Trainer.into(),
            late: false,
            refund_payment_id: refund.map_or_else(String::new, |payment| payment.to_string()),
            canceled_at: Some(timestamp(Utc::now())),
            ..Default::default()
        };
        self.scheduling_says(session, SchedulingEvent::SessionCanceled(canceled))
    }

    pub fn rejects_session_payment(&self, session: Uuid, payment: Uuid) -> Uuid {
        let rejected = SessionPaymentRejected {
            session_id: session.to_string(),
            payment_id: payment.to_string(),
            rejected_at: Some(timestamp(Utc::now())),
        };
        self.scheduling_says(session, SchedulingEvent::SessionPaymentRejected(rejected))
    }

    /// A parent holds one ticket of an event; the hold's id.
    pub fn holds_ticket(&self, parent: Caller, event: Uuid) -> Uuid {
        let hold = Uuid::now_v7();
        let now = Utc::now();
        let ticket = HeldTicket {
            ticket_id: Uuid::now_v7().to_string(),
            tier_id: Uuid::now_v7().to_string(),
            child_id: Uuid::now_v7().to_string(),
            price: Some(usd(12_000)),
        };
        let event = TicketingEvent::TicketsHeld(TicketsHeld {
            hold_id: hold.to_string(),
            event_id: event.to_string(),
            parent_id: parent.id().to_string(),
            tickets: vec![ticket],
            total: Some(usd(12_000)),
            hold_expires_at: Some(timestamp(now + HOLD)),
            held_at: Some(timestamp(now)),
        });
        self.stand_in("ticketing").publishes(hold, event);
        hold
    }

    pub fn rejects_ticket_payment(&self, hold: Uuid, event: Uuid, payment: Uuid) -> Uuid {
        let rejected = TicketingEvent::TicketPaymentRejected(TicketPaymentRejected {
            hold_id: hold.to_string(),
            event_id: event.to_string(),
            payment_id: payment.to_string(),
            rejected_at: Some(timestamp(Utc::now())),
        });
        self.stand_in("ticketing").publishes(hold, rejected)
    }

    /// A parent opens a payment for a session.
    pub async fn pay_session(
        &self,
        parent: Caller,
        session: Uuid,
        payment_method: &str,
    ) -> Result<CreatePaymentResponse, Status> {
        let request = create(PayableKind::Session, session, payment_method);
        self.call(parent, request).await
    }

    /// A parent opens a payment for a hold of tickets.
    pub async fn pay_tickets(
        &self,
        parent: Caller,
        hold: Uuid,
        payment_method: &str,
    ) -> Result<CreatePaymentResponse, Status> {
        let request = create(PayableKind::TicketHold, hold, payment_method);
        self.call(parent, request).await
    }

    /// A payment as its parent sees it, at a position or later.
    pub async fn payment(&self, parent: Caller, payment: Uuid, position: i64) -> Payment {
        let request = GetPaymentRequest {
            payment_id: payment.to_string(),
            min_position: Some(self.position(position)),
        };
        let answer = self.call(parent, request).await;
        answer.unwrap().payment.unwrap()
    }

    /// How many public events of this name there are.
    pub async fn count(&self, event_type: &str) -> usize {
        let published = self.published().await.into_iter();
        published.filter(|it| it.event_type == event_type).count()
    }

    pub async fn succeeded(&self, payment: Uuid) -> i64 {
        self.happened(payment, "PaymentSucceeded").await.position
    }

    pub async fn failed(&self, payment: Uuid) -> i64 {
        self.happened(payment, "PaymentFailed").await.position
    }

    pub async fn unknown(&self, payment: Uuid) -> i64 {
        let unknown = self.happened(payment, "PaymentOutcomeUnknown").await;
        unknown.position
    }

    pub async fn refunded(&self, payment: Uuid) -> i64 {
        self.happened(payment, "RefundSucceeded").await.position
    }
}

pub fn create(kind: PayableKind, id: Uuid, payment_method: &str) -> CreatePaymentRequest {
    CreatePaymentRequest {
        request_id: request_id(),
        payable_kind: kind.into(),
        payable_id: id.to_string(),
        payment_method: payment_method.to_owned(),
    }
}

pub fn id(payment: &CreatePaymentResponse) -> Uuid {
    payment.payment_id.parse().unwrap()
}

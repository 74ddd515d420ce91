//! Scheduling between identity and payments, and words to say what happens there.

use std::ops::Deref;
use std::time::Duration;

use chrono::{Days, NaiveDate, NaiveTime, Utc};
use contracts::common::v1::LogPosition;
use contracts::identity::events::v1::identity_event::Event as IdentityEvent;
use contracts::identity::events::v1::{ChildAdded, TrainerCreated};
use contracts::payments::events::v1::payments_event::Event as PaymentsEvent;
use contracts::payments::events::v1::{PayableKind, PaymentSucceeded};
use contracts::scheduling::v1 as pb;
use contracts::scheduling::v1::slot_rule::Rule;
use contracts::wire::{self, timestamp};
use prost_types::Timestamp;
use scheduling::SchedulingSettings;
use testing::{Caller, eur, request_id};
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
    /// With holds of 15 minutes.
    pub async fn start() -> Self {
        Self::with_holds_of(Duration::from_mins(15)).await
    }

    /// With holds as long as that. It works without a broker.
    pub async fn with_holds_of(hold: Duration) -> Self {
        let setup = testing::World::of(scheduling::definition)
            .with(["identity", "payments"])
            .without_broker()
            .adjusted(|settings| {
                settings.set(SchedulingSettings {
                    hold,
                    ..SchedulingSettings::default()
                });
            });
        Self(setup.start().await)
    }

    /// Something happens to a user or a child.
    pub fn identity_says(&self, id: Uuid, event: IdentityEvent) {
        self.stand_in("identity").publishes(id, event);
    }

    /// Scheduling has all that identity has said: it catches up before it says that somebody is
    /// unknown.
    pub async fn heard(&self) {
        let stranger = pb::AssignTrainerLocationRequest {
            request_id: request_id(),
            trainer_id: Uuid::now_v7().to_string(),
            location_id: Uuid::now_v7().to_string(),
        };
        let refused = self.call(Caller::Admin, stranger);
        refused.await.unwrap_err();
    }

    /// A guardian adds a child.
    pub fn child_of(&self, guardian: Caller) -> Uuid {
        let child_id = Uuid::now_v7();
        let added = ChildAdded {
            child_id: child_id.to_string(),
            guardian_id: guardian.id().to_string(),
            added_at: Some(timestamp(Utc::now())),
        };
        self.identity_says(child_id, IdentityEvent::ChildAdded(added));
        child_id
    }

    /// A parent with so many children.
    pub fn family(&self, children: usize) -> (Caller, Vec<Uuid>) {
        let parent = Caller::parent();
        let children = (0..children).map(|_| self.child_of(parent));
        (parent, children.collect())
    }

    /// A trainer, known to identity, at 80.00 an hour.
    pub fn trainer(&self) -> Caller {
        let trainer = Caller::trainer();
        let created = TrainerCreated {
            trainer_id: trainer.id().to_string(),
            price_per_hour: Some(eur(8_000)),
            session_duration_minutes: 60,
            external: false,
            created_at: Some(timestamp(Utc::now())),
        };
        self.identity_says(trainer.id(), IdentityEvent::TrainerCreated(created));
        trainer
    }

    /// The provider took the money for a session.
    pub fn pay(&self, session_id: &str) -> Uuid {
        let payment_id = Uuid::now_v7();
        let succeeded = PaymentSucceeded {
            payment_id: payment_id.to_string(),
            payable_kind: PayableKind::Session.into(),
            payable_id: session_id.to_owned(),
            amount: None,
            succeeded_at: Some(timestamp(Utc::now())),
        };
        let event = PaymentsEvent::PaymentSucceeded(succeeded);
        self.stand_in("payments").publishes(payment_id, event);
        payment_id
    }

    /// A location in a zone.
    pub async fn location(&self, time_zone: &str) -> String {
        let create = pb::CreateLocationRequest {
            request_id: request_id(),
            name: format!("Court {}", Uuid::now_v7()),
            time_zone: time_zone.to_owned(),
        };
        let created = self.call(Caller::Admin, create).await;
        created.unwrap().location_id
    }

    /// A trainer who works at a new location.
    pub async fn trainer_at_work(&self, time_zone: &str) -> (Caller, String) {
        let (trainer, location_id) = (self.trainer(), self.location(time_zone).await);
        let assign = pb::AssignTrainerLocationRequest {
            request_id: request_id(),
            trainer_id: trainer.id().to_string(),
            location_id: location_id.clone(),
        };
        self.call(trainer, assign).await.unwrap();
        (trainer, location_id)
    }

    /// A trainer with slots of an hour on one day, 30 days from now, at these full hours UTC.
    pub async fn slots(&self, hours: &[u32]) -> (Caller, Vec<String>) {
        let (trainer, location_id) = self.trainer_at_work("UTC").await;
        let slots = hours.iter().map(|hour| {
            let (start, end) = (format!("{hour:02}:00"), format!("{:02}:00", hour + 1));
            single(&location_id, day(), &start, &end)
        });
        let open = open_schedule(trainer, day(), 1, slots.collect());
        let opened = self.call(trainer, open).await;
        (trainer, opened.unwrap().slot_ids)
    }

    pub async fn book(
        &self,
        parent: Caller,
        slot_id: &str,
        child_ids: &[Uuid],
    ) -> Result<pb::BookSessionResponse, Status> {
        self.call(parent, book(slot_id, child_ids)).await
    }

    pub async fn cancel(
        &self,
        caller: Caller,
        session_id: &str,
    ) -> Result<pb::CancelSessionResponse, Status> {
        let cancel = pb::CancelSessionRequest {
            request_id: request_id(),
            session_id: session_id.to_owned(),
        };
        self.call(caller, cancel).await
    }

    /// Brings a payment to a session.
    pub async fn settle(&self, session_id: &str, payment_id: Uuid) -> pb::SettleSessionResponse {
        let settle = pb::SettleSessionRequest {
            request_id: request_id(),
            session_id: session_id.to_owned(),
            payment_id: payment_id.to_string(),
        };
        self.call(Caller::Service, settle).await.unwrap()
    }

    /// The session as somebody sees it, from a position on.
    pub async fn session(
        &self,
        viewer: Caller,
        session_id: &str,
        min_position: Option<LogPosition>,
    ) -> Result<pb::Session, Status> {
        let get = pb::GetSessionRequest {
            session_id: session_id.to_owned(),
            min_position,
        };
        let got = self.call(viewer, get).await?;
        Ok(got.session.unwrap())
    }
}

/// The day of all slots that do not care for the day.
pub fn day() -> NaiveDate {
    Utc::now().date_naive() + Days::new(30)
}

/// A booking of a slot.
pub fn book(slot_id: &str, child_ids: &[Uuid]) -> pb::BookSessionRequest {
    pb::BookSessionRequest {
        request_id: request_id(),
        slot_id: slot_id.to_owned(),
        child_ids: child_ids.iter().map(ToString::to_string).collect(),
    }
}

/// A window of whole days UTC with slots.
pub fn open_schedule(
    trainer: Caller,
    from: NaiveDate,
    days: u64,
    slots: Vec<pb::SlotRule>,
) -> pb::OpenScheduleRequest {
    pb::OpenScheduleRequest {
        request_id: request_id(),
        trainer_id: trainer.id().to_string(),
        starts_at: Some(midnight(from)),
        ends_at: Some(midnight(from + Days::new(days))),
        slots,
    }
}

pub fn single(location_id: &str, date: NaiveDate, start: &str, end: &str) -> pb::SlotRule {
    pb::SlotRule {
        location_id: location_id.to_owned(),
        rule: Some(Rule::Single(pb::SingleSlot {
            date: Some(wire::date(date)),
            times: Some(times(start, end)),
        })),
    }
}

/// Local times without offsets.
pub fn times(start: &str, end: &str) -> pb::LocalTimes {
    pb::LocalTimes {
        start: start.to_owned(),
        end: end.to_owned(),
        start_utc_offset_minutes: None,
        end_utc_offset_minutes: None,
    }
}

fn midnight(date: NaiveDate) -> Timestamp {
    timestamp(date.and_time(NaiveTime::MIN).and_utc())
}

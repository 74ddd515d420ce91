//! A directory of trainers, and what scheduling tells of where and when they work.

use chrono::{DateTime, TimeDelta, Utc};
use contracts::{
    common::v1::{LogPosition, Money, Role},
    identity::v1::{
        CreateTrainerRequest, DeactivateUserRequest, ListTrainersRequest, ListTrainersResponse,
        PriceRange, ReactivateUserRequest, TrainerOrder,
    },
    scheduling::events::v1::{
        OpenedSlot, ScheduleOpened, SessionHeld, SessionHoldExpired, TrainerLocationAssigned,
        scheduling_event::Event,
    },
    wire::timestamp,
};
use testing::Caller;
use tonic::Status;
use uuid::Uuid;

use crate::world::{Account, World, id, profile};

/// Identity with a directory of trainers.
pub struct Directory {
    pub world: World,
    pub position: Option<LogPosition>,
}

/// A session of an hour on a slot.
#[derive(Clone, Debug)]
pub struct Session {
    pub id: Uuid,
    pub slot_id: Uuid,
    pub starts_at: DateTime<Utc>,
}

impl Directory {
    pub async fn open() -> Self {
        Self {
            world: World::start().await,
            position: None,
        }
    }

    /// A trainer of this first name, at so many dollars an hour.
    pub async fn hire(&mut self, first_name: &str, dollars: i64) -> Account {
        self.hire_as(CreateTrainerRequest {
            first_name: first_name.to_owned(),
            price_per_hour: Some(money("USD", dollars * 100)),
            ..profile("Quinn")
        })
        .await
    }

    pub async fn hire_as(&mut self, request: CreateTrainerRequest) -> Account {
        let email = format!("{}@example.com", id());
        let trainer = self.world.account(Role::Trainer, &email).await;
        let created = self.world.call(&trainer, request).await.unwrap();
        self.position = created.position;
        trainer
    }

    /// An administrator closes an account.
    pub async fn close(&mut self, admin: &Account, account: &Account) {
        let request = DeactivateUserRequest {
            request_id: id(),
            user_id: account.user_id.clone(),
        };
        self.position = self.world.call(admin, request).await.unwrap().position;
    }

    /// An administrator opens an account again.
    pub async fn reopen(&mut self, admin: &Account, account: &Account) {
        let request = ReactivateUserRequest {
            request_id: id(),
            user_id: account.user_id.clone(),
        };
        self.position = self.world.call(admin, request).await.unwrap().position;
    }

    /// Scheduling says something, and identity has heard it.
    async fn told(&self, aggregate_id: Uuid, event: Event) {
        self.world.scheduling_says(aggregate_id, event);
        self.hears_scheduling().await;
    }

    /// Identity has heard what scheduling has said.
    pub async fn hears_scheduling(&self) {
        let request = ListTrainersRequest {
            min_position: Some(self.world.stand_in("scheduling").position()),
            ..ListTrainersRequest::default()
        };
        self.world.call(Caller::Nobody, request).await.unwrap();
    }

    /// A slot of an hour is opened.
    pub async fn slot(
        &self,
        trainer: &Account,
        location_id: Uuid,
        starts_at: DateTime<Utc>,
    ) -> Uuid {
        let (schedule_id, slot_id) = (Uuid::now_v7(), Uuid::now_v7());
        let opened = ScheduleOpened {
            schedule_id: schedule_id.to_string(),
            trainer_id: trainer.user_id.clone(),
            slots: vec![OpenedSlot {
                slot_id: slot_id.to_string(),
                location_id: location_id.to_string(),
                starts_at: Some(timestamp(starts_at)),
                ends_at: Some(timestamp(starts_at + TimeDelta::hours(1))),
            }],
            ..ScheduleOpened::default()
        };
        self.told(schedule_id, Event::ScheduleOpened(opened)).await;
        slot_id
    }

    pub fn works(&self, trainer: &Account, location_id: Uuid) {
        let trainer_id = trainer.user_id.parse().unwrap();
        let assigned = TrainerLocationAssigned {
            trainer_id: trainer.user_id.clone(),
            location_id: location_id.to_string(),
        };
        let event = Event::TrainerLocationAssigned(assigned);
        self.world.scheduling_says(trainer_id, event);
    }

    /// A session takes its slot.
    pub async fn taken(&self, session: &Session) {
        let held = SessionHeld {
            session_id: session.id.to_string(),
            slot_id: session.slot_id.to_string(),
            trainer_id: Uuid::from_u128(79).to_string(),
            parent_id: Uuid::from_u128(77).to_string(),
            child_ids: vec![Uuid::from_u128(78).to_string()],
            starts_at: Some(timestamp(session.starts_at)),
            ends_at: Some(timestamp(session.starts_at + TimeDelta::hours(1))),
            ..SessionHeld::default()
        };
        self.told(session.id, Event::SessionHeld(held)).await;
    }

    /// A session gives its slot back, if it has it.
    pub async fn freed(&self, session: &Session) {
        let expired = SessionHoldExpired {
            session_id: session.id.to_string(),
            slot_id: session.slot_id.to_string(),
            ..SessionHoldExpired::default()
        };
        self.told(session.id, Event::SessionHoldExpired(expired))
            .await;
    }

    pub async fn page(&self, request: ListTrainersRequest) -> Result<ListTrainersResponse, Status> {
        let request = ListTrainersRequest {
            min_position: self.position.clone(),
            ..request
        };
        self.world.call(Caller::Nobody, request).await
    }

    /// First names of all that fit.
    pub async fn found(&self, request: ListTrainersRequest) -> Vec<String> {
        names(&self.page(request).await.unwrap())
    }

    pub async fn with_words(&self, text: &str) -> Vec<String> {
        self.found(ListTrainersRequest {
            text: text.to_owned(),
            ..ListTrainersRequest::default()
        })
        .await
    }

    /// First names of all pages of one row.
    pub async fn one_by_one(&self, request: &ListTrainersRequest) -> Vec<String> {
        let mut found = Vec::new();
        let mut page_token = String::new();
        loop {
            let request = ListTrainersRequest {
                page_size: 1,
                page_token,
                ..request.clone()
            };
            let page = self.page(request).await.unwrap();
            found.extend(names(&page));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return found;
            }
        }
    }
}

pub fn names(page: &ListTrainersResponse) -> Vec<String> {
    let names = page.trainers.iter();
    names.map(|trainer| trainer.first_name.clone()).collect()
}

pub fn money(currency_code: &str, minor_units: i64) -> Money {
    Money {
        currency_code: currency_code.to_owned(),
        minor_units,
    }
}

pub fn ordered(order: TrainerOrder) -> ListTrainersRequest {
    ListTrainersRequest {
        order: order.into(),
        ..ListTrainersRequest::default()
    }
}

pub fn priced(currency: &str, least: Option<i64>, most: Option<i64>) -> ListTrainersRequest {
    ListTrainersRequest {
        price_per_hour: Some(PriceRange {
            currency_code: currency.to_owned(),
            min_minor_units: least,
            max_minor_units: most,
        }),
        ..ListTrainersRequest::default()
    }
}

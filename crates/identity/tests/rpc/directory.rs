//! A directory of trainers for tests, and scheduling as far as the directory knows it.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use contracts::{
    common::v1::{LogPosition, Money, Role},
    identity::v1::{
        CreateTrainerRequest, ListTrainersRequest, ListTrainersResponse, PriceRange, TrainerOrder,
    },
};
use eventsourcing::{Batch, Context, Delivered, Feed, FeedError, Projector, Repository};
use futures::{FutureExt, future::BoxFuture};
use identity::internals::{
    Availability, AvailabilityEvent, TrainerLocationRow, TrainerSlotRow, User, UserCommand,
};
use tonic::Status;
use uuid::Uuid;
use values::TrainerId;

use crate::harness::{Account, Bearer, Harness, id, profile};

/// Scheduling's log, as far as it says where and when trainers can be booked.
#[derive(Default)]
pub struct Scheduling(Mutex<Vec<AvailabilityEvent>>);

impl Feed<AvailabilityEvent> for Scheduling {
    fn source(&self) -> &'static str {
        "scheduling"
    }

    fn read(
        &self,
        after: i64,
        limit: usize,
    ) -> BoxFuture<'_, Result<Batch<AvailabilityEvent>, FeedError>> {
        let events = self.0.lock().unwrap();
        let after = usize::try_from(after).unwrap();
        let events: Vec<_> = (1..).zip(events.iter()).skip(after).take(limit).collect();
        let events: Vec<_> = events
            .into_iter()
            .map(|(position, event)| Delivered {
                source: "scheduling",
                position,
                aggregate_id: position.to_string(),
                ..::testing::delivered(event.clone())
            })
            .collect();
        let upto = events
            .last()
            .map_or(i64::try_from(after).unwrap(), |it| it.position);
        async move { Ok(Batch::new(events, upto)) }.boxed()
    }

    fn head(&self) -> BoxFuture<'_, Result<i64, FeedError>> {
        let head = i64::try_from(self.0.lock().unwrap().len()).unwrap();
        async move { Ok(head) }.boxed()
    }

    fn changed(&self, _after: i64) -> BoxFuture<'_, ()> {
        async {}.boxed()
    }
}

/// Identity with a directory of trainers.
pub struct Directory {
    pub harness: Harness,
    scheduling: Arc<Scheduling>,
    projector: Projector<Availability>,
    pub position: Option<LogPosition>,
}

impl Directory {
    pub async fn open() -> Self {
        let harness = Harness::start().await;
        let scheduling = Arc::new(Scheduling::default());
        let feed: Arc<dyn Feed<AvailabilityEvent>> = Arc::clone(&scheduling) as _;
        let projector = Projector::new(Availability, harness.database.pool(), vec![feed]);
        Self {
            harness,
            scheduling,
            projector,
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
        let trainer = self.harness.account(Role::Trainer, &email).await;
        let mut trainers = self.harness.trainers(&trainer.bearer);
        let created = trainers.create_trainer(request).await.unwrap();
        self.position = created.into_inner().position;
        trainer
    }

    /// The event is in scheduling's log, and the projector has folded it.
    pub async fn told(&self, event: AvailabilityEvent) {
        self.scheduling.0.lock().unwrap().push(event);
        self.projector.drain().await.unwrap();
    }

    pub async fn slot(
        &self,
        trainer: &Account,
        location_id: Uuid,
        starts_at: DateTime<Utc>,
    ) -> Uuid {
        let slot_id = Uuid::now_v7();
        self.told(AvailabilityEvent::Opened(vec![TrainerSlotRow {
            slot_id: slot_id.into(),
            trainer_id: trainer_id(trainer),
            location_id: location_id.into(),
            starts_at,
            session_id: None,
        }]))
        .await;
        slot_id
    }

    pub async fn works(&self, trainer: &Account, location_id: Uuid) {
        self.told(AvailabilityEvent::Works(TrainerLocationRow {
            trainer_id: trainer_id(trainer),
            location_id: location_id.into(),
        }))
        .await;
    }

    pub async fn page(&self, request: ListTrainersRequest) -> Result<ListTrainersResponse, Status> {
        let request = ListTrainersRequest {
            min_position: self.position.clone(),
            ..request
        };
        let mut trainers = self.harness.trainers(&Bearer::default());
        Ok(trainers.list_trainers(request).await?.into_inner())
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

/// An account is closed or opened.
pub async fn account_command(directory: &mut Directory, account: &Account, command: UserCommand) {
    let users = Repository::<User>::new(&directory.harness.log);
    let committed = users
        .execute(&account.user_id, Context::system(), command, |_, _| vec![])
        .await
        .unwrap();
    directory.position = Some(LogPosition {
        service: identity::NAME.to_owned(),
        position: committed.position,
    });
}

fn trainer_id(trainer: &Account) -> TrainerId {
    trainer.user_id.parse::<Uuid>().unwrap().into()
}

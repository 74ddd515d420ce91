//! A world with one running service, and words to say what happens in it.

use std::str::FromStr;
use std::time::Duration;

use chrono::{Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use contracts::common::v1::{LogPosition, Money, Role};
use contracts::scheduling::v1 as pb;
use contracts::scheduling::v1::location_service_client::LocationServiceClient;
use contracts::scheduling::v1::schedule_service_client::ScheduleServiceClient;
use contracts::scheduling::v1::session_service_client::SessionServiceClient;
use contracts::scheduling::v1::slot_rule::Rule;
use contracts::scheduling::v1::trainer_calendar_service_client::TrainerCalendarServiceClient;
use contracts::wire::{self, timestamp};
use eventsourcing::{EventLog, Feed, LocalFeed, Upcasters};
use prost_types::Timestamp;
use scheduling::domain::SchedulingLogEvent;
use scheduling::domain::session::SessionEvent;
use service::auth::{Claims, KeyPair, ServiceSigner};
use service::host::{self, Mode};
use service::{Secret, Settings};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;
use uuid::Uuid;

use crate::database::Database;
use crate::stand_ins::StandIn;

/// Nothing in these tests takes so long.
const PATIENCE: Duration = Duration::from_secs(30);

/// One running service between its stand-ins.
pub struct World {
    pub identity: StandIn,
    pub payments: StandIn,
    pub locations: LocationServiceClient<Channel>,
    pub calendars: TrainerCalendarServiceClient<Channel>,
    pub schedules: ScheduleServiceClient<Channel>,
    pub sessions: SessionServiceClient<Channel>,
    pub channel: Channel,
    pub admin: User,
    service_key: KeyPair,
    identity_key: KeyPair,
    feed: LocalFeed<SchedulingLogEvent>,
    _stop: DropGuard,
    _database: Database,
}

/// Somebody with a token.
#[derive(Clone)]
pub struct User {
    pub id: Uuid,
    token: String,
}

impl User {
    /// A request of this user.
    pub fn asks<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        let bearer = format!("Bearer {}", self.token).parse().unwrap();
        request.metadata_mut().insert("authorization", bearer);
        request
    }
}

impl World {
    /// With holds of 15 minutes.
    pub async fn start() -> Self {
        Self::with_holds_of(Duration::from_mins(15)).await
    }

    /// With holds as long as that.
    pub async fn with_holds_of(hold: Duration) -> Self {
        let database = Database::migrated().await;
        let identity_key = KeyPair::generate().unwrap();
        let service_key = KeyPair::generate().unwrap();
        let identity = StandIn::identity(&identity_key).await;
        let payments = StandIn::payments().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own = format!("http://{}", listener.local_addr().unwrap());
        let mut settings = Settings {
            database_url: database.url(),
            // Nobody is there: the service works without a broker.
            nats_url: Secret::new("nats://127.0.0.1:1"),
            broker_prefix: "scheduling-tests".to_owned(),
            service_key: Some(service_key.clone()),
            hold,
            database_connections: 8,
            ..Settings::default()
        };
        for (service, url) in [
            ("identity", identity.url()),
            ("payments", payments.url()),
            ("scheduling", own.clone()),
        ] {
            settings.addresses.insert(service.to_owned(), url);
        }
        let stop = CancellationToken::new();
        let definition = scheduling::definition();
        host::start(definition, settings, Mode::Both, listener, stop.clone())
            .await
            .unwrap();
        let channel = Endpoint::from_shared(own).unwrap().connect_lazy();
        Self {
            identity,
            payments,
            locations: LocationServiceClient::new(channel.clone()),
            calendars: TrainerCalendarServiceClient::new(channel.clone()),
            schedules: ScheduleServiceClient::new(channel.clone()),
            sessions: SessionServiceClient::new(channel.clone()),
            channel,
            admin: user(&identity_key, Role::Admin),
            feed: feed(&database).await,
            service_key,
            identity_key,
            _stop: stop.drop_guard(),
            _database: database,
        }
    }

    /// A parent without children.
    pub fn parent(&self) -> User {
        user(&self.identity_key, Role::Parent)
    }

    /// A parent with so many children.
    pub fn family(&self, children: usize) -> (User, Vec<Uuid>) {
        let parent = self.parent();
        let children = (0..children).map(|_| self.identity.child_added(parent.id));
        let children = children.collect();
        (parent, children)
    }

    /// A trainer, known to identity.
    pub fn trainer(&self) -> User {
        let trainer = user(&self.identity_key, Role::Trainer);
        self.identity.trainer_created(trainer.id);
        trainer
    }

    /// Another service.
    pub fn service(&self) -> User {
        User {
            id: Uuid::nil(),
            token: ServiceSigner::new("payments", self.service_key.clone()).token(),
        }
    }

    /// A location in a zone.
    pub async fn location(&self, time_zone: &str) -> String {
        let create = pb::CreateLocationRequest {
            request_id: request_id(),
            name: format!("Court {}", Uuid::now_v7()),
            time_zone: time_zone.to_owned(),
        };
        let mut locations = self.locations.clone();
        let created = locations.create_location(self.admin.asks(create)).await;
        created.unwrap().into_inner().location_id
    }

    /// A trainer who works at a new location.
    pub async fn trainer_at_work(&self, time_zone: &str) -> (User, String) {
        let (trainer, location_id) = (self.trainer(), self.location(time_zone).await);
        let assign = pb::AssignTrainerLocationRequest {
            request_id: request_id(),
            trainer_id: trainer.id.to_string(),
            location_id: location_id.clone(),
        };
        let mut calendars = self.calendars.clone();
        let assigned = calendars
            .assign_trainer_location(trainer.asks(assign))
            .await;
        assigned.unwrap();
        (trainer, location_id)
    }

    /// A trainer with slots of an hour on one day, 30 days from now, at these full hours UTC.
    pub async fn slots(&self, hours: &[u32]) -> (User, Vec<String>) {
        let (trainer, location_id) = self.trainer_at_work("UTC").await;
        let slots = hours.iter().map(|hour| {
            let (start, end) = (format!("{hour:02}:00"), format!("{:02}:00", hour + 1));
            single(&location_id, day(), &start, &end)
        });
        let open = open_schedule(&trainer, day(), 1, slots.collect());
        let opened = self
            .schedules
            .clone()
            .open_schedule(trainer.asks(open))
            .await;
        let opened = opened.unwrap().into_inner();
        (trainer, opened.slot_ids)
    }

    /// Books a slot.
    pub async fn book(
        &self,
        parent: &User,
        slot_id: &str,
        child_ids: &[Uuid],
    ) -> Result<pb::BookSessionResponse, Status> {
        let book = book(slot_id, child_ids);
        let booked = self.sessions.clone().book_session(parent.asks(book)).await;
        booked.map(tonic::Response::into_inner)
    }

    /// The session as somebody sees it, from a position on.
    pub async fn session(
        &self,
        viewer: &User,
        session_id: &str,
        min_position: Option<LogPosition>,
    ) -> Result<pb::Session, Status> {
        let get = pb::GetSessionRequest {
            session_id: session_id.to_owned(),
            min_position,
        };
        let got = self.sessions.clone().get_session(viewer.asks(get)).await?;
        Ok(got.into_inner().session.unwrap())
    }

    /// Waits until a session's event is in the log; returns its position.
    pub async fn happened(
        &self,
        session_id: &str,
        what: impl Fn(&SessionEvent) -> bool,
    ) -> LogPosition {
        let watch = async {
            let mut after = 0;
            loop {
                let batch = self.feed.read(after, 1_000).await.unwrap();
                let found = batch
                    .events
                    .iter()
                    .find(|delivered| match &delivered.event {
                        SchedulingLogEvent::Session(event) => {
                            delivered.aggregate_id == session_id && what(event)
                        }
                        _ => false,
                    });
                if let Some(found) = found {
                    return own_position(found.position);
                }
                after = batch.upto;
                self.feed.changed(after).await;
            }
        };
        let found = tokio::time::timeout(PATIENCE, watch).await;
        found.expect("it happens in time")
    }
}

async fn feed(database: &Database) -> LocalFeed<SchedulingLogEvent> {
    let options = PgConnectOptions::from_str(database.url().expose()).unwrap();
    let pool = PgPoolOptions::new()
        .max_connections(2)
        .connect_with(options.options([("search_path", "scheduling,public")]))
        .await
        .unwrap();
    let log = EventLog::open(pool, Upcasters::none()).await.unwrap();
    LocalFeed::new("scheduling", &log, |recorded| {
        SchedulingLogEvent::decode(recorded).map(Some)
    })
}

fn user(key: &KeyPair, role: Role) -> User {
    let id = Uuid::now_v7();
    let claims = Claims::user(id, role, Utc::now(), TimeDelta::hours(1));
    User {
        id,
        token: key.sign(&claims),
    }
}

/// A position in scheduling's log.
pub fn own_position(position: i64) -> LogPosition {
    LogPosition {
        service: "scheduling".to_owned(),
        position,
    }
}

/// A new id for a request.
pub fn request_id() -> String {
    Uuid::now_v7().to_string()
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
    trainer: &User,
    from: NaiveDate,
    days: u64,
    slots: Vec<pb::SlotRule>,
) -> pb::OpenScheduleRequest {
    pb::OpenScheduleRequest {
        request_id: request_id(),
        trainer_id: trainer.id.to_string(),
        starts_at: Some(midnight(from)),
        ends_at: Some(midnight(from + Days::new(days))),
        slots,
    }
}

/// One slot.
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

/// Money in euro cents.
pub fn eur(minor_units: i64) -> Money {
    Money {
        currency_code: "EUR".to_owned(),
        minor_units,
    }
}

fn midnight(date: NaiveDate) -> Timestamp {
    timestamp(date.and_time(NaiveTime::MIN).and_utc())
}

/// Code and reason of a refusal.
pub fn reason(status: &Status) -> (Code, String) {
    let details = status.get_error_details();
    let info = details.error_info().map(|info| info.reason.clone());
    (status.code(), info.unwrap_or_default())
}

/// Fields and reasons of a refused request.
pub fn violations(status: &Status) -> Vec<(String, String)> {
    let details = status.get_error_details();
    let request = details.bad_request().cloned();
    let violations = request.map(|it| it.field_violations).unwrap_or_default();
    violations
        .into_iter()
        .map(|it| (it.field, it.reason))
        .collect()
}

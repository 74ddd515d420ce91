//! What the folds make of a session's life, on a real database.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use eventsourcing::{Context, LocalFeed, Projector, Repository};
use testing::Database;
use uuid::Uuid;
use values::{Interval, LocalTimes, Money};

use super::{Calendar, SessionRow, Sessions, SlotRow, SlotStatus};
use crate::domain::SchedulingLogEvent;
use crate::domain::schedule::{Schedule, ScheduleCommand, Slot};
use crate::domain::session::{
    Acting, CanceledBy, CancellationPolicy, Hold, Place, Session, SessionCommand, SessionState,
};

const TRAINER: Uuid = Uuid::from_u128(100);
const PARENT: Uuid = Uuid::from_u128(101);
const LOCATION: Uuid = Uuid::from_u128(102);
const SLOT: Uuid = Uuid::from_u128(103);
const SCHEDULE: Uuid = Uuid::from_u128(104);
const SESSION: Uuid = Uuid::from_u128(105);
const PAYMENT: Uuid = Uuid::from_u128(106);

struct World {
    database: Database,
    sessions: Repository<Session>,
    calendar: Projector<Calendar>,
    session_list: Projector<Sessions>,
}

fn at(minute: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(minute * 60, 0).unwrap()
}

fn time() -> Interval {
    Interval::new(at(5_000), at(5_060)).unwrap()
}

fn local() -> LocalTimes {
    LocalTimes {
        time_zone: "Europe/Berlin".to_owned(),
        date: NaiveDate::from_ymd_opt(1970, 1, 4).unwrap(),
        start: NaiveTime::from_hms_opt(12, 20, 0).unwrap(),
        end: NaiveTime::from_hms_opt(13, 20, 0).unwrap(),
    }
}

fn hold() -> SessionCommand {
    hold_of(SESSION)
}

fn hold_of(session_id: Uuid) -> SessionCommand {
    SessionCommand::Hold(Box::new(Hold {
        session_id: session_id.into(),
        place: Place {
            schedule_id: SCHEDULE.into(),
            slot_id: SLOT.into(),
            trainer_id: TRAINER.into(),
            location_id: LOCATION.into(),
            child_ids: vec![Uuid::from_u128(1).into(), Uuid::from_u128(2).into()],
            time: time(),
        },
        local: local(),
        parent_id: PARENT.into(),
        trainer_bookable: true,
        archived_child: None,
        price_per_hour: Money::new("EUR", 8_000).unwrap(),
        group_price: Money::new("EUR", 12_000).ok(),
        policy: CancellationPolicy { notice_hours: 24 },
        hold_for: TimeDelta::minutes(15),
        now: at(0),
    }))
}

impl World {
    async fn with_a_slot() -> Self {
        let database = Database::of(&crate::definition()).await;
        let log = database.log().await;
        let open = ScheduleCommand::Open {
            schedule_id: SCHEDULE.into(),
            trainer_id: TRAINER.into(),
            window: Interval::new(at(4_000), at(6_000)).unwrap(),
            locations: [LOCATION.into()].into(),
            slots: vec![Slot {
                slot_id: SLOT.into(),
                location_id: LOCATION.into(),
                time: time(),
                local: local(),
            }],
            assigned_locations: [LOCATION.into()].into(),
            now: at(0),
        };
        Repository::<Schedule>::new(&log)
            .create(
                &SCHEDULE.to_string(),
                Context::system(),
                open,
                |_, _| vec![],
            )
            .await
            .unwrap();
        let feed = || {
            Arc::new(LocalFeed::new(
                crate::NAME,
                &log,
                SchedulingLogEvent::decode,
            ))
        };
        Self {
            sessions: Repository::new(&log),
            calendar: Projector::new(Calendar, database.pool(), vec![feed()]),
            session_list: Projector::new(Sessions, database.pool(), vec![feed()]),
            database,
        }
    }

    async fn when(&self, command: SessionCommand) {
        self.sessions
            .execute(
                &SESSION.to_string(),
                Context::system(),
                command,
                |_, _| vec![],
            )
            .await
            .unwrap();
    }

    async fn slot(&self) -> SlotRow {
        self.calendar.drain().await.unwrap();
        self.row("select to_jsonb(s) from slots s").await
    }

    async fn session(&self) -> SessionRow {
        self.session_list.drain().await.unwrap();
        self.row("select to_jsonb(s) from sessions s").await
    }

    async fn row<R: serde::de::DeserializeOwned>(&self, query: &'static str) -> R {
        serde_json::from_value(self.json(query).await).unwrap()
    }

    async fn json(&self, query: &'static str) -> serde_json::Value {
        let pool = self.database.pool();
        sqlx::query_scalar(query).fetch_one(&pool).await.unwrap()
    }
}

#[tokio::test]
async fn a_slot_is_free_then_held_then_booked_then_free_again() {
    let world = World::with_a_slot().await;
    let slot = world.slot().await;
    assert_eq!((slot.status, slot.session_id), (SlotStatus::Free, None));
    assert_eq!((slot.starts_at, slot.start), (at(5_000), local().start));

    world.when(hold()).await;
    let slot = world.slot().await;
    assert_eq!(
        (slot.status, slot.session_id),
        (SlotStatus::Held, Some(SESSION.into()))
    );
    assert_eq!(slot.held_until, Some(at(15)));

    let (payment_id, now) = (PAYMENT.into(), at(1));
    world.when(SessionCommand::Settle { payment_id, now }).await;
    let slot = world.slot().await;
    assert_eq!((slot.status, slot.held_until), (SlotStatus::Booked, None));

    let acting = Acting::Admin;
    world.when(SessionCommand::Cancel { acting, now }).await;
    let slot = world.slot().await;
    assert_eq!((slot.status, slot.session_id), (SlotStatus::Free, None));
}

#[tokio::test]
async fn canceling_a_session_whose_hold_ran_out_leaves_the_slot_to_its_new_holder() {
    let world = World::with_a_slot().await;
    world.when(hold()).await;
    world.when(SessionCommand::ExpireHold { now: at(15) }).await;
    let successor = Uuid::from_u128(200);
    let held = hold_of(successor);
    world
        .sessions
        .create(
            &successor.to_string(),
            Context::system(),
            held,
            |_, _| vec![],
        )
        .await
        .unwrap();
    let (acting, now) = (Acting::Parent(PARENT.into()), at(16));
    world.when(SessionCommand::Cancel { acting, now }).await;
    let slot = world.slot().await;
    assert_eq!(slot.session_id, Some(successor.into()));
}

#[tokio::test]
async fn a_session_is_listed_with_everything_that_was_agreed_and_the_columns_of_production() {
    let world = World::with_a_slot().await;
    world.when(hold()).await;
    let session = world.session().await;
    assert_eq!(session.state, SessionState::Pending);
    assert_eq!(
        (session.parent_id, session.total_price),
        (PARENT.into(), 12_000)
    );
    assert_eq!(session.hold_expires_at, at(15));
    assert_eq!(session.local_start, local().start);

    let (payment_id, now) = (PAYMENT.into(), at(1));
    world.when(SessionCommand::Settle { payment_id, now }).await;
    let now = time().to();
    world
        .when(SessionCommand::Complete {
            acting: Acting::Admin,
            now,
        })
        .await;
    let session = world.session().await;
    assert_eq!(session.state, SessionState::Completed);
    assert_eq!(
        (session.payment_id, session.completed_at),
        (Some(PAYMENT.into()), Some(now))
    );

    let legacy = world
        .json(
            "select jsonb_build_array(status, group_session, main_child_id, booking_id,
                    (select count(*) from session_participants)) from sessions",
        )
        .await;
    let child = Uuid::from_u128(1);
    assert_eq!(legacy, serde_json::json!(["PAID", true, child, SESSION, 2]));
}

#[tokio::test]
async fn a_canceled_session_says_by_whom_and_what_goes_back() {
    let world = World::with_a_slot().await;
    world.when(hold()).await;
    let (payment_id, now) = (PAYMENT.into(), at(1));
    world.when(SessionCommand::Settle { payment_id, now }).await;
    let acting = Acting::Trainer(TRAINER.into());
    world
        .when(SessionCommand::Cancel {
            acting,
            now: at(4_999),
        })
        .await;
    let session = world.session().await;
    assert_eq!(session.state, SessionState::Canceled);
    assert_eq!(session.canceled_by, Some(CanceledBy::Trainer));
    assert_eq!(
        (session.canceled_late, session.refund_payment_id),
        (true, Some(PAYMENT.into()))
    );
}

//! One file per event type and version: what was written once stays readable.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use eventsourcing::DomainEvent;
use strum::VariantNames;
use testing::golden;
use uuid::Uuid;
use values::{Interval, LocalTimes, Money};

use crate::domain::location::LocationEvent;
use crate::domain::schedule::{ScheduleEvent, Slot};
use crate::domain::session::{CanceledBy, CancellationPolicy, Place, SessionEvent};
use crate::domain::trainer_calendar::TrainerCalendarEvent;

fn id<I: From<Uuid>>(number: u128) -> I {
    Uuid::from_u128(0x0198_0000_0000_7000_8000_0000_0000_0000 + number).into()
}

fn at(hour: u32) -> DateTime<Utc> {
    date().and_hms_opt(hour, 0, 0).unwrap().and_utc()
}

fn date() -> NaiveDate {
    NaiveDate::from_ymd_opt(2027, 5, 3).unwrap()
}

fn local() -> LocalTimes {
    LocalTimes {
        time_zone: "Europe/Berlin".to_owned(),
        date: date(),
        start: NaiveTime::from_hms_opt(14, 0, 0).unwrap(),
        end: NaiveTime::from_hms_opt(15, 30, 0).unwrap(),
    }
}

fn time() -> Interval {
    Interval::new(at(12), at(13)).unwrap()
}

fn eur(minor_units: i64) -> Money {
    Money::new("EUR", minor_units).unwrap()
}

fn place() -> Place {
    Place {
        schedule_id: id(1),
        slot_id: id(2),
        trainer_id: id(3),
        location_id: id(4),
        child_ids: vec![id(5), id(6)],
        time: time(),
    }
}

/// The files of one aggregate.
fn check<E: DomainEvent + VariantNames>(aggregate: &str, events: &[E]) {
    let upcasters = (crate::definition().upcasters)();
    golden(&format!("golden/{aggregate}"), events, &upcasters);
}

#[test]
fn events_of_locations_stay_readable() {
    let created = LocationEvent::LocationCreated {
        location_id: id(0xaa),
        name: "Court 1".to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
        created_at: at(8),
    };
    check("location", &[created]);
}

#[test]
fn events_of_trainer_calendars_stay_readable() {
    let events = [
        TrainerCalendarEvent::TrainerLocationAssigned {
            trainer_id: id(0xaa),
            location_id: id(4),
            assigned_at: at(8),
        },
        TrainerCalendarEvent::GroupPriceSet {
            trainer_id: id(0xaa),
            group_price_id: id(7),
            participants: 2,
            price: eur(12_000),
            set_at: at(8),
        },
    ];
    check("trainer_calendar", &events);
}

#[test]
fn events_of_schedules_stay_readable() {
    let opened = ScheduleEvent::ScheduleOpened {
        schedule_id: id(0xaa),
        trainer_id: id(3),
        window: Interval::new(at(9), at(18)).unwrap(),
        slots: vec![Slot {
            slot_id: id(2),
            location_id: id(4),
            time: time(),
            local: local(),
        }],
        opened_at: at(8),
    };
    check("schedule", &[opened]);
}

#[test]
fn events_of_sessions_stay_readable() {
    let events = [
        SessionEvent::SessionHeld {
            session_id: id(0xaa),
            place: place(),
            local: local(),
            parent_id: id(8),
            price: eur(12_000),
            policy: CancellationPolicy { notice_hours: 24 },
            hold_expires_at: at(9),
            held_at: at(8),
        },
        SessionEvent::SessionHoldExpired {
            session_id: id(0xaa),
            slot: place().slot(),
            expired_at: at(9),
        },
        SessionEvent::SessionReinstated {
            session_id: id(0xaa),
            place: place(),
            reinstated_at: at(10),
        },
        SessionEvent::SessionPaid {
            session_id: id(0xaa),
            slot: place().slot(),
            payment_id: Some(id(9)),
            paid_at: at(10),
        },
        SessionEvent::SessionCanceled {
            session_id: id(0xaa),
            slot: place().slot(),
            freed: true,
            canceled_by: CanceledBy::Trainer,
            late: true,
            refund_payment_id: Some(id(9)),
            canceled_at: at(11),
        },
        SessionEvent::SessionCompleted {
            session_id: id(0xaa),
            trainer_id: id(3),
            starts_at: at(12),
            completed_at: at(13),
        },
        SessionEvent::SessionPaymentRejected {
            session_id: id(0xaa),
            payment_id: id(10),
            rejected_at: at(11),
        },
    ];
    check("session", &events);
}

//! The read tables agree with one another, and with a replay from nothing.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use eventsourcing::{Context, LocalFeed, Projector, Repository};
use serde_json::Value;
use sqlx::PgPool;
use testing::Database;
use uuid::Uuid;
use values::Money;

use super::Sales;
use crate::domain::TicketingLogEvent;
use crate::domain::camp::{
    Camp, CampCommand, Day, Draft, EventType, Hold, Line, SkillLevel, TicketTier,
};

const TABLES: [&str; 7] = [
    "event_listings",
    "event_trainers",
    "event_tickets",
    "event_registrations",
    "tickets",
    "user_tickets",
    "ticket_holds",
];

fn start() -> DateTime<Utc> {
    "2027-07-10T13:00:00Z".parse().unwrap()
}

fn id<T: From<Uuid>>(kind: u128, number: u128) -> T {
    Uuid::from_u128(kind << 64 | number).into()
}

fn draft() -> CampCommand {
    let tier = |number: u128, name: &str, minor_units| TicketTier {
        tier_id: id(3, number),
        name: name.to_owned(),
        price: Money::new("EUR", minor_units).unwrap(),
        capacity: 4,
    };
    CampCommand::Create {
        event_id: id(1, 0),
        now: start() - TimeDelta::days(30),
        draft: Box::new(Draft {
            title: "Clinic".to_owned(),
            description: "Passing, shooting, \"set pieces\".".to_owned(),
            event_type: EventType::Clinic,
            location_id: id(2, 0),
            time_zone: "Europe/Berlin".to_owned(),
            start_date: start().date_naive(),
            end_date: start().date_naive(),
            start_time: "15:00:00".parse().unwrap(),
            end_time: "17:00:00".parse().unwrap(),
            days: vec![Day {
                starts_at: start(),
                ends_at: start() + TimeDelta::hours(2),
            }],
            max_participants: 7,
            min_age: None,
            max_age: Some(12),
            skill_levels: vec![SkillLevel::Beginner],
            trainer_ids: vec![id(9, 1), id(9, 2)],
            tiers: vec![tier(0, "Early Bird", 1_000), tier(1, "Sponsored", 0)],
        }),
    }
}

/// Forty steps: holds of one or two children, expiries and payments, early, late and repeated.
fn step(number: u128) -> CampCommand {
    let now = start() - TimeDelta::days(1);
    let hold = number / 2 % 13;
    match number % 4 {
        0 | 2 => CampCommand::Hold(Hold {
            hold_id: id(4, number / 2),
            parent_id: id(5, number % 3),
            lines: (0..=number % 3 % 2)
                .map(|line| Line {
                    ticket_id: id(6 + line, number),
                    tier_id: id(3, number / 2 % 2),
                    child_id: id(8, (number + line * 5) % 11),
                })
                .collect(),
            archived_child: None,
            hold_for: TimeDelta::minutes(15),
            now,
        }),
        1 => CampCommand::ExpireHold {
            hold_id: id(4, hold),
            now,
        },
        _ => CampCommand::SettleHold {
            hold_id: id(4, hold.saturating_sub(1)),
            payment_id: id(7, number),
            now,
        },
    }
}

async fn rows(pool: &PgPool) -> Vec<Value> {
    let mut rows = Vec::new();
    for table in TABLES {
        let sql = format!("select coalesce(jsonb_agg(t order by t::text), '[]') from {table} t");
        let row: Value = sqlx::query_scalar(&sql).fetch_one(pool).await.unwrap();
        assert_ne!(row, Value::Array(vec![]), "{table} has rows");
        rows.push(row);
    }
    rows
}

#[tokio::test]
async fn event_by_event_and_all_at_once_give_the_same_rows() {
    let database = Database::of(&crate::definition()).await;
    let log = database.log().await;
    let pool = database.pool();
    let events: Repository<Camp> = Repository::new(&log);
    let feed = LocalFeed::new(crate::NAME, &log, TicketingLogEvent::decode);
    let projector = Projector::new(Sales, pool.clone(), vec![Arc::new(feed)]);
    let event_id = id::<Uuid>(1, 0).to_string();

    let publish = CampCommand::Publish {
        now: start() - TimeDelta::days(20),
    };
    let sale = (0..80).map(step);
    for command in [draft(), publish].into_iter().chain(sale) {
        // Refusals are part of it.
        let _ = events
            .execute(&event_id, Context::system(), command, |_, _| vec![])
            .await;
        projector.drain().await.unwrap();
    }
    let followed = rows(&pool).await;

    let counts: Vec<(i32, i32, i64, i64)> = sqlx::query_as(
        "select e.total_amount, e.held,
            (select count(*) from tickets t where t.event_ticket_id = e.id and t.status = 'ACTIVE'),
            (select count(*) from tickets t where t.event_ticket_id = e.id and t.status = 'PENDING')
        from event_tickets e",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    assert_eq!(counts.len(), 2);
    for (sold, held, active, pending) in counts {
        assert_eq!((i64::from(sold), i64::from(held)), (active, pending));
        assert!(sold + held <= 4);
    }

    projector.rebuild(|_| {}).await.unwrap();
    assert_eq!(rows(&pool).await, followed);
}

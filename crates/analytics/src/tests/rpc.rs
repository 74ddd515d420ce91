//! The service on a port of its own, listening to four logs served over gRPC.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::NaiveDate;
use contracts::analytics::v1::{
    DailyStatistics, ExplainStatisticRequest, GetDailyStatisticsRequest,
    ListMonthlyStatisticsRequest, ListYearlyStatisticsRequest, PeriodFigures, Statistic,
};
use contracts::common::v1::{LogPosition, Money};
use contracts::google::r#type::Date;
use contracts::identity::events::v1::UserRegistered;
use contracts::identity::events::v1::identity_event::Event as Identity;
use contracts::wire::{self, timestamp};
use eventsourcing::Parked;
use prost_types::Timestamp;
use testing::{Caller, violations};
use tonic::Code;
use uuid::Uuid;
use values::Zone;

use super::support::recount::recount;
use super::support::season::{AS_OF, Season, season};
use super::support::world::World;
use crate::basis::{Basis, PROJECTION};

fn date(text: &str) -> Date {
    wire::date(text.parse().unwrap())
}

fn as_of() -> Timestamp {
    timestamp(AS_OF.parse().unwrap())
}

fn amounts(money: &[Money]) -> BTreeMap<String, i64> {
    money
        .iter()
        .map(|money| (money.currency_code.clone(), money.minor_units))
        .collect()
}

async fn days(world: &World, from: &str, to: &str) -> Vec<DailyStatistics> {
    let request = GetDailyStatisticsRequest {
        start_date: Some(date(from)),
        end_date: Some(date(to)),
        as_of: Some(as_of()),
        min_positions: world.positions(),
    };
    let answer = world.call(Caller::Admin, request).await;
    answer.unwrap().days
}

fn assert_days_equal_a_recount(days: &[DailyStatistics], season: &Season, zone: Zone, from: &str) {
    let basis = Basis {
        zone,
        counts_sandbox: true,
    };
    let mut day: NaiveDate = from.parse().unwrap();
    for row in days {
        let next = day.succ_opt().unwrap();
        let expected = recount(
            season,
            basis,
            row.id.clone(),
            (day, next),
            AS_OF.parse().unwrap(),
        );
        assert_eq!(row.date, Some(date(&day.to_string())));
        assert_eq!(amounts(&row.daily_revenue), expected.revenue, "{day}");
        assert_eq!(
            amounts(&row.total_revenue),
            expected.revenue_to_date,
            "{day}"
        );
        assert_eq!(row.daily_users, expected.active_users, "{day}");
        assert_eq!(row.daily_signups, expected.new_users, "{day}");
        assert_eq!(row.daily_sessions, expected.completed_sessions, "{day}");
        assert_eq!(
            row.daily_payments,
            expected.successful_payments + expected.failed_payments,
            "{day}"
        );
        assert_eq!(row.total_users, expected.total_users, "{day}");
        assert_eq!(row.total_trainers, expected.total_trainers, "{day}");
        let correction = row
            .correction
            .as_ref()
            .map_or(0, |correction| correction.facts);
        assert_eq!(correction, expected.late_facts, "{day}");
        day = next;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_includes_every_position_that_it_was_asked_to_include() {
    let zone = Zone::new_york();
    let world = World::start(zone).await;
    let (from, to) = ("2025-10-28", "2025-11-06");
    let first = season(31, 120, zone);
    world.publish(&first);
    let counted = days(&world, from, to).await;
    assert_eq!(counted.len(), 9);
    assert_days_equal_a_recount(&counted, &first, zone, from);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_with_another_business_zone_counts_everything_anew() {
    let mut world = World::prepare().await;
    let season = season(32, 120, Zone::new_york());
    world.publish(&season);
    let (from, to) = ("2025-12-28", "2026-01-04");
    for zone in [
        Zone::new_york(),
        Zone::named("Asia/Tokyo").unwrap(),
        Zone::named("Asia/Tokyo").unwrap(),
    ] {
        world.restart(zone).await;
        let counted = rebuilt(&world, from, to).await;
        assert_days_equal_a_recount(&counted, &season, zone, from);
    }
    world.stop().await;
}

/// The days, once the rebuild that the start asked for has begun and ended.
async fn rebuilt(world: &World, from: &str, to: &str) -> Vec<DailyStatistics> {
    loop {
        let request = GetDailyStatisticsRequest {
            start_date: Some(date(from)),
            end_date: Some(date(to)),
            as_of: Some(as_of()),
            min_positions: world.positions(),
        };
        match world.call(Caller::Admin, request).await {
            Ok(answer) => return answer.days,
            Err(status) => assert_eq!(status.code(), Code::Unavailable, "{status}"),
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn months_and_years_come_in_pages_newest_first_and_add_up() {
    let world = World::start(Zone::new_york()).await;
    world.publish(&season(33, 150, Zone::new_york()));
    let mut months = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = ListMonthlyStatisticsRequest {
            page_size: 7,
            page_token,
            as_of: Some(as_of()),
            min_positions: world.positions(),
            year: 0,
        };
        let answer = world.call(Caller::Admin, request).await;
        let answer = answer.unwrap();
        assert_eq!(answer.business_zone, "America/New_York");
        months.extend(answer.months);
        page_token = answer.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    let order: Vec<_> = months
        .iter()
        .map(|month| (month.year, month.month))
        .collect();
    assert!(order.windows(2).all(|pair| pair[0] > pair[1]), "{order:?}");

    let request = ListYearlyStatisticsRequest {
        as_of: Some(as_of()),
        min_positions: world.positions(),
        ..Default::default()
    };
    let answer = world.call(Caller::Admin, request).await;
    let years = answer.unwrap().years;
    for year in years {
        let of_year: Vec<PeriodFigures> = months
            .iter()
            .filter(|month| month.year == year.year)
            .filter_map(|month| month.figures.clone())
            .collect();
        let figures = year.figures.unwrap();
        let sum = |figure: fn(&PeriodFigures) -> i64| of_year.iter().map(figure).sum::<i64>();
        assert_eq!(figures.new_users, sum(|month| month.new_users));
        assert_eq!(figures.total_payments, sum(|month| month.total_payments));
        assert_eq!(figures.total_sessions, sum(|month| month.total_sessions));
        assert_eq!(
            figures.completed_events,
            sum(|month| month.completed_events)
        );
        assert_eq!(
            figures.total_users, of_year[0].total_users,
            "a stock is December's"
        );
        let mut revenue = BTreeMap::new();
        for money in of_year.iter().flat_map(|month| &month.total_revenue) {
            *revenue.entry(money.currency_code.clone()).or_default() += money.minor_units;
        }
        assert_eq!(amounts(&figures.total_revenue), revenue);
    }

    let request = ListMonthlyStatisticsRequest {
        year: 2025,
        as_of: Some(as_of()),
        ..Default::default()
    };
    let answer = world.call(Caller::Admin, request).await;
    let of_2025 = answer.unwrap().months;
    assert_eq!(of_2025.len(), 12);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_figure_is_explained_by_the_events_that_made_it() {
    let world = World::start(Zone::new_york()).await;
    world.publish(&season(34, 150, Zone::new_york()));
    let years = ListYearlyStatisticsRequest {
        as_of: Some(as_of()),
        min_positions: world.positions(),
        ..Default::default()
    };
    let answer = world.call(Caller::Admin, years).await;
    let years = answer.unwrap().years;
    let year = years.iter().find(|year| year.year == 2025).unwrap();
    let figures = year.figures.as_ref().unwrap();

    let mut revenue: BTreeMap<String, i64> = BTreeMap::new();
    let mut page_token = String::new();
    loop {
        let request = ExplainStatisticRequest {
            statistic: Statistic::Revenue.into(),
            period: Some(Date {
                year: 2025,
                month: 0,
                day: 0,
            }),
            page_size: 5,
            page_token,
            ..Default::default()
        };
        let answer = world.call(Caller::Admin, request).await;
        let answer = answer.unwrap();
        for fact in answer.facts {
            assert_eq!(fact.position.unwrap().service, "payments");
            assert_eq!(fact.date.unwrap().year, 2025);
            let amount = fact.amount.unwrap();
            *revenue.entry(amount.currency_code).or_default() += amount.minor_units;
        }
        page_token = answer.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(revenue, amounts(&figures.total_revenue));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_cannot_be_read_parks_its_aggregate_and_nothing_else() {
    let world = World::start(Zone::new_york()).await;
    let registered = |user_id: &str| {
        Identity::UserRegistered(UserRegistered {
            user_id: user_id.to_owned(),
            registered_at: Some(timestamp("2025-01-02T17:00:00Z".parse().unwrap())),
            ..UserRegistered::default()
        })
    };
    let (parked, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let log = world.stand_in("identity");
    log.publishes(parked, registered("nobody"));
    log.publishes(parked, registered(&parked.to_string()));
    log.publishes(other, registered(&other.to_string()));

    let counted = days(&world, "2025-01-02", "2025-01-03").await;
    assert_eq!(counted[0].daily_signups, 1, "only the other one's");
    let keys = Parked::new(world.database().pool());
    let keys = keys.list(Some(PROJECTION)).await.unwrap();
    let [key] = keys.as_slice() else {
        panic!("{keys:?}");
    };
    assert_eq!(
        (key.key.as_str(), key.source.as_str(), key.position),
        (parked.to_string().as_str(), "identity", 1)
    );
    assert_eq!(key.events, 2, "the second one waits");
    assert!(key.error.contains("user_id"), "{}", key.error);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_admins_and_services_read_the_statistics() {
    let world = World::start(Zone::new_york()).await;
    for (caller, code) in [
        (Caller::Nobody, Code::Unauthenticated),
        (Caller::parent(), Code::PermissionDenied),
        (Caller::trainer(), Code::PermissionDenied),
        (Caller::Admin, Code::Ok),
        (Caller::Service, Code::Ok),
    ] {
        let answer = world
            .call(caller, ListYearlyStatisticsRequest::default())
            .await;
        assert_eq!(
            answer.map_or_else(|status| status.code(), |_| Code::Ok),
            code
        );
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_asked_is_refused() {
    let world = World::start(Zone::new_york()).await;
    let daily = |start: Option<Date>, end: Option<Date>| GetDailyStatisticsRequest {
        start_date: start,
        end_date: end,
        ..Default::default()
    };
    let impossible = Date {
        year: 2025,
        month: 2,
        day: 29,
    };
    for request in [
        daily(None, None),
        daily(Some(impossible), None),
        daily(Some(date("2025-01-02")), Some(date("2025-01-02"))),
        daily(Some(date("2025-01-02")), Some(date("2027-01-02"))),
    ] {
        let answer = world.call(Caller::Admin, request).await;
        assert_eq!(answer.unwrap_err().code(), Code::InvalidArgument);
    }
    let unspecified = ExplainStatisticRequest {
        period: Some(date("2025-01-02")),
        ..Default::default()
    };
    let answer = world.call(Caller::Admin, unspecified).await;
    assert_eq!(answer.unwrap_err().code(), Code::InvalidArgument);

    let at = |service: &str, position| LogPosition {
        service: service.to_owned(),
        position,
    };
    let behind = |min_positions| GetDailyStatisticsRequest {
        start_date: Some(date("2025-01-02")),
        min_positions,
        ..Default::default()
    };
    let elsewhere = behind(vec![at("identity", 0), at("analytics", 1)]);
    let refused = world.call(Caller::Admin, elsewhere).await.unwrap_err();
    assert_eq!(violations(&refused), ["min_positions[1].service: SERVICE"]);

    let ahead = behind(vec![at("payments", 1_000_000)]);
    let deadline = Duration::from_millis(300);
    let answer = world.call_within(deadline, Caller::Admin, ahead).await;
    assert_eq!(answer.unwrap_err().code(), Code::DeadlineExceeded);
    world.stop().await;
}

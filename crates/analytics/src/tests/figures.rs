//! The figures against a recount from the events, however the logs come in.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng, SeedableRng};
use service::Page;
use sqlx::PgPool;
use values::Zone;

use super::support::recount::recount;
use super::support::season::{AS_OF, Season, season};
use super::support::{Revealed, database, dump, projector};
use crate::basis::{Basis, Grain};
use crate::query::{self, Cursor, Question};

fn new_york(counts_sandbox: bool) -> Basis {
    Basis {
        zone: Zone::new_york(),
        counts_sandbox,
    }
}

fn as_of() -> DateTime<Utc> {
    AS_OF.parse().unwrap()
}

fn logs(season: &Season) -> Vec<Arc<Revealed>> {
    season
        .logs()
        .into_iter()
        .map(|(source, events)| Revealed::new(source, events))
        .collect()
}

/// Folds everything, a bit of one log at a time, in an order and in bits that the seed says.
async fn fold_interleaved(pool: &PgPool, basis: Basis, season: &Season, seed: u64, most: usize) {
    let logs = logs(season);
    let mut random = StdRng::seed_from_u64(seed);
    loop {
        let open: Vec<_> = logs.iter().filter(|log| !log.is_whole()).collect();
        let Some(log) = open.choose(&mut random) else {
            break;
        };
        log.reveal(random.random_range(1..=most));
        // Another owner now and then, as after a restart.
        projector(pool, basis, &logs).drain().await.unwrap();
    }
}

async fn fold_at_once(pool: &PgPool, basis: Basis, season: &Season) {
    let logs = logs(season);
    for log in &logs {
        log.reveal(usize::MAX / 2);
    }
    projector(pool, basis, &logs).drain().await.unwrap();
}

async fn compare_with_recount(pool: &PgPool, basis: Basis, season: &Season) {
    for (grain, from, to) in [
        (Grain::Day, "2024-02-20", "2027-01-10"),
        (Grain::Month, "2024-01-01", "2027-03-01"),
        (Grain::Year, "2023-01-01", "2028-01-01"),
    ] {
        let (from, to): (NaiveDate, NaiveDate) = (from.parse().unwrap(), to.parse().unwrap());
        let figures = query::figures(pool, grain, from, to, as_of())
            .await
            .unwrap();
        let mut period = from;
        for row in figures {
            assert_eq!(row.period, period, "periods follow each other");
            let next = query::step(grain, period, 1).unwrap();
            let expected = recount(season, basis, row.id.clone(), (period, next), as_of());
            assert_eq!(row, expected, "{grain:?} of {period}");
            period = next;
        }
        assert_eq!(period, to, "every period is there");
    }
}

#[test]
fn any_interleaving_and_batch_size_gives_the_tables_and_figures_of_a_recount() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut runner = TestRunner::new(Config {
        cases: 6,
        failure_persistence: None,
        ..Config::default()
    });
    let strategy = (any::<u64>(), any::<u64>(), 1..40_usize, any::<bool>());
    runner
        .run(&strategy, |(seed, order, most, counts_sandbox)| {
            runtime.block_on(async {
                let basis = new_york(counts_sandbox);
                let season = season(seed, 80, basis.zone);
                let (bit_by_bit, at_once) = (database(basis).await, database(basis).await);
                fold_interleaved(&bit_by_bit.pool(), basis, &season, order, most).await;
                fold_at_once(&at_once.pool(), basis, &season).await;
                assert_eq!(dump(&bit_by_bit.pool()).await, dump(&at_once.pool()).await);
                compare_with_recount(&bit_by_bit.pool(), basis, &season).await;
            });
            Ok(())
        })
        .unwrap();
}

#[tokio::test]
async fn a_zone_whose_clock_changes_at_midnight_counts_its_short_day() {
    let basis = Basis {
        zone: Zone::named("Africa/Cairo").unwrap(),
        counts_sandbox: true,
    };
    let season = season(7, 120, basis.zone);
    let database = database(basis).await;
    fold_at_once(&database.pool(), basis, &season).await;
    compare_with_recount(&database.pool(), basis, &season).await;
}

#[tokio::test]
async fn a_rebuild_from_nothing_gives_the_same_rows() {
    let basis = new_york(true);
    let season = season(11, 150, basis.zone);
    let database = database(basis).await;
    fold_interleaved(&database.pool(), basis, &season, 3, 50).await;
    let before = dump(&database.pool()).await;
    let logs = logs(&season);
    for log in &logs {
        log.reveal(usize::MAX / 2);
    }
    projector(&database.pool(), basis, &logs)
        .rebuild(|_| {})
        .await
        .unwrap();
    assert_eq!(dump(&database.pool()).await, before);
}

#[tokio::test]
async fn every_figure_is_the_sum_of_the_facts_that_explain_it() {
    let basis = new_york(true);
    let season = season(23, 200, basis.zone);
    let database = database(basis).await;
    let pool = database.pool();
    fold_at_once(&pool, basis, &season).await;
    for (grain, from, to) in [
        (Grain::Day, "2025-10-25", "2025-11-10"),
        (Grain::Month, "2024-01-01", "2027-01-01"),
        (Grain::Year, "2024-01-01", "2027-01-01"),
    ] {
        let (from, to) = (from.parse().unwrap(), to.parse().unwrap());
        for row in query::figures(&pool, grain, from, to, as_of())
            .await
            .unwrap()
        {
            let end = query::step(grain, row.period, 1).unwrap();
            let facts = |question| explained(&pool, question, grain, (row.period, end));
            let count = async |question| i64::try_from(facts(question).await.len()).unwrap();
            let money = |product, to_date| Question::Facts {
                metrics: &["succeeded_payment", "refund"],
                product,
                to_date,
            };
            assert_eq!(sum(facts(money("", false)).await), row.revenue);
            assert_eq!(sum(facts(money("event", false)).await), row.event_revenue);
            assert_eq!(
                sum(facts(money("session", false)).await),
                row.session_revenue
            );
            assert_eq!(sum(facts(money("", true)).await), row.revenue_to_date);
            assert_eq!(count(Question::ActiveUsers).await, row.active_users);
            assert_eq!(count(Question::ActiveTrainers).await, row.active_trainers);
            assert_eq!(count(Question::EndedEvents).await, row.completed_events);
            let of = |metrics, to_date| Question::Facts {
                metrics,
                product: "",
                to_date,
            };
            assert_eq!(count(of(&["signup"], false)).await, row.new_users);
            let users = of(&["signup", "user_left", "user_returned"], true);
            assert_eq!(net(&facts(users).await), row.total_users);
            let trainers = of(&["new_trainer", "trainer_left", "trainer_returned"], true);
            assert_eq!(net(&facts(trainers).await), row.total_trainers);
            assert_eq!(
                count(of(&["booked_session"], false)).await,
                row.total_sessions
            );
            assert_eq!(
                count(of(&["completed_session"], false)).await,
                row.completed_sessions
            );
            assert_eq!(count(of(&["created_event"], false)).await, row.total_events);
            assert_eq!(
                count(of(&["failed_payment"], false)).await,
                row.failed_payments
            );
        }
    }
}

/// All facts, three a page.
async fn explained(
    pool: &PgPool,
    question: Question,
    grain: Grain,
    period: (NaiveDate, NaiveDate),
) -> Vec<query::Explained> {
    let mut facts: Vec<query::Explained> = Vec::new();
    loop {
        let first = Page::first(2);
        let three = match facts.last() {
            Some(last) => first.after(Cursor::of(last)),
            None => first,
        };
        let page = query::explain(pool, question, grain, period, as_of(), &three)
            .await
            .unwrap();
        let last = page.len() < 3;
        facts.extend(page);
        if last {
            return facts;
        }
    }
}

/// Who came less who left.
fn net(facts: &[query::Explained]) -> i64 {
    facts.iter().map(|fact| i64::from(fact.weight)).sum()
}

fn sum(facts: Vec<query::Explained>) -> BTreeMap<String, i64> {
    let mut sums = BTreeMap::new();
    for fact in facts {
        *sums.entry(fact.currency).or_default() += fact.amount;
    }
    sums
}

#[tokio::test]
async fn an_event_counts_as_completed_from_its_end_on_without_anything_being_written() {
    let basis = new_york(true);
    let season = season(5, 400, basis.zone);
    let database = database(basis).await;
    fold_at_once(&database.pool(), basis, &season).await;
    let (from, to) = ("2024-01-01".parse().unwrap(), "2028-01-01".parse().unwrap());
    let pool = database.pool();
    let completed = async |at: DateTime<Utc>| -> i64 {
        query::figures(&pool, Grain::Year, from, to, at)
            .await
            .unwrap()
            .iter()
            .map(|year| year.completed_events)
            .sum()
    };
    let ends: Vec<DateTime<Utc>> = sqlx::query_scalar(
        "select ends_at from statistic_events where published_at is not null order by ends_at",
    )
    .fetch_all(&database.pool())
    .await
    .unwrap();
    assert!(ends.len() > 3);
    for end in ends.iter().copied() {
        let over = i64::try_from(ends.iter().filter(|other| **other <= end).count()).unwrap();
        let before = i64::try_from(ends.iter().filter(|other| **other < end).count()).unwrap();
        assert_eq!(completed(end).await, over);
        assert_eq!(
            completed(end - chrono::Duration::microseconds(1)).await,
            before
        );
    }
}

#[tokio::test]
async fn the_days_that_have_figures_end_on_the_business_zones_day_of_the_asking() {
    for (zone, today) in [
        (Zone::new_york(), "2030-06-30"),
        (Zone::named("Asia/Tokyo").unwrap(), "2030-07-01"),
    ] {
        let basis = Basis {
            zone,
            counts_sandbox: true,
        };
        let database = database(basis).await;
        let as_of = "2030-06-30T23:30:00Z".parse().unwrap();
        let before = query::span(&database.pool(), basis, as_of).await.unwrap();
        assert_eq!(before, None, "nothing has happened");
        fold_at_once(&database.pool(), basis, &season(3, 40, zone)).await;
        let span = query::span(&database.pool(), basis, as_of).await.unwrap();
        assert_eq!(span.unwrap().last_day, today.parse().unwrap());
    }
}

#[tokio::test]
async fn the_three_relations_of_production_can_be_read() {
    let basis = new_york(true);
    let season = season(2, 60, basis.zone);
    let database = database(basis).await;
    let pool = database.pool();
    for view in [
        "daily_statistics",
        "monthly_statistics",
        "yearly_statistics",
    ] {
        let rows: i64 = sqlx::query_scalar(&format!("select count(*) from {view}"))
            .fetch_one(&pool)
            .await
            .unwrap();
        assert_eq!(rows, 0, "{view} is empty before anything happened");
    }
    fold_at_once(&pool, basis, &season).await;
    let (days, signups, last): (i64, i64, i64) = sqlx::query_as(
        "select count(*), sum(daily_signups)::bigint, max(total_users) from daily_statistics",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    let by_month: i64 = sqlx::query_scalar("select sum(new_users)::bigint from monthly_statistics")
        .fetch_one(&pool)
        .await
        .unwrap();
    let by_year: i64 = sqlx::query_scalar("select sum(new_users)::bigint from yearly_statistics")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert!(days > 300);
    let (last_day, last_figure): (NaiveDate, NaiveDate) = sqlx::query_as(
        "select (select max(date) from daily_statistics),
            greatest((select max(day) from statistic_days),
                (select max(day) from statistic_event_days where ends_at <= now()))",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(last_day, last_figure);
    assert_eq!((by_month, by_year), (signups, signups));
    assert!(0 < last && last < signups, "some have left");
}

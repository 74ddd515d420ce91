//! Whether the statistics grew by exactly what the demo counted.

use std::collections::BTreeSet;

use chrono::{Datelike as _, NaiveDate};
use contracts::analytics::v1::{DailyStatistics, PeriodFigures};
use contracts::common::v1::Money;

use crate::figures::Snapshot;
use crate::tally::{Amounts, Counted};

/// Reads one figure of a period.
type Figure<'a> = &'a dyn Fn(&PeriodFigures) -> i64;

/// One figure: what the demo counted, and its values before and after the season.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Line {
    /// `daily`, `monthly` or `yearly`.
    pub statistics: &'static str,
    pub column: String,
    pub counted: i64,
    pub before: i64,
    pub after: i64,
    pub equal: bool,
}

/// All figures, and what could not be compared.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct Proof {
    pub lines: Vec<Line>,
    /// Figures that cannot be compared because the run went over the end of a period: numbers of
    /// distinct users or trainers cannot be added up over two periods.
    pub left_out: Vec<String>,
}

impl Proof {
    /// Whether every figure is as counted.
    pub fn holds(&self) -> bool {
        self.lines.iter().all(|line| line.equal)
    }
}

/// Compares the figures of the days, months and years in which the run began and ended.
pub fn compare(before: &Snapshot, after: &Snapshot, counted: &Counted) -> Proof {
    let mut proof = Proof::default();
    daily(&mut proof, before, after, counted);
    let span = |day: NaiveDate| (day.year(), i32::try_from(day.month()).unwrap_or_default());
    let months = (span(before.today), span(after.today));
    periods(
        &mut proof,
        "monthly",
        months,
        |snapshot_after, key| {
            let snapshot = if snapshot_after { after } else { before };
            snapshot.months.get(&key).cloned().unwrap_or_default()
        },
        counted,
    );
    let years = (before.today.year(), after.today.year());
    periods(
        &mut proof,
        "yearly",
        years,
        |snapshot_after, key| {
            let snapshot = if snapshot_after { after } else { before };
            snapshot.years.get(&key).cloned().unwrap_or_default()
        },
        counted,
    );
    proof
}

fn daily(proof: &mut Proof, before: &Snapshot, after: &Snapshot, counted: &Counted) {
    let days: BTreeSet<_> = [before.today, after.today].into();
    let at = |snapshot: &Snapshot, day: &NaiveDate| -> DailyStatistics {
        snapshot.days.get(day).cloned().unwrap_or_default()
    };
    let mut lines = Lines {
        proof,
        statistics: "daily",
    };
    // What happens on a day: summed up over the days of the run.
    let flow = |figure: &dyn Fn(&DailyStatistics) -> i64| {
        let sum = |snapshot| {
            days.iter()
                .map(|day| figure(&at(snapshot, day)))
                .sum::<i64>()
        };
        (sum(before), sum(after))
    };
    // What has come together by the end of a day: of the run's first and last one.
    let stock = |figure: &dyn Fn(&DailyStatistics) -> i64| {
        (
            figure(&at(before, &before.today)),
            figure(&at(after, &after.today)),
        )
    };
    let payments = counted.succeeded + counted.failed;
    lines.add(
        "daily_signups",
        counted.signups,
        flow(&|day| day.daily_signups),
    );
    lines.add(
        "daily_sessions",
        counted.completed,
        flow(&|day| day.daily_sessions),
    );
    lines.add("daily_payments", payments, flow(&|day| day.daily_payments));
    lines.add(
        "total_users",
        counted.signups,
        stock(&|day| day.total_users),
    );
    lines.add(
        "total_trainers",
        counted.trainers,
        stock(&|day| day.total_trainers),
    );
    let revenue = total(counted);
    for (currency, amount) in &revenue {
        let of = |money: &[Money]| in_currency(money, currency);
        let daily = flow(&|day| of(&day.daily_revenue));
        lines.add(&format!("daily_revenue {currency}"), *amount, daily);
        let to_date = stock(&|day| of(&day.total_revenue));
        lines.add(&format!("total_revenue {currency}"), *amount, to_date);
    }
    if days.len() == 1 {
        lines.add("daily_users", users(counted), flow(&|day| day.daily_users));
    } else {
        lines.leave_out("daily_users");
    }
}

fn periods<K: Copy + PartialEq + Ord>(
    proof: &mut Proof,
    statistics: &'static str,
    (first, last): (K, K),
    at: impl Fn(bool, K) -> PeriodFigures,
    counted: &Counted,
) {
    let mut lines = Lines { proof, statistics };
    let keys: BTreeSet<_> = [first, last].into();
    let flow = |figure: &dyn Fn(&PeriodFigures) -> i64| {
        let sum = |after| keys.iter().map(|key| figure(&at(after, *key))).sum::<i64>();
        (sum(false), sum(true))
    };
    let stock = |figure: &dyn Fn(&PeriodFigures) -> i64| {
        (figure(&at(false, first)), figure(&at(true, last)))
    };
    let payments = counted.succeeded + counted.failed;
    lines.add(
        "new_users",
        counted.signups,
        flow(&|period| period.new_users),
    );
    lines.add(
        "total_users",
        counted.signups,
        stock(&|period| period.total_users),
    );
    lines.add(
        "new_trainers",
        counted.trainers,
        flow(&|period| period.new_trainers),
    );
    lines.add(
        "total_trainers",
        counted.trainers,
        stock(&|period| period.total_trainers),
    );
    lines.add(
        "total_sessions",
        counted.sessions,
        flow(&|period| period.total_sessions),
    );
    lines.add(
        "completed_sessions",
        counted.completed,
        flow(&|period| period.completed_sessions),
    );
    lines.add(
        "total_events",
        counted.events,
        flow(&|period| period.total_events),
    );
    lines.add(
        "completed_events",
        0,
        flow(&|period| period.completed_events),
    );
    lines.add("canceled_events", 0, flow(&|period| period.canceled_events));
    lines.add(
        "total_payments",
        payments,
        flow(&|period| period.total_payments),
    );
    lines.add(
        "successful_payments",
        counted.succeeded,
        flow(&|period| period.successful_payments),
    );
    lines.add(
        "failed_payments",
        counted.failed,
        flow(&|period| period.failed_payments),
    );
    lines.add(
        "new_subscriptions",
        0,
        flow(&|period| period.new_subscriptions),
    );
    lines.add(
        "canceled_subscriptions",
        0,
        flow(&|period| period.canceled_subscriptions),
    );
    lines.add(
        "total_subscriptions",
        0,
        stock(&|period| period.total_subscriptions),
    );
    lines.add(
        "active_subscriptions",
        0,
        stock(&|period| period.active_subscriptions),
    );
    for currency in total(counted).keys() {
        let of = |money: &[Money]| in_currency(money, currency);
        let amount = |amounts: &Amounts| amounts.get(currency).copied().unwrap_or_default();
        let columns: [(&str, i64, Figure); 4] = [
            ("total_revenue", amount(&total(counted)), &|period| {
                of(&period.total_revenue)
            }),
            ("event_revenue", amount(&counted.event_revenue), &|period| {
                of(&period.event_revenue)
            }),
            (
                "session_revenue",
                amount(&counted.session_revenue),
                &|period| of(&period.session_revenue),
            ),
            ("subscription_revenue", 0, &|period| {
                of(&period.subscription_revenue)
            }),
        ];
        for (column, expected, figure) in columns {
            lines.add(&format!("{column} {currency}"), expected, flow(figure));
        }
    }
    if first == last {
        lines.add(
            "active_trainers",
            counted.completed,
            flow(&|period| period.active_trainers),
        );
        lines.add(
            "active_users",
            users(counted),
            flow(&|period| period.active_users),
        );
    } else {
        lines.leave_out("active_users");
        lines.leave_out("active_trainers");
    }
}

struct Lines<'a> {
    proof: &'a mut Proof,
    statistics: &'static str,
}

impl Lines<'_> {
    fn add(&mut self, column: &str, counted: i64, (before, after): (i64, i64)) {
        self.proof.lines.push(Line {
            statistics: self.statistics,
            column: column.to_owned(),
            counted,
            before,
            after,
            equal: after - before == counted,
        });
    }

    fn leave_out(&mut self, column: &str) {
        let left_out = format!(
            "{} {column}: the run went over the end of a period",
            self.statistics
        );
        self.proof.left_out.push(left_out);
    }
}

fn users(counted: &Counted) -> i64 {
    i64::try_from(counted.users.len()).unwrap_or(i64::MAX)
}

/// The revenue of sessions and events together.
fn total(counted: &Counted) -> Amounts {
    let mut total = counted.session_revenue.clone();
    for (currency, amount) in &counted.event_revenue {
        *total.entry(currency.clone()).or_default() += amount;
    }
    total
}

fn in_currency(money: &[Money], currency: &str) -> i64 {
    let of_currency = money.iter().filter(|money| money.currency_code == currency);
    of_currency.map(|money| money.minor_units).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(day: &str, signups: i64, usd: i64) -> Snapshot {
        let today: NaiveDate = day.parse().unwrap();
        let money = vec![Money {
            currency_code: "USD".into(),
            minor_units: usd,
        }];
        let figures = PeriodFigures {
            new_users: signups,
            total_users: signups,
            active_users: signups,
            session_revenue: money.clone(),
            total_revenue: money.clone(),
            ..Default::default()
        };
        let daily = DailyStatistics {
            daily_signups: signups,
            total_users: signups,
            daily_users: signups,
            daily_revenue: money.clone(),
            total_revenue: money,
            ..Default::default()
        };
        let month = i32::try_from(today.month()).unwrap();
        Snapshot {
            today,
            business_zone: "UTC".into(),
            days: [(today, daily)].into(),
            months: [((today.year(), month), figures.clone())].into(),
            years: [(today.year(), figures)].into(),
        }
    }

    fn counted(signups: i64, usd: i64) -> Counted {
        Counted {
            users: (0..signups).map(|user| user.to_string()).collect(),
            signups,
            session_revenue: [("USD".to_owned(), usd)].into(),
            ..Counted::default()
        }
    }

    #[test]
    fn a_second_run_is_judged_by_the_difference() {
        let (before, after) = (
            snapshot("2026-05-01", 7, 100),
            snapshot("2026-05-01", 10, 350),
        );
        let proof = compare(&before, &after, &counted(3, 250));
        assert!(proof.holds(), "{:?}", proof.lines);
        assert!(proof.left_out.is_empty());
    }

    #[test]
    fn one_cent_too_many_is_seen_in_every_statistic() {
        let (before, after) = (
            snapshot("2026-05-01", 7, 100),
            snapshot("2026-05-01", 10, 351),
        );
        let proof = compare(&before, &after, &counted(3, 250));
        let wrong: Vec<_> = proof.lines.iter().filter(|line| !line.equal).collect();
        assert_eq!(wrong.len(), 6, "{wrong:?}");
    }

    #[test]
    fn distinct_counts_are_left_out_of_a_run_over_midnight() {
        let (mut before, after) = (
            snapshot("2026-05-02", 7, 100),
            snapshot("2026-05-02", 10, 350),
        );
        before.today = "2026-05-01".parse().unwrap();
        let proof = compare(&before, &after, &counted(3, 250));
        assert_eq!(proof.left_out.len(), 1);
        assert!(proof.lines.iter().all(|line| line.column != "daily_users"));
    }
}

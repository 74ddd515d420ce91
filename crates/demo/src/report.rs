//! The result: tables for people, one JSON object for programs.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::time::Duration;

use contracts::analytics::v1::PeriodFigures;
use contracts::common::v1::Money;
use serde_json::json;

use crate::figures::Snapshot;
use crate::proof::Proof;
use crate::tally::Promise;

/// What a run has brought.
pub struct Outcome {
    pub seed: u64,
    pub parents: u32,
    pub days: u32,
    pub elapsed: Duration,
    pub requests: u64,
    pub after: Snapshot,
    pub proof: Proof,
    pub promises: Vec<Promise>,
}

impl Outcome {
    /// Whether every figure is as counted and every promise was kept.
    pub fn holds(&self) -> bool {
        self.proof.holds() && self.promises.iter().all(|promise| promise.kept)
    }
}

/// Prints to standard output.
pub fn print(outcome: &Outcome, as_json: bool) -> io::Result<()> {
    let text = if as_json {
        format!("{:#}\n", json(outcome))
    } else {
        text(outcome)
    };
    io::stdout().lock().write_all(text.as_bytes())
}

fn text(outcome: &Outcome) -> String {
    let mut out = String::new();
    statistics(&mut out, &outcome.after);
    promises(&mut out, &outcome.promises);
    proof(&mut out, &outcome.proof);
    let seconds = outcome.elapsed.as_secs_f64();
    let verdict = if outcome.holds() {
        "Every figure equals what the demo counted, and every promise was kept."
    } else {
        "NOT as it should be: see the lines marked with !!."
    };
    let _ = writeln!(
        out,
        "\n{} calls in {seconds:.1} s: {} parents, {} days, seed {}.\n{verdict}",
        outcome.requests, outcome.parents, outcome.days, outcome.seed
    );
    out
}

fn statistics(out: &mut String, after: &Snapshot) {
    let _ = writeln!(
        out,
        "\nStatistics of {} (business zone {})",
        after.today, after.business_zone
    );
    let rows: Vec<_> = after
        .days
        .iter()
        .filter(|(_, day)| day.daily_users > 0 || day.daily_signups > 0)
        .map(|(date, day)| {
            vec![
                date.to_string(),
                amounts(&day.daily_revenue),
                day.daily_users.to_string(),
                day.daily_signups.to_string(),
                day.daily_sessions.to_string(),
                day.daily_payments.to_string(),
                day.total_users.to_string(),
                day.total_trainers.to_string(),
                amounts(&day.total_revenue),
            ]
        })
        .collect();
    let heads = [
        "day",
        "revenue",
        "users",
        "signups",
        "sessions",
        "payments",
        "all users",
        "trainers",
        "revenue to date",
    ];
    table(out, &heads, &rows);
    let month = |((year, month), figures): (&(i32, i32), &PeriodFigures)| {
        period(format!("{year}-{month:02}"), figures)
    };
    let rows: Vec<_> = after.months.iter().rev().take(3).map(month).collect();
    table(
        out,
        &[
            "month",
            "revenue",
            "of events",
            "of sessions",
            "new",
            "active",
            "users",
            "trainers",
            "sessions",
            "events",
            "paid",
            "failed",
        ],
        &rows,
    );
    let year = |(year, figures): (&i32, &PeriodFigures)| period(year.to_string(), figures);
    let rows: Vec<_> = after.years.iter().rev().take(3).map(year).collect();
    table(
        out,
        &[
            "year",
            "revenue",
            "of events",
            "of sessions",
            "new",
            "active",
            "users",
            "trainers",
            "sessions",
            "events",
            "paid",
            "failed",
        ],
        &rows,
    );
}

fn period(name: String, figures: &PeriodFigures) -> Vec<String> {
    vec![
        name,
        amounts(&figures.total_revenue),
        amounts(&figures.event_revenue),
        amounts(&figures.session_revenue),
        figures.new_users.to_string(),
        figures.active_users.to_string(),
        figures.total_users.to_string(),
        figures.total_trainers.to_string(),
        figures.total_sessions.to_string(),
        figures.total_events.to_string(),
        figures.successful_payments.to_string(),
        figures.failed_payments.to_string(),
    ]
}

/// Every trainer has a promise about the number of slots; of these only broken ones are shown.
fn promises(out: &mut String, promises: &[Promise]) {
    let _ = writeln!(out, "\nPromises");
    let rows: Vec<_> = promises
        .iter()
        .filter(|promise| !promise.kept || !promise.what.starts_with("trainer "))
        .map(|promise| {
            vec![
                mark(promise.kept),
                promise.what.clone(),
                promise.saw.clone(),
            ]
        })
        .collect();
    table(out, &["", "what must hold", "seen"], &rows);
}

fn proof(out: &mut String, proof: &Proof) {
    let _ = writeln!(
        out,
        "\nProof: the statistics grew by what the demo counted (money in minor units)"
    );
    let rows: Vec<_> = proof
        .lines
        .iter()
        .map(|line| {
            vec![
                mark(line.equal),
                line.statistics.to_owned(),
                line.column.clone(),
                line.counted.to_string(),
                (line.after - line.before).to_string(),
                line.before.to_string(),
                line.after.to_string(),
            ]
        })
        .collect();
    table(
        out,
        &[
            "",
            "statistics",
            "column",
            "counted",
            "grew by",
            "before",
            "after",
        ],
        &rows,
    );
    for left_out in &proof.left_out {
        let _ = writeln!(out, "  not compared: {left_out}");
    }
}

fn mark(good: bool) -> String {
    if good { "ok" } else { "!!" }.to_owned()
}

/// Columns as wide as their widest cell; numbers to the right.
fn table(out: &mut String, heads: &[&str], rows: &[Vec<String>]) {
    let widths: Vec<usize> = heads
        .iter()
        .enumerate()
        .map(|(column, head)| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells
                .map(|cell| cell.chars().count())
                .max()
                .unwrap_or(0)
                .max(head.chars().count())
        })
        .collect();
    let mut line = |cells: &mut dyn Iterator<Item = &str>| {
        let mut text = String::from(" ");
        for (cell, width) in cells.zip(&widths) {
            let number = cell.starts_with(|first: char| first.is_ascii_digit() || first == '-')
                && cell.parse::<i64>().is_ok();
            let _ = if number {
                write!(text, " {cell:>width$} ")
            } else {
                write!(text, " {cell:<width$} ")
            };
        }
        out.push_str(text.trim_end());
        out.push('\n');
    };
    line(&mut heads.iter().copied());
    for row in rows {
        line(&mut row.iter().map(String::as_str));
    }
    out.push('\n');
}

fn amounts(money: &[Money]) -> String {
    if money.is_empty() {
        return "-".to_owned();
    }
    let each = money.iter().map(|money| {
        let decimals = if money.currency_code == "JPY" { 0 } else { 2 };
        let unit = 10_u64.pow(decimals);
        let sign = if money.minor_units < 0 { "-" } else { "" };
        let minor = money.minor_units.unsigned_abs();
        let whole = minor / unit;
        if decimals == 0 {
            format!("{sign}{whole} {}", money.currency_code)
        } else {
            format!("{sign}{whole}.{:02} {}", minor % unit, money.currency_code)
        }
    });
    each.collect::<Vec<_>>().join(", ")
}

fn json(outcome: &Outcome) -> serde_json::Value {
    json!({
        "ok": outcome.holds(),
        "seed": outcome.seed,
        "parents": outcome.parents,
        "days": outcome.days,
        "seconds": outcome.elapsed.as_secs_f64(),
        "requests": outcome.requests,
        "business_zone": outcome.after.business_zone,
        "date": outcome.after.today.to_string(),
        "figures": outcome.proof.lines,
        "not_compared": outcome.proof.left_out,
        "promises": outcome.promises,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_shown_with_the_decimals_of_their_currency() {
        let money = |code: &str, minor_units| Money {
            currency_code: code.to_owned(),
            minor_units,
        };
        assert_eq!(
            amounts(&[money("EUR", 123_405), money("JPY", 5_000)]),
            "1234.05 EUR, 5000 JPY"
        );
        assert_eq!(amounts(&[money("USD", -7)]), "-0.07 USD");
        assert_eq!(amounts(&[]), "-");
    }
}

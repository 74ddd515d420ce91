//! Every RPC of every service against every kind of caller.
//!
//! `rows` has one row for each RPC: a request that is well-formed for the owner, and what each
//! caller is to be told. An RPC without a row, and a row without an RPC, fail the build.

mod analytics;
mod callers;
mod children;
mod identity;
mod last;
mod log;
mod mail;
mod outcome;
mod payments;
mod rows;
mod scheduling;
mod ticketing;
pub mod wire;
mod world;

use std::fmt::Write as _;

use contracts::CONTRACT;

pub use callers::Caller;
use outcome::Outcome;
pub use rows::Row;
pub use world::World;

/// In the order in which they are called: what ends somebody's account comes last.
pub const TABLES: &[&[Row]] = &[
    scheduling::ROWS,
    ticketing::ROWS,
    payments::ROWS,
    analytics::ROWS,
    log::ROWS,
    identity::ROWS,
    children::ROWS,
    mail::ROWS,
    last::ROWS,
];

const _: () = rows::assert_complete(TABLES, CONTRACT.rules);

#[tokio::test]
async fn every_rpc_answers_every_caller_as_the_table_says() {
    let world = World::make().await;
    let (mut calls, mut wrong, mut report) = (0, Vec::new(), String::new());
    for row in TABLES.iter().copied().flatten() {
        for service in row.services {
            let mut seen = String::new();
            for caller in Caller::ALL {
                let found = outcome::of(&world, row, service, caller).await;
                let expected = row.expected(caller);
                calls += 1;
                let _ = write!(seen, "{:>9}", found.outcome.letter());
                if found.outcome != expected {
                    wrong.push(format!(
                        "{service} {} {caller:?}: expected {expected:?}, got {:?}: {}",
                        row.path, found.outcome, found.what
                    ));
                }
            }
            let _ = writeln!(report, "{:<66}{seen}", row.short_path());
        }
    }
    println!("{:<66}{}\n{report}", "", callers::headings());
    assert!(
        wrong.is_empty(),
        "{} of {calls} calls went otherwise:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    println!(
        "access matrix: {} RPCs x {} callers, {calls} calls, all as expected ({})",
        CONTRACT.rules.len(),
        Caller::ALL.len(),
        Outcome::LEGEND
    );
}

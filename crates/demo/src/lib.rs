#![doc = include_str!("../README.md")]

mod args;
mod error;

// What is attempted, with which clients, and what is counted.
mod person;
mod plan;
mod platform;
mod progress;
mod tally;

// The season; the README has the order in which it is played.
mod camps;
mod guest;
mod payments;
mod refusals;
mod sessions;
mod setup;
mod today;

// The result.
mod figures;
mod proof;
mod report;

use std::process::ExitCode;
use std::time::Instant;

use figures::Snapshot;
use plan::Plan;
use platform::Platform;
use progress::Progress;
use report::Outcome;
use tally::Tally;

pub use args::DemoArgs;
pub use error::DemoError;

/// Plays a season and prints the result. The exit code is a failure when a statistic differs from
/// what the demo counted, or when a promise was not kept.
///
/// `local_admin` is the email and the password of the administrator that a local `up` has made;
/// the season is played as this administrator unless `args` name another one.
pub async fn run(
    args: DemoArgs,
    local_admin: Option<(String, String)>,
) -> Result<ExitCode, DemoError> {
    let began = Instant::now();
    let (email, password) = args.administrator(local_admin)?;
    let plan = Plan::new(args.seed, args.parents, args.days);
    let progress = Progress::start(plan.steps(), args.json);
    let platform = Platform::connect(&args.addresses).await?;
    let admin = platform.log_in(&email, &password).await?;

    let before = Snapshot::take(&platform, &admin).await?;
    let tally = Tally::default();
    let stage = setup::play(&platform, &admin, &plan, &tally, &progress).await?;
    let today = if args.complete {
        Some(today::begin(&platform, &plan, &stage, &tally).await?)
    } else {
        None
    };
    let paid = sessions::play(&platform, &plan, &stage, &tally, &progress).await?;
    let camps = camps::play(&platform, &admin, &plan, &stage, &tally, &progress).await?;
    let scene = refusals::Scene {
        platform: &platform,
        plan: &plan,
        stage: &stage,
        camps: &camps,
        paid: &paid,
        tally: &tally,
    };
    refusals::play(&scene, &progress).await?;
    guest::play(&platform, &plan, &tally).await?;
    if let Some(today) = today {
        today::complete(&platform, &today, &tally, &progress).await?;
    }
    progress.say("waiting for the statistics");
    let after = Snapshot::take(&platform, &admin).await?;
    figures::explained(&platform, &admin, &after, &tally).await?;
    progress.finish();

    let proof = proof::compare(&before, &after, &tally.counted());
    let outcome = Outcome {
        seed: args.seed,
        parents: args.parents,
        days: args.days,
        elapsed: began.elapsed(),
        requests: platform.requests(),
        after,
        proof,
        promises: tally.promises(),
    };
    report::print(&outcome, args.json)?;
    Ok(if outcome.holds() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

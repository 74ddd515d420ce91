//! `divinetime demo`: plays a season through the public gRPC API and nothing else, and proves
//! that the statistics equal what it counted from the answers it got.
//!
//! In the order of a run: `plan` decides by the seed what is attempted, `platform` are the
//! clients, `setup`, `today`, `sessions`, `camps`, `refusals` and `guest` play, `tally` counts the
//! answers, `figures` reads the statistics, `proof` compares, `report` shows.

mod camps;
mod error;
mod figures;
mod guest;
mod payments;
mod person;
mod plan;
mod platform;
mod progress;
mod proof;
mod refusals;
mod report;
mod sessions;
mod setup;
mod tally;
mod today;

use std::process::ExitCode;
use std::time::Instant;

pub use error::DemoError;
use figures::Snapshot;
use plan::Plan;
use platform::{Addresses, Platform};
use progress::Progress;
use report::Outcome;
use tally::Tally;

/// How many calls are under way at the same time.
const CONCURRENCY: usize = 16;

/// What `divinetime demo` can be told.
#[derive(Clone, Debug, clap::Args)]
pub struct DemoArgs {
    /// How many parents take part.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(4..=5000))]
    pub parents: u32,
    /// How many days from tomorrow on trainers can be booked.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(7..=300))]
    pub days: u32,
    /// Decides what is attempted; the same seed attempts the same.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Also books a session that begins within the minute and completes it when it is over: up to two minutes more.
    #[arg(long)]
    pub complete: bool,
    /// Prints one JSON object at the end instead of progress and tables.
    #[arg(long)]
    pub json: bool,
    /// Login address of an administrator; the local one of `up` unless given.
    #[arg(long, env = "DIVINETIME_ADMIN_EMAIL")]
    pub admin_email: Option<String>,
    /// Where the services are.
    #[command(flatten)]
    pub addresses: Addresses,
    /// Password of the administrator, from the environment or from `up`.
    #[arg(skip = std::env::var("DIVINETIME_ADMIN_PASSWORD").ok())]
    pub admin_password: Option<String>,
}

/// Plays the season, prints the result and says how it ended: a failure when a figure differs,
/// a bad request was accepted or a promise was not kept.
///
/// `local_admin` is the email and password of the administrator of a local `up`.
pub async fn run(
    args: DemoArgs,
    local_admin: Option<(String, String)>,
) -> Result<ExitCode, DemoError> {
    let began = Instant::now();
    let (email, password) = match (&args.admin_email, &args.admin_password) {
        (Some(email), Some(password)) => (email.clone(), password.clone()),
        (Some(_), None) => return Err(DemoError::NoPassword),
        (None, _) => local_admin.ok_or(DemoError::NoAdmin)?,
    };
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

//! `divinetime projections`: what is derived from the logs, and how far it is.

mod aside;
mod list;
mod rebuild;
mod retry;
mod wait;

use std::process::ExitCode;
use std::time::Duration;

use clap::Subcommand;
use eventsourcing::{Checkpoints, ProjectionState, ProjectionStatus};
use serde::Serialize;
use sqlx::PgPool;

use crate::data_dir::DataDir;
use crate::services::names;
use crate::{Failure, operator};
use aside::Aside;

const LOOK: Duration = Duration::from_millis(50);

/// What can be done with projections.
#[derive(Debug, Subcommand)]
pub enum ProjectionsCommand {
    /// Shows how far every projection, process and relay is, and what each has set aside: parked
    /// keys, and commands that were refused for good
    List(list::ListArgs),
    /// Builds the read tables of projections anew; they are offline until everything is replayed.
    /// Fails when events had to be parked
    Rebuild(rebuild::RebuildArgs),
    /// Folds the parked events of a projection after all, and sends the parked commands of a process
    /// again: those of one key, or all. Fails when one of them is parked again
    Retry(retry::RetryArgs),
    /// Waits until everything that is in the logs is folded everywhere, no process has a command
    /// to send or a timer that is due, and the provider has told the outcome of every payment and
    /// refund. Fails when something is parked
    Wait(wait::WaitArgs),
}

/// Why something cannot be done with a projection.
#[derive(Debug, thiserror::Error)]
enum ProjectionsError {
    #[error("There is no {0}: `divinetime projections list` shows what there is.")]
    Unknown(String),
    #[error("Several services have a projection {name}: name one of {choices}.")]
    Ambiguous { name: String, choices: String },
    #[error("Nobody runs {0} at the moment: this is done as soon as somebody does.")]
    Stopped(String),
    #[error("{0} is not done after {1} s: {2}.")]
    Overdue(String, u64, String),
    #[error(
        "{projection} has parked keys, so that it cannot be complete: `divinetime projections retry {projection}` folds them after all."
    )]
    Parked { projection: String },
    #[error(
        "{process} has commands that were refused for good, so that nothing after them is sent: `divinetime projections list` shows why, `divinetime projections retry {process}` sends them again."
    )]
    Refused { process: String },
    #[error("Parked again: {0}.")]
    Again(String),
}

impl ProjectionsError {
    /// An error that names everybody who has set something aside, and why.
    fn unless_empty(all: &[(String, &Aside)]) -> Result<(), Failure> {
        if all.is_empty() {
            return Ok(());
        }
        let all: Vec<String> = all
            .iter()
            .map(|(name, aside)| format!("{name} has {}", aside.summary()))
            .collect();
        Err(Self::Again(all.join("; ")).into())
    }
}

#[derive(Serialize)]
struct Listed {
    service: &'static str,
    #[serde(flatten)]
    status: ProjectionStatus,
}

impl Listed {
    fn name(&self) -> String {
        format!("{}/{}", self.service, self.status.projection)
    }
}

type Pools = Vec<(&'static str, PgPool)>;

/// Works on what runs in the data directory, or on `DATABASE_URL`.
pub async fn run(command: ProjectionsCommand) -> Result<ExitCode, Failure> {
    match command {
        ProjectionsCommand::List(args) => list::run(&pools(&args.data).await?, &args).await?,
        ProjectionsCommand::Rebuild(args) => rebuild::run(&pools(&args.data).await?, &args).await?,
        ProjectionsCommand::Retry(args) => retry::run(&pools(&args.data).await?, &args).await?,
        ProjectionsCommand::Wait(args) => wait::run(&pools(&args.data).await?, &args).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn pools(data: &DataDir) -> Result<Pools, Failure> {
    operator::pools(&operator::reach(data)?, names(None)).await
}

async fn list(pools: &Pools) -> Result<Vec<Listed>, Failure> {
    let mut all = Vec::new();
    for (service, pool) in pools {
        let statuses = Checkpoints::new(pool.clone()).list().await?;
        all.extend(
            statuses
                .into_iter()
                .map(|status| Listed { service, status }),
        );
    }
    Ok(all)
}

fn state(state: ProjectionState) -> &'static str {
    match state {
        ProjectionState::Live => "live",
        ProjectionState::Rebuilding => "rebuilding",
        ProjectionState::Failing => "failing",
        ProjectionState::Stopped => "stopped",
    }
}

/// A projection or process, and the one service that has it.
#[derive(Clone, Copy)]
struct Owned<'a> {
    service: &'static str,
    pool: &'a PgPool,
    name: &'a str,
}

impl PartialEq for Owned<'_> {
    fn eq(&self, other: &Self) -> bool {
        (self.service, self.name) == (other.service, other.name)
    }
}

impl Owned<'_> {
    fn full_name(&self) -> String {
        format!("{}/{}", self.service, self.name)
    }

    fn is(&self, listed: &Listed) -> bool {
        self.service == listed.service && self.name == listed.status.projection
    }
}

/// What has a name, which may be written `SERVICE/NAME`.
fn owned<'a>(
    pools: &'a Pools,
    all: &[Listed],
    name: &'a str,
) -> Result<Owned<'a>, ProjectionsError> {
    let (wanted, short) = match name.split_once('/') {
        Some((service, short)) => (Some(service), short),
        None => (None, name),
    };
    let mut owners: Vec<&'static str> = all
        .iter()
        .filter(|listed| {
            listed.status.projection == short
                && wanted.is_none_or(|wanted| wanted == listed.service)
        })
        .map(|listed| listed.service)
        .collect();
    owners.dedup();
    match owners[..] {
        [] => Err(ProjectionsError::Unknown(name.to_owned())),
        [owner] => pools
            .iter()
            .find(|(service, _)| *service == owner)
            .map(|(service, pool)| Owned {
                service,
                pool,
                name: short,
            })
            .ok_or_else(|| ProjectionsError::Unknown(name.to_owned())),
        _ => Err(ProjectionsError::Ambiguous {
            name: short.to_owned(),
            choices: owners
                .iter()
                .map(|owner| format!("{owner}/{short}"))
                .collect::<Vec<_>>()
                .join(", "),
        }),
    }
}

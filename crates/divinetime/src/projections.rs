//! `divinetime projections`: what is derived from the logs, and how far it is.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand};
use eventsourcing::{
    CheckpointError, Checkpoints, Outbox, OutboxItem, Parked, ProjectionState, ProjectionStatus,
};
use serde::Serialize;
use sqlx::PgPool;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::data_dir::DataDir;
use crate::services::names;
use crate::{Failure, console, operator};

const LOOK: Duration = Duration::from_millis(50);

/// What can be done with projections.
#[derive(Debug, Subcommand)]
pub enum ProjectionsCommand {
    /// Shows how far every projection, process and relay is
    List(ListArgs),
    /// Builds the read tables of projections anew; they are offline until everything is replayed
    Rebuild(RebuildArgs),
    /// Folds the parked events of a projection after all, and sends the parked commands of a process
    /// again: those of one key, or all
    Retry(RetryArgs),
    /// Waits until everything that is in the logs is folded everywhere, and no process has a command
    /// to send or a timer that is due
    Wait(WaitArgs),
}

/// The options of `list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Prints one JSON array
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    data: DataDir,
}

/// The options of `rebuild`.
#[derive(Debug, Args)]
pub struct RebuildArgs {
    /// The projections, with the service where several have one of this name: SERVICE/NAME
    #[arg(required = true, value_name = "NAME")]
    names: Vec<String>,
    /// Returns at once instead of when they are done
    #[arg(long)]
    no_wait: bool,
    /// Prints their status as JSON at the end
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    data: DataDir,
}

/// The options of `retry`.
#[derive(Debug, Args)]
pub struct RetryArgs {
    /// The projection or process, with its service where several have one of this name: SERVICE/NAME
    name: String,
    /// One parked key; all of them unless given
    key: Option<String>,
    /// Prints the keys of events and the request ids of commands as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    data: DataDir,
}

/// The options of `wait`.
#[derive(Debug, Args)]
pub struct WaitArgs {
    /// Gives up after so many seconds
    #[arg(long, default_value_t = 60, value_name = "SECONDS")]
    timeout: u64,
    /// Prints the heads of the logs as JSON at the end
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    data: DataDir,
}

/// Why something cannot be done with a projection.
#[derive(Debug, thiserror::Error)]
enum ProjectionsError {
    #[error("There is no {0}: `divinetime projections list` shows what there is.")]
    Unknown(String),
    #[error("Several services have a projection {name}: name one of {choices}.")]
    Ambiguous { name: String, choices: String },
    #[error("Nobody runs {0} at the moment: it is rebuilt as soon as somebody does.")]
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
}

/// What is tried again.
#[derive(Serialize)]
struct Retried {
    keys: Vec<String>,
    commands: Vec<Uuid>,
}

#[derive(Serialize)]
struct Listed {
    service: &'static str,
    #[serde(flatten)]
    status: ProjectionStatus,
}

type Pools = Vec<(&'static str, PgPool)>;

/// Works on what runs in the data directory, or on `DATABASE_URL`.
pub async fn run(command: ProjectionsCommand) -> Result<ExitCode, Failure> {
    match command {
        ProjectionsCommand::List(args) => show(&pools(&args.data).await?, args.json).await?,
        ProjectionsCommand::Rebuild(args) => rebuild(&pools(&args.data).await?, &args).await?,
        ProjectionsCommand::Retry(args) => retry(&pools(&args.data).await?, &args).await?,
        ProjectionsCommand::Wait(args) => wait(&pools(&args.data).await?, &args).await?,
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

async fn show(pools: &Pools, json: bool) -> Result<(), Failure> {
    let all = list(pools).await?;
    if json {
        return console::json(&all);
    }
    let rows: Vec<_> = all
        .iter()
        .map(|Listed { service, status }| {
            [
                (*service).to_owned(),
                status.projection.clone(),
                status.kind.to_lowercase(),
                status.source.clone(),
                state(status.state).to_owned(),
                status.position.to_string(),
                status.lag_events.to_string(),
                format!("{:.1}", status.lag_seconds),
                status.parked_keys.to_string(),
                status.waiting_commands.to_string(),
                status.parked_commands.to_string(),
            ]
        })
        .collect();
    console::table(
        [
            "SERVICE", "NAME", "KIND", "SOURCE", "STATE", "POSITION", "BEHIND", "SECONDS",
            "PARKED", "SENDING", "REFUSED",
        ],
        &rows,
    );
    let errors = all
        .iter()
        .filter_map(|listed| Some((listed, listed.status.error.as_ref()?)));
    for (Listed { service, status }, error) in errors {
        console::line(format_args!("{service}/{}: {error}", status.projection));
    }
    show_refused(pools, &all).await
}

/// The commands that were refused for good, with the refusals.
async fn show_refused(pools: &Pools, all: &[Listed]) -> Result<(), Failure> {
    for (service, pool) in pools {
        let mut processes: Vec<&str> = all
            .iter()
            .filter(|listed| listed.service == *service && listed.status.parked_commands > 0)
            .map(|listed| listed.status.projection.as_str())
            .collect();
        processes.dedup();
        for process in processes {
            for command in Outbox::new(pool.clone()).parked(process).await? {
                console::line(format_args!("{service}/{process}: {}", refusal(&command)));
            }
        }
    }
    Ok(())
}

fn refusal(command: &OutboxItem) -> String {
    format!(
        "{} of {} is refused, code {}: {}",
        command.method,
        command.key,
        command.code.unwrap_or_default(),
        command.message.as_deref().unwrap_or_default()
    )
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

/// Nothing is rebuilt unless every name is the one of a projection.
async fn rebuild(pools: &Pools, args: &RebuildArgs) -> Result<(), Failure> {
    let all = list(pools).await?;
    let mut chosen: Vec<Owned<'_>> = Vec::new();
    for name in &args.names {
        let owned = owned(pools, &all, name)?;
        if !chosen.contains(&owned) {
            chosen.push(owned);
        }
    }
    let is_chosen = |listed: &&Listed| chosen.iter().any(|owned| owned.is(listed));
    let mut statuses = all.iter().filter(is_chosen).map(|listed| &listed.status);
    if let Some(other) = statuses.find(|status| status.kind != "PROJECTION") {
        return Err(CheckpointError::NotAProjection(other.projection.clone()).into());
    }
    for Owned { pool, name, .. } in &chosen {
        Checkpoints::new((*pool).clone())
            .request_rebuild(name)
            .await
            .map_err(|error| match error {
                CheckpointError::Unknown(name) => Failure::from(ProjectionsError::Unknown(name)),
                other => other.into(),
            })?;
        if !args.json {
            console::line(format_args!(
                "{name} is being rebuilt; its read tables are offline until it has replayed everything"
            ));
        }
    }
    if args.no_wait {
        return Ok(());
    }
    let rebuilt = rebuilt(pools, &chosen, !args.json).await?;
    if args.json {
        return console::json(&rebuilt);
    }
    for Owned { name, .. } in &chosen {
        console::line(format_args!("{name} is live again"));
    }
    Ok(())
}

/// The status of projections once all of them are live again; says meanwhile how far they are.
async fn rebuilt(
    pools: &Pools,
    chosen: &[Owned<'_>],
    progress: bool,
) -> Result<Vec<Listed>, Failure> {
    let mut shown = Instant::now();
    loop {
        let mut all = list(pools).await?;
        all.retain(|listed| chosen.iter().any(|owned| owned.is(listed)));
        let not_live = all
            .iter()
            .filter(|listed| listed.status.state != ProjectionState::Live);
        let not_live: Vec<&Listed> = not_live.collect();
        if not_live.is_empty() {
            return Ok(all);
        }
        let stopped = |listed: &&&Listed| listed.status.state == ProjectionState::Stopped;
        if let Some(stopped) = not_live.iter().find(stopped) {
            let name = stopped.status.projection.clone();
            return Err(ProjectionsError::Stopped(name).into());
        }
        if progress && shown.elapsed() > Duration::from_secs(1) {
            shown = Instant::now();
            for Listed { service, status } in not_live {
                console::line(format_args!(
                    "{service}/{}: {} of {} events of {}",
                    status.projection, status.position, status.head, status.source
                ));
            }
        }
        sleep(LOOK).await;
    }
}

async fn retry(pools: &Pools, args: &RetryArgs) -> Result<(), Failure> {
    let all = list(pools).await?;
    let Owned { pool, name, .. } = owned(pools, &all, &args.name)?;
    let parked = Parked::new(pool.clone());
    let mut keys: Vec<String> = parked
        .list(Some(name))
        .await?
        .into_iter()
        .map(|parked| parked.key)
        .collect();
    keys.retain(|key| args.key.as_ref().is_none_or(|wanted| wanted == key));
    let outbox = Outbox::new(pool.clone());
    let mut refused = outbox.parked(name).await?;
    refused.retain(|command| args.key.as_ref().is_none_or(|key| *key == command.key));
    if keys.is_empty()
        && refused.is_empty()
        && let Some(key) = &args.key
    {
        return Err(ProjectionsError::Unknown(format!("parked key {key} of {name}")).into());
    }
    for key in &keys {
        parked.request_retry(name, key).await?;
    }
    for command in &refused {
        outbox.retry(command.request_id).await?;
    }
    let commands: Vec<Uuid> = refused.iter().map(|command| command.request_id).collect();
    if args.json {
        return console::json(&Retried { keys, commands });
    }
    console::line(format_args!(
        "{} parked keys and {} parked commands of {name} are tried again",
        keys.len(),
        commands.len()
    ));
    Ok(())
}

async fn wait(pools: &Pools, args: &WaitArgs) -> Result<(), Failure> {
    let end = Instant::now() + Duration::from_secs(args.timeout);
    let mut heads = heads(pools).await?;
    loop {
        let behind = first_behind(&list(pools).await?, &heads)?;
        if behind.is_none() {
            // A process may have sent commands meanwhile, which made further events.
            let now = self::heads(pools).await?;
            if now == heads {
                break;
            }
            heads = now;
            continue;
        }
        if Instant::now() >= end
            && let Some((what, how)) = behind
        {
            return Err(ProjectionsError::Overdue(what, args.timeout, how).into());
        }
        sleep(LOOK).await;
    }
    if args.json {
        return console::json(&heads);
    }
    let heads: Vec<String> = heads
        .iter()
        .map(|(service, head)| format!("{service} {head}"))
        .collect();
    console::line(format_args!(
        "everything is folded up to {}",
        heads.join(", ")
    ));
    Ok(())
}

async fn heads(pools: &Pools) -> Result<BTreeMap<&'static str, i64>, Failure> {
    let mut heads = BTreeMap::new();
    for (service, pool) in pools {
        let head = sqlx::query_scalar("select position from log_head")
            .fetch_one(pool)
            .await?;
        heads.insert(*service, head);
    }
    Ok(heads)
}

/// The first that has not folded its source up to the head or has commands to send, with the
/// reason.
fn first_behind(
    all: &[Listed],
    heads: &BTreeMap<&'static str, i64>,
) -> Result<Option<(String, String)>, ProjectionsError> {
    for Listed { service, status } in all {
        let name = format!("{service}/{}", status.projection);
        if status.parked_keys > 0 {
            return Err(ProjectionsError::Parked { projection: name });
        }
        if status.parked_commands > 0 {
            return Err(ProjectionsError::Refused { process: name });
        }
        let head = heads
            .get(status.source.as_str())
            .copied()
            .unwrap_or_default();
        if status.position < head {
            let how = format!(
                "{} of {} events of {}, {}",
                status.position,
                head,
                status.source,
                state(status.state)
            );
            return Ok(Some((name, how)));
        }
        if status.state == ProjectionState::Rebuilding {
            return Ok(Some((name, "it is being rebuilt".to_owned())));
        }
        if status.waiting_commands + status.due_timers > 0 {
            let how = format!(
                "{} commands to send, {} timers due, {}",
                status.waiting_commands,
                status.due_timers,
                state(status.state)
            );
            return Ok(Some((name, how)));
        }
    }
    Ok(None)
}

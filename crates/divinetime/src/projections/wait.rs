//! `divinetime projections wait`.

use std::collections::BTreeMap;
use std::time::Duration;

use clap::Args;
use eventsourcing::ProjectionState;
use tokio::time::{Instant, sleep};

use super::{LOOK, Listed, Pools, ProjectionsError, list, state};
use crate::data_dir::DataDir;
use crate::{Failure, console};

/// The options of `wait`.
#[derive(Debug, Args)]
pub struct WaitArgs {
    /// Gives up after so many seconds
    #[arg(long, default_value_t = 60, value_name = "SECONDS")]
    timeout: u64,
    /// Does not wait for payments and refunds whose outcome the provider has not told yet; says how
    /// many they are
    #[arg(long)]
    but_unknown: bool,
    /// Prints the heads of the logs as JSON at the end
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    pub data: DataDir,
}

type Heads = BTreeMap<&'static str, i64>;

/// Returns when the heads stay where they are and nothing is behind them.
pub async fn run(pools: &Pools, args: &WaitArgs) -> Result<(), Failure> {
    let end = Instant::now() + Duration::from_secs(args.timeout);
    let mut heads = heads(pools).await?;
    let all = loop {
        let all = list(pools).await?;
        let mut behind = first_behind(&all, &heads)?;
        if !args.but_unknown {
            behind = behind.or_else(|| first_asking(&all));
        }
        let Some((what, how)) = behind else {
            // A process may have sent commands meanwhile, which made further events.
            let now = self::heads(pools).await?;
            if now == heads {
                break all;
            }
            heads = now;
            continue;
        };
        if Instant::now() >= end {
            return Err(ProjectionsError::Overdue(what, args.timeout, how).into());
        }
        sleep(LOOK).await;
    };
    if let Some((what, how)) = first_asking(&all) {
        console::error(format_args!("{what}: {how}"));
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

async fn heads(pools: &Pools) -> Result<Heads, Failure> {
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
    heads: &Heads,
) -> Result<Option<(String, String)>, ProjectionsError> {
    for listed in all {
        let (name, status) = (listed.name(), &listed.status);
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
    let has_run = |service: &str| all.iter().any(|listed| listed.service == service);
    let idle = heads.keys().find(|service| !has_run(service));
    Ok(idle.map(|service| {
        let how = "its projections have never run here".to_owned();
        ((*service).to_owned(), how)
    }))
}

/// The first that waits for an answer from outside, with how many answers are missing.
fn first_asking(all: &[Listed]) -> Option<(String, String)> {
    let listed = all.iter().find(|listed| listed.status.asking > 0)?;
    let how = format!(
        "the outcome of {} is not known yet, and is asked for again",
        listed.status.asking
    );
    Some((listed.name(), how))
}

//! `divinetime projections rebuild`.

use std::time::Duration;

use clap::Args;
use eventsourcing::{CheckpointError, Checkpoints, ProjectionState};
use serde::Serialize;
use tokio::time::{Instant, sleep};

use super::aside::{self, Aside};
use super::{LOOK, Listed, Owned, Pools, ProjectionsError, list, owned};
use crate::data_dir::DataDir;
use crate::{Failure, console};

/// The options of `rebuild`.
#[derive(Debug, Args)]
pub struct RebuildArgs {
    /// The projections, with the service where several have one of this name: SERVICE/NAME
    #[arg(required = true, value_name = "NAME")]
    names: Vec<String>,
    /// Returns at once instead of when they are done
    #[arg(long)]
    no_wait: bool,
    /// Prints their status as JSON at the end, with the keys that were parked
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    pub data: DataDir,
}

#[derive(Serialize)]
struct Rebuilt<'a> {
    #[serde(flatten)]
    listed: &'a Listed,
    #[serde(flatten)]
    aside: Option<&'a Aside>,
}

/// Nothing is rebuilt unless every name is the one of a projection. Fails when the rebuilt tables
/// lack what was parked.
pub async fn run(pools: &Pools, args: &RebuildArgs) -> Result<(), Failure> {
    let chosen = chosen(pools, &args.names).await?;
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
    let statuses = rebuilt(pools, &chosen, !args.json).await?;
    let mut asides = Vec::with_capacity(chosen.len());
    for owned in &chosen {
        asides.push(Aside::of(pools, owned).await?);
    }
    if args.json {
        console::json(&with_asides(&statuses, &chosen, &asides))?;
    }
    let mut parked = Vec::new();
    for (owned, aside) in chosen.iter().zip(&asides) {
        if !aside.is_empty() {
            parked.push((owned.full_name(), aside));
        } else if !args.json {
            console::line(format_args!("{} is live again", owned.name));
        }
    }
    if !args.json {
        aside::show(parked.clone());
    }
    ProjectionsError::unless_empty(&parked)
}

/// The projections of some names, each once.
async fn chosen<'a>(pools: &'a Pools, names: &'a [String]) -> Result<Vec<Owned<'a>>, Failure> {
    let all = list(pools).await?;
    let mut chosen: Vec<Owned<'_>> = Vec::new();
    for name in names {
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
    Ok(chosen)
}

fn with_asides<'a>(
    statuses: &'a [Listed],
    chosen: &[Owned<'_>],
    asides: &'a [Aside],
) -> Vec<Rebuilt<'a>> {
    let aside = |listed: &Listed| {
        let mut both = chosen.iter().zip(asides);
        both.find_map(|(owned, aside)| owned.is(listed).then_some(aside))
    };
    let rebuilt = statuses.iter().map(|listed| Rebuilt {
        aside: aside(listed),
        listed,
    });
    rebuilt.collect()
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
            return Err(ProjectionsError::Stopped(stopped.name()).into());
        }
        if progress && shown.elapsed() > Duration::from_secs(1) {
            shown = Instant::now();
            for listed in not_live {
                let status = &listed.status;
                console::line(format_args!(
                    "{}: {} of {} events of {}",
                    listed.name(),
                    status.position,
                    status.head,
                    status.source
                ));
            }
        }
        sleep(LOOK).await;
    }
}

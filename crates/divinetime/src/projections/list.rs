//! `divinetime projections list`.

use clap::Args;
use serde::Serialize;

use super::aside::{self, Aside};
use super::{Listed, Owned, Pools, list, state};
use crate::data_dir::DataDir;
use crate::{Failure, console};

/// The options of `list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Prints one JSON array, with the parked keys and refused commands of each
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    pub data: DataDir,
}

/// A status with what is set aside.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    listed: Listed,
    /// With the first of several sources alone, as the counts of the status.
    #[serde(flatten)]
    aside: Aside,
}

/// The table of statuses, then what keeps them from going on, then what is set aside.
pub async fn run(pools: &Pools, args: &ListArgs) -> Result<(), Failure> {
    let mut all = Vec::new();
    for listed in list(pools).await? {
        let aside = aside_of(pools, &listed).await?;
        all.push(Shown { listed, aside });
    }
    if args.json {
        return console::json(&all);
    }
    let rows: Vec<_> = all.iter().map(|Shown { listed, .. }| row(listed)).collect();
    console::table(
        [
            "SERVICE", "NAME", "KIND", "SOURCE", "STATE", "POSITION", "BEHIND", "SECONDS",
            "PARKED", "SENDING", "REFUSED", "ASKING",
        ],
        &rows,
    );
    let mut errors: Vec<String> = all
        .iter()
        .filter_map(|Shown { listed, .. }| {
            let error = listed.status.error.as_ref()?;
            Some(format!("{}: {error}", listed.name()))
        })
        .collect();
    // One that has several sources has the same error with each.
    errors.dedup();
    for error in &errors {
        console::cut_line(error);
    }
    aside::show(all.iter().map(|shown| (shown.listed.name(), &shown.aside)));
    Ok(())
}

async fn aside_of(pools: &Pools, listed: &Listed) -> Result<Aside, Failure> {
    let status = &listed.status;
    let pool = pools.iter().find(|(service, _)| *service == listed.service);
    match pool {
        Some((service, pool)) if status.parked_keys + status.parked_commands > 0 => {
            let owned = Owned {
                service,
                pool,
                name: &status.projection,
            };
            Aside::of(pools, &owned).await
        }
        _ => Ok(Aside::default()),
    }
}

fn row(listed: &Listed) -> [String; 12] {
    let Listed { service, status } = listed;
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
        status.asking.to_string(),
    ]
}

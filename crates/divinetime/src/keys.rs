//! `divinetime keys`: the keys that personal data is sealed with, and those that sign access tokens.

use std::io::{IsTerminal as _, stderr};
use std::process::ExitCode;

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use eventsourcing::EventLog;
use eventsourcing::personal::{Census, Keyring};
use identity::{Resources, master_keys};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::data_dir::DataDir;
use crate::{Failure, console, operator};

/// What can be done with keys.
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Shows how many keys of subjects each master key has wrapped
    List(KeysArgs),
    /// Wraps every key with the master key in use that another one has wrapped; can be stopped and started again
    Rewrap(KeysArgs),
    /// Makes the next key that signs access tokens; it takes over when every service has had time to meet it
    Rotate(KeysArgs),
}

/// The options of each.
#[derive(Debug, Args)]
pub struct KeysArgs {
    /// Prints JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    data: DataDir,
}

#[derive(Debug, Serialize)]
struct Listed {
    master_key: String,
    in_use: bool,
    keys: i64,
}

#[derive(Debug, Serialize)]
struct Keys {
    master_keys: Vec<Listed>,
    destroyed: i64,
}

#[derive(Debug, Serialize)]
struct Rewrapped {
    wrapped: u64,
    left: u64,
}

#[derive(Debug, Serialize)]
struct Rotated {
    key_id: String,
    signs_from: DateTime<Utc>,
}

/// Shows or changes the keys of identity, the one service that has personal data.
pub async fn run(command: KeysCommand) -> Result<ExitCode, Failure> {
    match command {
        KeysCommand::List(args) => list(args).await,
        KeysCommand::Rewrap(args) => rewrap(args).await,
        KeysCommand::Rotate(args) => rotate(args).await,
    }
}

async fn list(args: KeysArgs) -> Result<ExitCode, Failure> {
    let keys = Keys::from(keyring(&args.data).await?.census().await?);
    if args.json {
        console::json(&keys)?;
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<[String; 3]> = keys
        .master_keys
        .iter()
        .map(|listed| {
            let used = if listed.in_use { "in use" } else { "previous" };
            [
                listed.master_key.clone(),
                used.to_owned(),
                listed.keys.to_string(),
            ]
        })
        .collect();
    console::table(["master key", "state", "keys"], &rows);
    console::line(format_args!("{} destroyed", keys.destroyed));
    Ok(ExitCode::SUCCESS)
}

async fn rewrap(args: KeysArgs) -> Result<ExitCode, Failure> {
    let keyring = keyring(&args.data).await?;
    let bar = (!args.json && stderr().is_terminal()).then(bar);
    let wrapped = keyring
        .rewrap(|wrapped, left| match &bar {
            Some(bar) => {
                bar.set_length(wrapped + left);
                bar.set_position(wrapped);
            }
            None if args.json => drop(console::json(&Rewrapped { wrapped, left })),
            None => console::line(format_args!("{wrapped} wrapped, {left} left")),
        })
        .await?;
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    if args.json {
        console::json(&Rewrapped { wrapped, left: 0 })?;
    } else {
        console::line(format_args!(
            "{wrapped} keys wrapped again; the previous master key opens nothing any more"
        ));
    }
    Ok(ExitCode::SUCCESS)
}

async fn rotate(args: KeysArgs) -> Result<ExitCode, Failure> {
    let settings = operator::reach(&args.data)?;
    operator::check(&settings).await?;
    let pool = operator::pool(&settings, identity::NAME).await?;
    let log = EventLog::open(pool.clone(), (identity::definition().upcasters)()).await?;
    let resources = Resources::new(&log, &pool, &settings.own()).await?;
    let (key_id, signs_from) = resources.keys.rotate().await?;
    if args.json {
        console::json(&Rotated { key_id, signs_from })?;
    } else {
        console::line(format_args!("key {key_id} signs from {signs_from} on"));
    }
    Ok(ExitCode::SUCCESS)
}

async fn keyring(data: &DataDir) -> Result<Keyring, Failure> {
    let settings = operator::reach(data)?;
    operator::check(&settings).await?;
    let pool = operator::pool(&settings, identity::NAME).await?;
    Ok(Keyring::new(pool, master_keys(&settings.own())?))
}

fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} keys");
    ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

impl From<Census> for Keys {
    fn from(census: Census) -> Self {
        let Census {
            current,
            wrapped,
            destroyed,
        } = census;
        let master_keys = wrapped
            .into_iter()
            .map(|(master_key, keys)| Listed {
                in_use: master_key == current,
                master_key,
                keys,
            })
            .collect();
        Self {
            master_keys,
            destroyed,
        }
    }
}

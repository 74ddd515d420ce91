//! `divinetime projections retry`.

use std::time::Duration;

use clap::Args;
use eventsourcing::{Outbox, Parked, ParkedKey, ProjectionState};
use serde::Serialize;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::aside::{self, Aside, counted};
use super::{LOOK, Owned, Pools, ProjectionsError, list, owned};
use crate::data_dir::DataDir;
use crate::{Failure, console};

/// The options of `retry`.
#[derive(Debug, Args)]
pub struct RetryArgs {
    /// The projection or process, with its service where several have one of this name: SERVICE/NAME
    name: String,
    /// One parked key; all of them unless given
    key: Option<String>,
    /// Returns at once instead of when they were tried
    #[arg(long)]
    no_wait: bool,
    /// Gives up waiting after so many seconds
    #[arg(long, default_value_t = 60, value_name = "SECONDS")]
    timeout: u64,
    /// Prints the keys of events and the request ids of commands as JSON, with those that are set
    /// aside again
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    pub data: DataDir,
}

/// What is tried again, and what is set aside after that.
#[derive(Serialize)]
struct Retried<'a> {
    keys: &'a [String],
    commands: &'a [Uuid],
    #[serde(flatten)]
    aside: &'a Aside,
}

/// What an operator wants to be tried again.
struct Wanted<'a> {
    owned: Owned<'a>,
    keys: Vec<String>,
    commands: Vec<Uuid>,
    /// The keys that were parked before.
    before: Vec<String>,
}

/// Fails when something is set aside again.
pub async fn run(pools: &Pools, args: &RetryArgs) -> Result<(), Failure> {
    let all = list(pools).await?;
    let owned = owned(pools, &all, &args.name)?;
    let name = owned.full_name();
    let stopped = all
        .iter()
        .any(|listed| owned.is(listed) && listed.status.state == ProjectionState::Stopped);
    let wanted = Wanted::ask(owned, args.key.as_deref()).await?;
    let what = wanted.what();
    if let (Some(what), false) = (&what, args.json) {
        console::line(format_args!("{what} of {name} are tried again"));
    }
    if what.is_some() && !args.no_wait {
        if stopped {
            return Err(ProjectionsError::Stopped(name).into());
        }
        wanted.tried(Duration::from_secs(args.timeout)).await?;
    }
    let aside = if args.no_wait {
        Aside::default()
    } else {
        wanted.again(pools).await?
    };
    if args.json {
        console::json(&Retried {
            keys: &wanted.keys,
            commands: &wanted.commands,
            aside: &aside,
        })?;
    } else if what.is_none() {
        console::line(format_args!("nothing of {name} is parked"));
    } else if aside.is_empty() && !args.no_wait {
        console::line(format_args!("nothing of that is parked any more"));
    }
    let mut again = vec![(name, &aside)];
    again.retain(|(_, aside)| !aside.is_empty());
    if !args.json {
        aside::show(again.clone());
    }
    ProjectionsError::unless_empty(&again)
}

impl<'a> Wanted<'a> {
    /// Asks for another try of a key, or of all.
    async fn ask(owned: Owned<'a>, key: Option<&str>) -> Result<Self, Failure> {
        let parked = Parked::new(owned.pool.clone());
        let before = parked.list(Some(owned.name)).await?;
        let before: Vec<String> = before.into_iter().map(|parked| parked.key).collect();
        let mut keys = before.clone();
        keys.retain(|parked| key.is_none_or(|wanted| wanted == parked));
        let outbox = Outbox::new(owned.pool.clone());
        let mut refused = outbox.parked(owned.name).await?;
        refused.retain(|command| key.is_none_or(|wanted| wanted == command.key));
        if let Some(key) = key
            && keys.is_empty()
            && refused.is_empty()
        {
            let nothing = format!("parked key {key} of {}", owned.name);
            return Err(ProjectionsError::Unknown(nothing).into());
        }
        for key in &keys {
            parked.request_retry(owned.name, key).await?;
        }
        for command in &refused {
            outbox.retry(command.request_id).await?;
        }
        Ok(Self {
            owned,
            keys,
            commands: refused.iter().map(|command| command.request_id).collect(),
            before,
        })
    }

    /// `None` when nothing is parked.
    fn what(&self) -> Option<String> {
        let parts = [
            counted(self.keys.len(), "parked key"),
            counted(self.commands.len(), "parked command"),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join(" and "))
    }

    /// Returns when each was tried: it is gone, or parked again.
    async fn tried(&self, patience: Duration) -> Result<(), Failure> {
        let end = Instant::now() + patience;
        loop {
            let open = self.open().await?;
            let Some(open) = open else { return Ok(()) };
            if Instant::now() >= end {
                let name = self.owned.full_name();
                return Err(ProjectionsError::Overdue(name, patience.as_secs(), open).into());
            }
            sleep(LOOK).await;
        }
    }

    /// What has not been tried yet, or not to its end.
    async fn open(&self) -> Result<Option<String>, Failure> {
        let Owned { pool, name, .. } = self.owned;
        let keys = Parked::new(pool.clone()).list(Some(name)).await?;
        let is_open =
            |parked: &&ParkedKey| parked.retry_requested && self.keys.contains(&parked.key);
        if let Some(parked) = keys.iter().find(is_open) {
            return Ok(Some(format!("nobody has tried {} yet", parked.key)));
        }
        let unsent = Outbox::new(pool.clone()).unsent(&self.commands).await?;
        Ok(unsent
            .iter()
            .find(|command| !command.parked)
            .map(|command| {
                let message = command.message.as_deref().unwrap_or("it was not sent yet");
                format!("{} of {}: {message}", command.method, command.key)
            }))
    }

    /// What of it is set aside again, and what was parked in its place.
    async fn again(&self, pools: &Pools) -> Result<Aside, Failure> {
        let mut aside = Aside::of(pools, &self.owned).await?;
        aside.parked.retain(|parked| {
            let key = &parked.key.key;
            self.keys.contains(key) || !self.before.contains(key)
        });
        let commands = &self.commands;
        aside
            .refused
            .retain(|command| commands.contains(&command.request_id));
        Ok(aside)
    }
}

//! `divinetime events`: a service's log as lines.

use std::process::ExitCode;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use clap::Args;
use eventsourcing::{EventLog, RecordedEvent};
use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::data_dir::DataDir;
use crate::services::Name;
use crate::{Failure, console, operator, signals};

const PAGE: i64 = 500;
const LOOK: Duration = Duration::from_millis(200);

/// The options of `events`.
#[derive(Debug, Args)]
pub struct EventsArgs {
    /// identity, scheduling, ticketing, payments or analytics
    service: Name,
    /// Starts behind this position, which the log must have reached unless it is followed; a negative
    /// number counts from the end
    #[arg(
        long,
        default_value_t = 0,
        allow_negative_numbers = true,
        value_name = "POSITION"
    )]
    after: i64,
    /// Ends after so many events
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
    /// Only the events of this aggregate, which must be in the log unless it is followed
    #[arg(long, value_name = "ID")]
    aggregate: Option<String>,
    /// Waits for further events, until Ctrl-C
    #[arg(long, short)]
    follow: bool,
    /// One JSON object a line, with the payload, which may hold personal data
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    data: DataDir,
}

#[derive(Serialize)]
struct Line<'a> {
    service: &'static str,
    position: i64,
    event_id: Uuid,
    recorded_at: DateTime<Utc>,
    aggregate_type: &'a str,
    aggregate_id: &'a str,
    sequence: i64,
    event_type: &'a str,
    event_version: &'a str,
    actor: &'a str,
    command_id: Uuid,
    correlation_id: Uuid,
    causation_id: Option<Uuid>,
    payload: &'a RawValue,
}

/// Why there is nothing to print.
#[derive(Debug, thiserror::Error)]
enum NoEvents {
    #[error("{0} has no log: it counts the events of the other services.")]
    NoLog(&'static str),
    #[error("There is no aggregate {id} in the log of {service}.")]
    NoAggregate { service: &'static str, id: String },
    #[error("The log of {service} ends at {head}: nothing stands behind {after}.")]
    BehindTheEnd {
        service: &'static str,
        head: i64,
        after: i64,
    },
}

/// Prints until the end of the log, the limit or a signal.
pub async fn run(args: EventsArgs) -> Result<ExitCode, Failure> {
    let Name(service) = args.service;
    let definition = args.service.definition()?;
    if !definition.has_log {
        return Err(NoEvents::NoLog(service).into());
    }
    let settings = operator::reach(&args.data)?;
    operator::check(&settings).await?;
    let log = EventLog::open(
        operator::pool(&settings, service).await?,
        (definition.upcasters)(),
    )
    .await?;
    let head = log.head().await?;
    let after = if args.after < 0 {
        (head + args.after).max(0)
    } else {
        args.after
    };
    if !args.follow {
        if let Some(missing) = missing(&log, service, &args, head, after).await? {
            return Err(missing.into());
        }
        if head == 0 {
            console::error(format_args!("The log of {service} is empty."));
        }
    }
    follow(&log, service, &args, after).await?;
    Ok(ExitCode::SUCCESS)
}

/// Why the log has nothing to print, if that is because of what was asked for.
async fn missing(
    log: &EventLog,
    service: &'static str,
    args: &EventsArgs,
    head: i64,
    after: i64,
) -> Result<Option<NoEvents>, Failure> {
    if after > head {
        return Ok(Some(NoEvents::BehindTheEnd {
            service,
            head,
            after,
        }));
    }
    let Some(id) = args.aggregate.clone() else {
        return Ok(None);
    };
    let known: bool =
        sqlx::query_scalar("select exists (select from events where aggregate_id = $1)")
            .bind(&id)
            .fetch_one(log.pool())
            .await?;
    Ok((!known).then_some(NoEvents::NoAggregate { service, id }))
}

async fn follow(
    log: &EventLog,
    service: &'static str,
    args: &EventsArgs,
    mut after: i64,
) -> Result<(), Failure> {
    let stop = signals::stop_on_signal()?;
    let mut left = args.limit.unwrap_or(u64::MAX);
    while left > 0 {
        let events = log.read(after, PAGE).await?;
        for event in &events {
            after = event.position;
            if args
                .aggregate
                .as_ref()
                .is_some_and(|wanted| *wanted != event.aggregate_id)
            {
                continue;
            }
            print(service, event, args.json)?;
            left -= 1;
            if left == 0 {
                break;
            }
        }
        if !events.is_empty() {
            continue;
        }
        if !args.follow {
            break;
        }
        tokio::select! {
            () = stop.cancelled() => break,
            () = tokio::time::sleep(LOOK) => {}
        }
    }
    Ok(())
}

fn print(service: &'static str, event: &RecordedEvent, json: bool) -> Result<(), Failure> {
    if json {
        return console::json(&Line {
            service,
            position: event.position,
            event_id: event.event_id,
            recorded_at: event.recorded_at,
            aggregate_type: &event.aggregate_type,
            aggregate_id: &event.aggregate_id,
            sequence: event.sequence,
            event_type: &event.event_type,
            event_version: &event.event_version,
            actor: &event.actor,
            command_id: event.command_id,
            correlation_id: event.correlation_id,
            causation_id: event.causation_id,
            payload: serde_json::from_str(&event.payload)?,
        });
    }
    let at = event
        .recorded_at
        .to_rfc3339_opts(SecondsFormat::Millis, true);
    console::line(format_args!(
        "{:>8}  {at}  {} {} #{}  {}  by {}",
        event.position,
        event.aggregate_type,
        event.aggregate_id,
        event.sequence,
        event.event_type,
        event.actor
    ));
    Ok(())
}

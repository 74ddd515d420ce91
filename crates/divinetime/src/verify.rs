//! `divinetime verify`: the logs' hash chains, recomputed.

use std::process::ExitCode;

use clap::Args;
use eventsourcing::verify::{VerifyError, verify};
use serde::Serialize;

use crate::data_dir::DataDir;
use crate::services::{Name, names};
use crate::{Failure, console, operator, version};

/// The options of `verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// One service; all of them unless given
    service: Option<Name>,
    /// A head that was noted earlier and must still be in the service's chain
    #[arg(long, requires = "service", value_name = "HASH")]
    head: Option<String>,
    /// Prints one JSON array
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    data: DataDir,
}

#[derive(Debug, Serialize)]
struct Finding {
    service: &'static str,
    intact: bool,
    events: i64,
    batches: u64,
    head: Option<String>,
    problem: Option<String>,
}

/// Fails when a log is not what was appended.
pub async fn run(args: VerifyArgs) -> Result<ExitCode, Failure> {
    let settings = operator::reach(&args.data)?;
    let mut findings = Vec::new();
    for (service, pool) in operator::pools(&settings, names(args.service)).await? {
        let finding = match verify(&pool, args.head.as_deref(), |_, _| {}).await {
            Ok(found) => Finding {
                service,
                intact: true,
                events: found.events,
                batches: found.batches,
                head: Some(found.head),
                problem: None,
            },
            Err(VerifyError::Log(error)) => return Err(error.into()),
            Err(broken) => Finding {
                service,
                intact: false,
                events: 0,
                batches: 0,
                head: None,
                problem: Some(broken.to_string()),
            },
        };
        if !args.json {
            show(&finding);
        }
        findings.push(finding);
    }
    if args.json {
        console::json(&findings)?;
    } else {
        console::line(format_args!("{}", version::zone_rules()));
    }
    let intact = findings.iter().all(|finding| finding.intact);
    Ok(if intact {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn show(
    Finding {
        service,
        events,
        batches,
        head,
        problem,
        ..
    }: &Finding,
) {
    match (head, problem) {
        (Some(head), None) => {
            console::line(format_args!(
                "{service:<11} intact: {events} events in {batches} batches, head {head}"
            ));
        }
        (_, problem) => {
            console::line(format_args!(
                "{service:<11} BROKEN: {}",
                problem.as_deref().unwrap_or("unknown")
            ));
        }
    }
}

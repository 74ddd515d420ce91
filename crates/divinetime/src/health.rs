//! `divinetime health`: a probe for places that have no other.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use serde::Serialize;
use tonic::transport::Endpoint;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::{Failure, console};

const PATIENCE: Duration = Duration::from_secs(2);

/// The options of `health`.
#[derive(Debug, Args)]
pub struct HealthArgs {
    /// Base URL of a service
    #[arg(default_value = "http://127.0.0.1:7101", value_name = "URL")]
    address: String,
    /// Prints the answer as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Health<'a> {
    address: &'a str,
    status: &'a str,
}

/// Fails unless the service says that it serves.
pub async fn run(args: HealthArgs) -> Result<ExitCode, Failure> {
    let HealthArgs { address, json } = args;
    let no_answer = |error: &dyn std::fmt::Display| format!("{address} does not answer: {error}.");
    let channel = Endpoint::from_shared(address.clone())
        .map_err(|error| format!("{address} is not a URL: {error}."))?
        .connect_timeout(PATIENCE)
        .timeout(PATIENCE)
        .connect()
        .await
        .map_err(|error| no_answer(&error))?;
    let answer = HealthClient::new(channel)
        .check(HealthCheckRequest::default())
        .await
        .map_err(|status| no_answer(&status.message()))?
        .into_inner();
    let status = answer.status();
    if json {
        console::json(&Health {
            address: &address,
            status: status.as_str_name(),
        })?;
    } else {
        console::line(format_args!("{address}: {}", status.as_str_name()));
    }
    Ok(if status == ServingStatus::Serving {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

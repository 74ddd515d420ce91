//! `divinetime serve` and `divinetime project`: one service, its API apart from its workers.

use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Args;
use service::SERVICES;
use service::host::Mode;

use crate::outside::{check_database, check_nats};
use crate::ports::listen;
use crate::running::Services;
use crate::services::{Name, chosen};
use crate::{Failure, operator, signals};

/// Between the port of a service's API and that of its workers' health and metrics.
const WORKERS_PORT: u16 = 100;

/// The options of `serve`.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// identity, scheduling, ticketing, payments or analytics
    service: Name,
    /// Where to listen; by default at the service's own port of 127.0.0.1
    #[arg(long, env = "DIVINETIME_LISTEN", value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Runs the service's workers in this process as well
    #[arg(long)]
    workers: bool,
}

/// The options of `project`.
#[derive(Debug, Args)]
pub struct ProjectArgs {
    /// identity, scheduling, ticketing, payments or analytics
    service: Name,
    /// Where to serve health and metrics; by default 100 above the service's own port of 127.0.0.1
    #[arg(long, env = "DIVINETIME_LISTEN", value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
}

/// The address cannot be listened at.
#[derive(Debug, thiserror::Error)]
#[error("{address} cannot be listened at ({source}): choose another with --listen.")]
struct ListenError {
    address: SocketAddr,
    source: std::io::Error,
}

/// Serves the API until a signal.
pub async fn serve(args: ServeArgs) -> Result<ExitCode, Failure> {
    let mode = if args.workers { Mode::Both } else { Mode::Api };
    run(
        args.service,
        args.listen
            .unwrap_or_else(|| default_address(args.service, 0)),
        mode,
    )
    .await
}

/// Runs the workers until a signal.
pub async fn project(args: ProjectArgs) -> Result<ExitCode, Failure> {
    let address = args
        .listen
        .unwrap_or_else(|| default_address(args.service, WORKERS_PORT));
    run(args.service, address, Mode::Workers).await
}

async fn run(service: Name, address: SocketAddr, mode: Mode) -> Result<ExitCode, Failure> {
    let stop = signals::stop_on_signal()?;
    let settings = operator::settings()?;
    let listener = listen(address).map_err(|source| ListenError { address, source })?;
    check_database(settings.database_url.expose()).await?;
    check_nats(settings.nats_url.expose()).await?;
    let listeners = chosen(Some(service)).into_iter().zip([listener]).collect();
    let services = tokio::select! {
        started = Services::start(listeners, &settings, mode) => started?,
        () = stop.cancelled() => return Ok(ExitCode::SUCCESS),
    };
    services.run(&stop).await?;
    Ok(ExitCode::SUCCESS)
}

fn default_address(Name(service): Name, above: u16) -> SocketAddr {
    let port = SERVICES
        .iter()
        .find(|(name, _)| *name == service)
        .map_or(0, |(_, port)| port + above);
    SocketAddr::from(([127, 0, 0, 1], port))
}

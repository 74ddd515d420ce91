use std::process::ExitCode;

use clap::{Parser, Subcommand};
use service::{Telemetry, TelemetrySettings};

use crate::{
    Failure, console, create_admin, demo, events, health, keys, migrate, projections, serve, up,
    verify,
};

/// Sessions, tickets, payments and their statistics for children's sport, in one program.
#[derive(Debug, Parser)]
#[command(name = "divinetime", version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs everything in this process, on a private Postgres and NATS unless `DATABASE_URL` and `NATS_URL` are set
    Up(up::UpArgs),
    /// Serves the API of one service
    Serve(serve::ServeArgs),
    /// Runs the projectors, the relay and the process managers of one service
    Project(serve::ProjectArgs),
    /// Brings the schemas of the services up to date
    Migrate(migrate::MigrateArgs),
    /// Shows, rebuilds, retries or awaits what is derived from the logs
    #[command(subcommand)]
    Projections(projections::ProjectionsCommand),
    /// Checks that the logs are what was appended
    Verify(verify::VerifyArgs),
    /// Prints a service's log
    Events(events::EventsArgs),
    /// Opens an account for an administrator; the password comes from `DIVINETIME_ADMIN_PASSWORD` or standard input
    CreateAdmin(create_admin::CreateAdminArgs),
    /// Shows the keys of personal data, and wraps them with a new master key
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// Asks a service whether it serves
    Health(health::HealthArgs),
    /// Plays a season through the API and checks its statistics
    Demo(demo::DemoCommand),
}

/// Reads the command line, runs the command and says how it ended.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let threads = std::thread::available_parallelism()
        .map_or(2, usize::from)
        .clamp(2, 8);
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error.into()),
    };
    let ended = runtime.block_on(async {
        let telemetry = Telemetry::start(&telemetry(&cli.command))?;
        let ended = run(cli.command).await;
        telemetry.close();
        ended
    });
    // Nothing that still blocks a thread may hold up the end.
    runtime.shutdown_background();
    ended.unwrap_or_else(|error| fail(&error))
}

async fn run(command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Up(args) => up::run(args).await,
        Command::Serve(args) => serve::serve(args).await,
        Command::Project(args) => serve::project(args).await,
        Command::Migrate(args) => migrate::run(args).await,
        Command::Projections(command) => projections::run(command).await,
        Command::Verify(args) => verify::run(args).await,
        Command::Events(args) => events::run(args).await,
        Command::CreateAdmin(args) => create_admin::run(args).await,
        Command::Keys(command) => keys::run(command).await,
        Command::Health(args) => health::run(args).await,
        Command::Demo(command) => demo::run(command).await,
    }
}

/// In production every log line counts; at a terminal only what needs attention.
fn telemetry(command: &Command) -> TelemetrySettings {
    let mut settings = TelemetrySettings::from_environment();
    if settings.filter.is_empty() {
        match command {
            Command::Serve(_) | Command::Project(_) => "info",
            Command::Up(_) => "warn,divinetime=info,sqlx=error",
            _ => "error",
        }
        .clone_into(&mut settings.filter);
    }
    settings
}

fn fail(error: &Failure) -> ExitCode {
    console::error(format_args!("divinetime: {error}"));
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}

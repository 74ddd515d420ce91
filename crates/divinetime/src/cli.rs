use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use service::{Telemetry, TelemetryError, TelemetrySettings};

use crate::{
    Failure, console, create_admin, demo, events, health, keys, migrate, projections, serve,
    settings, up, verify, version,
};

/// Sessions, tickets, payments and their statistics for children's sport, in one program.
#[derive(Debug, Parser)]
#[command(
    name = "divinetime",
    version,
    long_version = version::long(),
    propagate_version = true
)]
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
    let matches = command().get_matches();
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
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
        let telemetry = Telemetry::start(&telemetry(&cli.command)?)?;
        let ended = run(cli.command).await;
        telemetry.close();
        ended
    });
    // Nothing that still blocks a thread may hold up the end.
    runtime.shutdown_background();
    ended.unwrap_or_else(|error| fail(&error))
}

/// The command line, with the settings in the help of what reads all of them.
fn command() -> clap::Command {
    let mut command = Cli::command();
    for (name, programs) in [("up", true), ("serve", false), ("project", false)] {
        let help = settings::help(programs);
        command = command.mut_subcommand(name, |command| command.after_long_help(help));
    }
    command
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
fn telemetry(command: &Command) -> Result<TelemetrySettings, TelemetryError> {
    let mut settings = TelemetrySettings::from_environment()?;
    if settings.filter.is_empty() {
        match command {
            Command::Serve(_) | Command::Project(_) => "info",
            Command::Up(_) => "warn,divinetime=info,sqlx=error",
            _ => "error",
        }
        .clone_into(&mut settings.filter);
    }
    Ok(settings)
}

fn fail(error: &Failure) -> ExitCode {
    console::error(format_args!("divinetime: {error}"));
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        command().debug_assert();
    }

    fn long_help(name: &str) -> String {
        let mut command = command();
        let command = command.find_subcommand_mut(name).unwrap();
        command.render_long_help().to_string()
    }

    #[test]
    fn the_help_of_what_runs_services_names_their_settings() {
        for name in ["up", "serve", "project"] {
            let help = long_help(name);
            for known in [
                "DIVINETIME_DRAIN_SECONDS [default: 10]\n      time to end calls",
                "DIVINETIME_HOLD_SECONDS [default: 900]\n      how long tickets are held",
                "DIVINETIME_BUSINESS_ZONE [default: America/New_York]\n      the time zone whose days",
                "DIVINETIME_MASTER_KEY_FILE\n",
                "DIVINETIME_LOG_FORMAT [default: text]\n",
            ] {
                assert!(help.contains(known), "expected {known} in: {help}");
            }
            assert_eq!(help.contains("DIVINETIME_TOOLS"), name == "up", "{help}");
        }
        assert!(!long_help("verify").contains("DIVINETIME_DRAIN_SECONDS"));
    }

    #[test]
    fn the_version_comes_with_the_release_of_the_time_zone_rules() {
        let version = command().render_long_version();
        let (first, second) = version.split_once('\n').unwrap();
        assert_eq!(first, concat!("divinetime ", env!("CARGO_PKG_VERSION")));
        let rules = values::ZoneRules::in_use().version();
        assert!(second.contains(rules), "{version}");
    }
}

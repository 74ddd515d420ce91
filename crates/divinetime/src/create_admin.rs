//! `divinetime create-admin`: the first administrator comes from whoever has access to the machine.

use std::io::{IsTerminal as _, stdin};
use std::process::ExitCode;

use clap::Args;
use eventsourcing::EventLog;
use identity::{NewAdmin, Resources};
use serde::Serialize;
use uuid::Uuid;

use crate::data_dir::DataDir;
use crate::{Failure, console, operator};

const PASSWORD: &str = "DIVINETIME_ADMIN_PASSWORD";

/// The options of `create-admin`.
#[derive(Debug, Args)]
pub struct CreateAdminArgs {
    /// Login address
    #[arg(long)]
    email: String,
    /// First name
    #[arg(long)]
    first_name: String,
    /// Last name
    #[arg(long)]
    last_name: String,
    /// Prints the user's id and the position in identity's log as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    data: DataDir,
}

#[derive(Serialize)]
struct Created {
    user_id: Uuid,
    position: i64,
}

/// No password was given.
#[derive(Debug, thiserror::Error)]
#[error("A password is needed: set {PASSWORD}, or write it to standard input.")]
struct NoPassword;

/// Opens the account in identity's log.
pub async fn run(args: CreateAdminArgs) -> Result<ExitCode, Failure> {
    let settings = operator::reach(&args.data)?;
    operator::check(&settings).await?;
    let password = password()?;
    let pool = operator::pool(&settings, identity::NAME).await?;
    let log = EventLog::open(pool.clone(), (identity::definition().upcasters)()).await?;
    let resources = Resources::new(&log, &pool, &settings.own()).await?;
    let admin = NewAdmin {
        email: args.email,
        password,
        first_name: args.first_name,
        last_name: args.last_name,
    };
    let created = identity::create_admin(&resources, admin)
        .await
        .map_err(|error| format!("No account was opened: {error}."))?;
    if args.json {
        console::json(&Created {
            user_id: created.user_id,
            position: created.position,
        })?;
    } else {
        console::line(format_args!(
            "administrator {} is in identity's log at {}",
            created.user_id, created.position
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// Never from the command line: other users of the machine can read it there.
fn password() -> Result<String, Failure> {
    if let Some(password) = std::env::var(PASSWORD)
        .ok()
        .filter(|password| !password.is_empty())
    {
        return Ok(password);
    }
    if stdin().is_terminal() {
        console::error(format_args!(
            "Password (shown as you type; {PASSWORD} avoids that):"
        ));
    }
    let mut line = String::new();
    stdin().read_line(&mut line)?;
    let password = line.trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        Err(NoPassword.into())
    } else {
        Ok(password.to_owned())
    }
}

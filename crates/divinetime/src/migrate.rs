//! `divinetime migrate`: the schemas, before anything works on them.

use std::process::ExitCode;

use clap::Args;

use crate::outside::check_database;
use crate::services::{Name, chosen};
use crate::{Failure, console, operator, running};

/// The options of `migrate`.
#[derive(Debug, Args)]
pub struct MigrateArgs {
    /// One service; all of them unless given
    service: Option<Name>,
    /// Prints the names of the services as JSON
    #[arg(long)]
    json: bool,
}

/// Works as the owner of the schemas: `DIVINETIME_OWNER_DATABASE_URL`, else `DATABASE_URL`.
pub async fn run(args: MigrateArgs) -> Result<ExitCode, Failure> {
    let settings = operator::settings()?;
    check_database(settings.owner_database_url().expose()).await?;
    let definitions = chosen(args.service);
    let definitions: Vec<_> = definitions.iter().collect();
    running::migrate(&definitions, &settings).await?;
    let names: Vec<&str> = definitions
        .iter()
        .map(|definition| definition.name)
        .collect();
    if args.json {
        console::json(&names)?;
    } else {
        console::line(format_args!("up to date: {}", names.join(", ")));
    }
    Ok(ExitCode::SUCCESS)
}

//! `divinetime demo`: the season of the crate `demo`, as the administrator of the local `up`.

use std::process::ExitCode;

use clap::Args;
use demo::DemoArgs;

use crate::data_dir::DataDir;
use crate::embedded::home::Home;
use crate::{Failure, operator};

#[derive(Debug, Args)]
pub struct DemoCommand {
    #[command(flatten)]
    args: DemoArgs,
    #[command(flatten)]
    data: DataDir,
}

/// Plays the season and fails when its proof does.
pub async fn run(DemoCommand { args, data }: DemoCommand) -> Result<ExitCode, Failure> {
    let admin = Home::existing(&data.path).and_then(|home| operator::local_admin(&home));
    Ok(demo::run(args, admin).await?)
}

//! The option that names the data directory, which most commands have.

use std::path::PathBuf;

use clap::Args;

/// Where `up` keeps its data.
#[derive(Debug, Clone, Args)]
pub struct DataDir {
    /// The data directory of `up`
    #[arg(
        long = "data-dir",
        env = "DIVINETIME_DATA_DIR",
        default_value = ".divinetime",
        value_name = "DIR"
    )]
    pub path: PathBuf,
}

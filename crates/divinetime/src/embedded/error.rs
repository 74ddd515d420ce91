//! Why the private servers cannot run.

use std::io;
use std::path::{Path, PathBuf};

/// Why a server of the embedded default does not run. Each is one sentence.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// No suitable program on this machine.
    #[error("{0}")]
    MissingProgram(String),
    /// The data were made by another major version than the programs found.
    #[error(
        "The data in {data} were made by Postgres {made}, but only Postgres {found} is installed: \
         install Postgres {made}, name its programs in DIVINETIME_POSTGRES_BIN, or use another --data-dir."
    )]
    OtherVersion {
        /// The cluster's folder.
        data: PathBuf,
        /// Major version that made it.
        made: u32,
        /// Major versions on this machine.
        found: String,
    },
    /// A folder or file cannot be made or written.
    #[error("{path} cannot be written ({source}): choose another folder with --data-dir.")]
    Unwritable {
        /// The folder or file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A given port is in use.
    #[error(
        "Port {port}, given for {server}, is taken by another program: choose another with {flag}, or leave it out for a free one."
    )]
    PortTaken {
        port: u16,
        /// Which server should have it.
        server: &'static str,
        /// The option that sets it.
        flag: &'static str,
    },
    /// The server ended at once or did not get ready.
    #[error("{server} does not start: {reason} (its log is {log}).")]
    NotStarted {
        server: &'static str,
        /// The message to the user ends with this, after the name of the server.
        reason: String,
        log: PathBuf,
    },
    /// A server of an earlier run cannot be stopped.
    #[error("A {server} of an earlier run (process {pid}) does not stop: end it, then try again.")]
    OrphanStays { server: &'static str, pid: i32 },
    /// As root, no other user is there to run the servers as.
    #[error(
        "As root the servers run as the user nobody, and this machine has none: run divinetime as another user."
    )]
    NoAccount,
    /// No randomness for a password.
    #[error("The system gives no randomness for a password.")]
    NoRandomness,
}

/// Makes an [`EmbeddedError::Unwritable`] of an I/O error on a path.
pub fn unwritable(path: &Path) -> impl FnOnce(io::Error) -> EmbeddedError {
    let path = path.to_owned();
    move |source| EmbeddedError::Unwritable { path, source }
}

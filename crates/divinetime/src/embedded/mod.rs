//! The embedded default: a private Postgres cluster and a private NATS server, started,
//! supervised and stopped by this process.

mod account;
pub mod home;
pub mod lock;
mod nats;
mod orphan;
mod postgres;
mod programs;
mod supervisor;

use std::fs::{self, File};
use std::io;
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use tokio_util::sync::CancellationToken;

use account::Account;
use home::Home;
use supervisor::Supervised;

pub use programs::Programs;

/// What of the embedded default is wanted, and where.
pub struct Wanted {
    /// Port of the Postgres cluster, 0 for a free one; `None` to start none.
    pub postgres: Option<u16>,
    /// Port of the NATS server, 0 for a free one; `None` to start none.
    pub nats: Option<u16>,
}

/// The servers that this process has started.
pub struct Embedded {
    postgres: Option<Started>,
    nats: Option<Started>,
    failed: CancellationToken,
}

struct Started {
    server: Supervised,
    url: String,
    port: u16,
}

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
        /// The port.
        port: u16,
        /// Which server should have it.
        server: &'static str,
        /// The option that sets it.
        flag: &'static str,
    },
    /// The server ended at once or did not get ready.
    #[error("{server} does not start: {reason} (its log is {log}).")]
    NotStarted {
        /// Which server.
        server: &'static str,
        /// Its last words.
        reason: String,
        /// Its log file.
        log: PathBuf,
    },
    /// A server of an earlier run cannot be stopped.
    #[error("A {server} of an earlier run (process {pid}) does not stop: end it, then try again.")]
    OrphanStays {
        /// Which server.
        server: &'static str,
        /// Its process.
        pid: i32,
    },
    /// As root, no other user is there to run the servers as.
    #[error(
        "As root the servers run as the user nobody, and this machine has none: run divinetime as another user."
    )]
    NoAccount,
    /// No randomness for a password.
    #[error("The system gives no randomness for a password.")]
    NoRandomness,
}

impl Embedded {
    /// Starts what is wanted, after stopping what an earlier run has left behind. `tell` gets
    /// one line for each thing that is done.
    pub async fn start(
        home: &Home,
        programs: &Programs,
        wanted: &Wanted,
        tell: &(impl Fn(String) + Sync),
    ) -> Result<Self, EmbeddedError> {
        // Before anything is made: a missing program is found out at once.
        if wanted.postgres.is_some() {
            programs.postgres(&home.root().join("postgres/data"))?;
        }
        if wanted.nats.is_some() {
            programs.nats()?;
        }
        let account = Account::for_servers(home)?;
        let failed = CancellationToken::new();
        let mut embedded = Self {
            postgres: None,
            nats: None,
            failed: failed.clone(),
        };
        let started = async {
            // Both at once: neither needs the other.
            let postgres = async {
                let Some(port) = wanted.postgres else {
                    return Ok(None);
                };
                let postgres =
                    postgres::Postgres::prepare(home, programs, account, port, tell).await?;
                let (url, port) = (postgres.url(), postgres.port());
                let server = Supervised::start(postgres, failed.clone()).await?;
                Ok::<_, EmbeddedError>(Some(Started { server, url, port }))
            };
            let nats = async {
                let Some(port) = wanted.nats else {
                    return Ok(None);
                };
                let nats = nats::Nats::prepare(home, programs, account, port, tell).await?;
                let (url, port) = (nats.url(), nats.port());
                let server = Supervised::start(nats, failed.clone()).await?;
                Ok::<_, EmbeddedError>(Some(Started { server, url, port }))
            };
            tokio::join!(postgres, nats)
        };
        let (postgres, nats) = started.await;
        let mut first_error = None;
        match postgres {
            Ok(server) => embedded.postgres = server,
            Err(error) => first_error = Some(error),
        }
        match nats {
            Ok(server) => embedded.nats = server,
            Err(error) => first_error = first_error.or(Some(error)),
        }
        match first_error {
            None => Ok(embedded),
            Some(error) => {
                embedded.stop().await;
                Err(error)
            }
        }
    }

    /// The private cluster's database, with its password in it.
    pub fn database_url(&self) -> Option<&str> {
        self.postgres.as_ref().map(|started| started.url.as_str())
    }

    /// The private NATS server, with its password in it.
    pub fn nats_url(&self) -> Option<&str> {
        self.nats.as_ref().map(|started| started.url.as_str())
    }

    /// Ports of the private Postgres and of the private NATS.
    pub fn ports(&self) -> (Option<u16>, Option<u16>) {
        let port = |started: &Option<Started>| started.as_ref().map(|started| started.port);
        (port(&self.postgres), port(&self.nats))
    }

    /// Process ids of the private Postgres and of the private NATS at the moment.
    pub fn pids(&self) -> (Option<u32>, Option<u32>) {
        let pid =
            |started: &Option<Started>| started.as_ref().and_then(|started| started.server.pid());
        (pid(&self.postgres), pid(&self.nats))
    }

    /// Resolves when a server has died and does not come up again.
    pub async fn failed(&self) {
        self.failed.cancelled().await;
    }

    /// Stops what was started: NATS first, so that Postgres has the last word on disk.
    pub async fn stop(self) {
        if let Some(nats) = self.nats {
            nats.server.stop().await;
        }
        if let Some(postgres) = self.postgres {
            postgres.server.stop().await;
        }
    }
}

/// The database of the private cluster in a data directory, with its password in it.
pub fn database_url(home: &Home, port: u16) -> Result<String, EmbeddedError> {
    Ok(postgres::url(&home.password("postgres")?, port))
}

/// A port to listen on: the given one if nobody has it, a free one for 0.
fn given_or_free(
    port: u16,
    server: &'static str,
    flag: &'static str,
) -> Result<u16, EmbeddedError> {
    TcpListener::bind(("127.0.0.1", port))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|_| EmbeddedError::PortTaken { port, server, flag })
}

/// A server's log, to append to; a large one is put aside first, one generation of it.
fn open_log(path: &Path) -> Result<File, EmbeddedError> {
    const LARGE: u64 = 16 * 1024 * 1024;
    if fs::metadata(path).is_ok_and(|meta| meta.len() > LARGE) {
        fs::rename(path, path.with_extension("log.1")).map_err(home::unwritable(path))?;
    }
    File::options()
        .create(true)
        .append(true)
        .open(path)
        .map_err(home::unwritable(path))
}

/// The last words in a log.
fn last_line(log: &Path) -> String {
    let bytes = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let line = text
        .lines()
        .rev()
        .find(|line| !line.trim().is_empty())
        .unwrap_or("it ends at once");
    line.trim().trim_end_matches('.').to_owned()
}

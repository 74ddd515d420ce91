//! The embedded default: a private Postgres cluster and a private NATS server, started,
//! supervised and stopped by this process.

mod account;
mod error;
pub mod home;
pub mod lock;
mod nats;
mod orphan;
mod postgres;
mod programs;
mod server;
mod supervisor;

use tokio_util::sync::CancellationToken;

use account::Account;
use error::EmbeddedError;
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
        let account = Account::for_servers(home.root())?;
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

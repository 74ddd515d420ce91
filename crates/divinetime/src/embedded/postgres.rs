//! The private Postgres cluster.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rustix::process::Signal;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

use super::account::Account;
use super::error::{EmbeddedError, unwritable};
use super::home::{Home, create_private};
use super::orphan::Orphans;
use super::programs::Programs;
use super::server::{Server, given_or_free, last_line, open_log};

const USER: &str = "divinetime";
const DATABASE: &str = "divinetime";
/// Recovery after a crash may take this long.
const READY: Duration = Duration::from_mins(2);
const LOOK: Duration = Duration::from_millis(50);
/// How often a start is tried while the last run's processes let go of the memory they share.
const STARTS: usize = 40;

/// Settings that differ from Postgres's own. Durability stays on.
const SETTINGS: [&str; 12] = [
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "max_connections=200",
    "shared_buffers=128MB",
    "fsync=on",
    "synchronous_commit=on",
    "wal_compression=on",
    "max_wal_size=2GB",
    "checkpoint_timeout=15min",
    "jit=off",
    "log_min_messages=warning",
    "log_line_prefix=%m [%p] ",
];

/// A cluster that is ready to start.
pub struct Postgres {
    program: PathBuf,
    data: PathBuf,
    log: PathBuf,
    port: u16,
    password: String,
    account: Option<Account>,
}

impl Postgres {
    /// Finds the programs, stops what an earlier run has left, and makes the cluster on the
    /// first start.
    pub async fn prepare(
        home: &Home,
        programs: &Programs,
        account: Option<Account>,
        port: u16,
        tell: &(impl Fn(String) + Sync),
    ) -> Result<Self, EmbeddedError> {
        let bin = programs.postgres(&home.root().join("postgres/data"))?;
        let dir = home.server_dir("postgres", account)?;
        let mut postgres = Self {
            program: bin.join("postgres"),
            data: dir.join("data"),
            log: dir.join("postgres.log"),
            port: 0,
            password: home.password("postgres")?,
            account,
        };
        if postgres.orphans().clear().await? {
            tell("stopped the Postgres that an earlier run left behind".to_owned());
        }
        // Only now: the given port may have been the orphan's.
        postgres.port = given_or_free(port, Self::NAME, "--postgres-port")?;
        if !postgres.data.exists() {
            tell(format!(
                "making a Postgres cluster in {}",
                postgres.data.display()
            ));
            postgres.make_cluster(&bin, &dir).await?;
        }
        tell(format!("starting Postgres on 127.0.0.1:{}", postgres.port));
        Ok(postgres)
    }

    /// The database of the services, as the cluster's owner.
    pub fn url(&self) -> String {
        url(&self.password, self.port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    fn orphans(&self) -> Orphans<'_> {
        Orphans {
            server: "Postgres",
            program: "postgres",
            dir: &self.data,
            pid_file: self.data.join("postmaster.pid"),
            // Its "fast" shutdown: ends the sessions and writes a checkpoint.
            stop: Signal::INT,
        }
    }

    /// Into a folder beside, renamed when it is complete: a start that is killed leaves no half cluster.
    async fn make_cluster(&self, bin: &Path, dir: &Path) -> Result<(), EmbeddedError> {
        let new = dir.join("data.new");
        if new.exists() {
            fs::remove_dir_all(&new).map_err(unwritable(&new))?;
        }
        let password_file = dir.join("password");
        self.write_password(&password_file)
            .map_err(unwritable(&password_file))?;
        let mut initdb = self.command(&bin.join("initdb"), dir);
        initdb
            .arg("--pgdata")
            .arg(&new)
            .args([
                "--username",
                USER,
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--no-locale",
            ])
            .arg("--pwfile")
            .arg(&password_file)
            .stdout(Stdio::null())
            .stderr(open_log(&self.log)?);
        let made = initdb.status().await;
        fs::remove_file(&password_file).ok();
        match made {
            Ok(status) if status.success() => {
                fs::rename(&new, &self.data).map_err(unwritable(&self.data))
            }
            Ok(_) => Err(self.not_started(last_line(&self.log))),
            Err(error) => Err(self.not_started(error.to_string())),
        }
    }

    fn write_password(&self, path: &Path) -> io::Result<()> {
        use io::Write as _;
        create_private(path)?.write_all(self.password.as_bytes())?;
        self.account.map_or(Ok(()), |account| account.own(path))
    }

    fn command(&self, program: &Path, dir: &Path) -> Command {
        let mut command = Command::new(program);
        // A group of its own: Ctrl-C in the terminal is ours to handle, not the server's.
        command
            .current_dir(dir)
            .stdin(Stdio::null())
            .process_group(0)
            .kill_on_drop(true);
        // Settings for clients would change what the server does.
        for (name, _) in
            std::env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"PG"))
        {
            command.env_remove(name);
        }
        if let Some(account) = self.account {
            account.run(&mut command);
        }
        command
    }

    fn spawn(&self) -> Result<Child, EmbeddedError> {
        let mut command = self.command(&self.program, &self.data);
        command
            .arg("-D")
            .arg(&self.data)
            .args(["-p", &self.port.to_string()]);
        for setting in SETTINGS {
            command.args(["-c", setting]);
        }
        let log = open_log(&self.log)?;
        command.stdout(Stdio::null()).stderr(log);
        command
            .spawn()
            .map_err(|error| self.not_started(error.to_string()))
    }

    /// Waits until it answers; the reason when it has ended instead.
    async fn ready(&self, child: &mut Child) -> Result<Result<(), String>, EmbeddedError> {
        let end = Instant::now() + READY;
        loop {
            if let Ok(Some(_)) = child.try_wait() {
                return Ok(Err(last_line(&self.log)));
            }
            match self.make_database().await {
                Ok(()) => return Ok(Ok(())),
                Err(error) if Instant::now() >= end => {
                    return Err(self.not_started(error.to_string()));
                }
                Err(_) => sleep(LOOK).await,
            }
        }
    }

    async fn make_database(&self) -> Result<(), sqlx::Error> {
        let options = PgConnectOptions::new_without_pgpass()
            .host("127.0.0.1")
            .port(self.port)
            .username(USER)
            .password(&self.password)
            .database("postgres");
        let mut connection = options.connect().await?;
        let there: bool =
            sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
                .bind(DATABASE)
                .fetch_one(&mut connection)
                .await?;
        if !there {
            sqlx::query(&format!("create database {DATABASE}"))
                .execute(&mut connection)
                .await?;
        }
        connection.close().await
    }

    fn not_started(&self, reason: String) -> EmbeddedError {
        EmbeddedError::NotStarted {
            server: Self::NAME,
            reason,
            log: self.log.clone(),
        }
    }
}

impl Server for Postgres {
    const NAME: &'static str = "Postgres";

    async fn start(&self) -> Result<Child, EmbeddedError> {
        let mut reason = String::new();
        for _ in 0..STARTS {
            // After a crash, backends of the dead one may still be about.
            self.orphans().clear().await?;
            let mut child = self.spawn()?;
            match self.ready(&mut child).await? {
                Ok(()) => return Ok(child),
                Err(last_words) => reason = last_words,
            }
            if !reason.contains("shared memory block")
                && !reason.contains("postmaster")
                && !reason.contains("HINT")
            {
                break;
            }
            sleep(LOOK).await;
        }
        Err(self.not_started(reason))
    }

    fn stop_signals(&self) -> &'static [(Signal, Duration)] {
        // Fast, then immediate: the latter is a crash that recovery repairs.
        const {
            &[
                (Signal::INT, Duration::from_secs(20)),
                (Signal::QUIT, Duration::from_secs(5)),
            ]
        }
    }
}

/// The database of the services, as the cluster's owner.
pub fn url(password: &str, port: u16) -> String {
    format!("postgres://{USER}:{password}@127.0.0.1:{port}/{DATABASE}")
}

//! The private NATS server.

use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::Signal;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

use super::account::Account;
use super::error::{EmbeddedError, unwritable};
use super::home::{Home, create_private};
use super::orphan::Orphans;
use super::programs::Programs;
use super::server::{Server, given_or_free, last_line, open_log};

const USER: &str = "divinetime";
/// A large store is read again before the server answers.
const READY: Duration = Duration::from_mins(1);
const LOOK: Duration = Duration::from_millis(20);
/// The first words of a NATS server to a client.
const GREETING: &[u8] = b"INFO";

/// A server that is ready to start.
pub struct Nats {
    program: PathBuf,
    dir: PathBuf,
    port: u16,
    password: String,
    account: Option<Account>,
}

impl Nats {
    /// Finds the program, stops what an earlier run has left, and writes the configuration.
    pub async fn prepare(
        home: &Home,
        programs: &Programs,
        account: Option<Account>,
        port: u16,
        tell: &(impl Fn(String) + Sync),
    ) -> Result<Self, EmbeddedError> {
        let program = programs.nats()?;
        let mut nats = Self {
            program,
            dir: home.server_dir("nats", account)?,
            port: 0,
            password: home.password("nats")?,
            account,
        };
        if nats.orphans().clear().await? {
            tell("stopped the NATS server that an earlier run left behind".to_owned());
        }
        // Only now: the given port may have been the orphan's.
        nats.port = given_or_free(port, Self::NAME, "--nats-port")?;
        let file = nats.configuration_file();
        nats.write_configuration().map_err(unwritable(&file))?;
        tell(format!("starting NATS on 127.0.0.1:{}", nats.port));
        Ok(nats)
    }

    /// Its address with user and password.
    pub fn url(&self) -> String {
        format!("nats://{USER}:{}@127.0.0.1:{}", self.password, self.port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    fn orphans(&self) -> Orphans<'_> {
        Orphans {
            server: "NATS server",
            program: "nats-server",
            dir: &self.dir,
            pid_file: self.dir.join("nats.pid"),
            stop: Signal::TERM,
        }
    }

    fn configuration_file(&self) -> PathBuf {
        self.dir.join("nats.conf")
    }

    fn log(&self) -> PathBuf {
        self.dir.join("nats.log")
    }

    fn write_configuration(&self) -> io::Result<()> {
        let quoted = |path: PathBuf| serde_json::to_string(&path.to_string_lossy());
        let text = format!(
            "listen: \"127.0.0.1:{port}\"\n\
             server_name: divinetime\n\
             pid_file: {pid_file}\n\
             jetstream {{ store_dir: {store} }}\n\
             authorization {{ user: {USER}, password: \"{password}\" }}\n",
            port = self.port,
            pid_file = quoted(self.dir.join("nats.pid"))?,
            store = quoted(self.dir.join("store"))?,
            password = self.password,
        );
        let path = self.configuration_file();
        create_private(&path)?.write_all(text.as_bytes())?;
        self.account.map_or(Ok(()), |account| account.own(&path))
    }

    fn spawn(&self) -> Result<Child, EmbeddedError> {
        let mut command = Command::new(&self.program);
        command
            .arg("--config")
            .arg(self.configuration_file())
            .current_dir(&self.dir)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(open_log(&self.log())?)
            // A group of its own: Ctrl-C in the terminal is ours to handle, not the server's.
            .process_group(0)
            .kill_on_drop(true);
        if let Some(account) = self.account {
            account.run(&mut command);
        }
        command
            .spawn()
            .map_err(|error| self.not_started(error.to_string()))
    }

    async fn answers(&self) -> bool {
        let greeting = async {
            let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await?;
            let mut first = [0; GREETING.len()];
            stream.read_exact(&mut first).await?;
            Ok::<_, io::Error>(first == GREETING)
        };
        matches!(
            timeout(Duration::from_secs(1), greeting).await,
            Ok(Ok(true))
        )
    }

    fn not_started(&self, reason: String) -> EmbeddedError {
        EmbeddedError::NotStarted {
            server: Self::NAME,
            reason,
            log: self.log(),
        }
    }
}

impl Server for Nats {
    const NAME: &'static str = "NATS";

    async fn start(&self) -> Result<Child, EmbeddedError> {
        fs::remove_file(self.dir.join("nats.pid")).ok();
        let mut child = self.spawn()?;
        let end = Instant::now() + READY;
        while !self.answers().await {
            if let Ok(Some(_)) = child.try_wait() {
                return Err(self.not_started(last_line(&self.log())));
            }
            if Instant::now() >= end {
                return Err(self.not_started("it does not answer".to_owned()));
            }
            sleep(LOOK).await;
        }
        Ok(child)
    }

    fn stop_signals(&self) -> &'static [(Signal, Duration)] {
        const { &[(Signal::TERM, Duration::from_secs(5))] }
    }
}

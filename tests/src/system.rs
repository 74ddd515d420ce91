//! The running system: started, killed and started again like an operator or an accident would.

use std::{
    collections::BTreeMap,
    fs::File,
    future::Future,
    io::{BufRead, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use serde_json::Value;
use sqlx::{PgPool, postgres::PgPoolOptions};
use tempfile::TempDir;
use tonic::transport::{Channel, Endpoint};

pub const SERVICES: [&str; 5] = [
    "identity",
    "scheduling",
    "ticketing",
    "payments",
    "analytics",
];

/// How long anything may take before a journey gives up.
const PATIENCE: Duration = Duration::from_mins(1);

/// What an overheard system says, in its directory.
const SAID: &str = "said.log";

/// One `divinetime up` in a directory of its own.
pub struct System {
    directory: TempDir,
    environment: Vec<(String, String)>,
    overheard: bool,
    process: Mutex<Child>,
    postgres_port: AtomicU64,
    services: BTreeMap<String, String>,
}

fn program() -> PathBuf {
    std::env::var_os("DIVINETIME_BIN")
        .expect("DIVINETIME_BIN is not set: run the tests by ./dev test, which builds the program")
        .into()
}

impl System {
    /// Starts it with some variables set and waits until it is ready.
    pub async fn start(environment: &[(&str, &str)]) -> Self {
        Self::begin(environment, false).await
    }

    /// The same, but keeps all that it says: see [`System::said`].
    pub async fn start_overheard(environment: &[(&str, &str)]) -> Self {
        Self::begin(environment, true).await
    }

    async fn begin(environment: &[(&str, &str)], overheard: bool) -> Self {
        let directory = tempfile::Builder::new()
            .prefix("divinetime")
            .tempdir()
            .expect("a directory");
        let environment = owned(environment);
        let none = BTreeMap::new();
        let (process, ready) = launch(&directory, &environment, &none, overheard).await;
        let services = addresses(&ready);
        let postgres_port = AtomicU64::new(port_of_postgres(&ready));
        Self {
            directory,
            environment,
            overheard,
            process: Mutex::new(process),
            postgres_port,
            services,
        }
    }

    /// A connection to a service; it connects, and connects again, when used.
    pub fn channel(&self, service: &str) -> Channel {
        Endpoint::from_shared(self.services[service].clone())
            .expect("an address")
            .connect_lazy()
    }

    /// Email and password of the administrator that it made for itself.
    pub fn admin(&self) -> (String, String) {
        let file = self.read("keys/admin.json");
        let admin: Value = serde_json::from_str(&file).expect("keys/admin.json");
        let text = |key: &str| admin[key].as_str().expect("text").to_owned();
        (text("email"), text("password"))
    }

    /// The key that signs the tokens of services, as text.
    pub fn service_key(&self) -> String {
        self.read("keys/service.key")
    }

    /// A look behind the scenes, for checks that no API can make.
    pub async fn database(&self) -> PgPool {
        let password = self.read("keys/postgres.password");
        let port = self.postgres_port.load(Ordering::Relaxed);
        let url = format!(
            "postgres://divinetime:{}@127.0.0.1:{port}/divinetime",
            password.trim()
        );
        PgPoolOptions::new()
            .max_connections(2)
            .connect(&url)
            .await
            .expect("the database")
    }

    /// kill -9 of the whole process.
    pub fn kill(&self) {
        let mut process = self.process();
        process.kill().expect("it can be killed");
        process.wait().expect("it has ended");
    }

    /// Stops it like an operator, and waits for its end.
    pub fn stop(&self) {
        let mut process = self.process();
        interrupt(&process);
        process.wait().expect("it has ended");
    }

    /// Where its data are.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// All that it has written to its standard output and error since it was started the first
    /// time, if it is overheard.
    pub fn said(&self) -> Vec<u8> {
        std::fs::read(self.directory.path().join(SAID)).expect("it is overheard")
    }

    /// Starts it again on what is left, at the same addresses.
    pub async fn restart(&self) {
        let ports = self.services.iter().map(|(name, address)| {
            (
                name.clone(),
                address
                    .rsplit(':')
                    .next()
                    .expect("a port")
                    .trim_end_matches('/')
                    .to_owned(),
            )
        });
        let (process, ready) = launch(
            &self.directory,
            &self.environment,
            &ports.collect(),
            self.overheard,
        )
        .await;
        self.postgres_port
            .store(port_of_postgres(&ready), Ordering::Relaxed);
        *self.process() = process;
    }

    /// The same with other variables set than before.
    pub async fn restart_with(&mut self, environment: &[(&str, &str)]) {
        self.kill();
        self.environment = owned(environment);
        self.restart().await;
    }

    /// kill -9 of the private Postgres; the system brings it back.
    pub fn kill_postgres(&self) {
        kill(&self.read("postgres/data/postmaster.pid"));
    }

    /// kill -9 of the private NATS; the system brings it back.
    pub fn kill_nats(&self) {
        kill(&self.read("nats/nats.pid"));
    }

    /// kill -9 of NATS, and everything that it has stored is gone.
    pub fn wipe_nats(&self) {
        self.kill_nats();
        let removed = remove_streams(&self.directory.path().join("nats"));
        assert!(removed, "NATS had stored nothing");
    }

    /// Runs one of the operator's commands and gives its standard output.
    pub fn operate(&self, arguments: &[&str]) -> String {
        let output = Command::new(program())
            .args(arguments)
            .arg("--data-dir")
            .arg(self.directory.path())
            .output()
            .expect("the program runs");
        assert!(
            output.status.success(),
            "{arguments:?} failed: {}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).expect("text")
    }

    fn process(&self) -> MutexGuard<'_, Child> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Process id of the program.
    pub fn pid(&self) -> u32 {
        self.process().id()
    }

    fn read(&self, file: &str) -> String {
        let path = self.directory.path().join(file);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }
}

fn owned(environment: &[(&str, &str)]) -> Vec<(String, String)> {
    environment
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
        .collect()
}

/// kill -9 of the process whose id is the first line of a file.
fn kill(pid_file: &str) {
    let pid = pid_file.lines().next().expect("a process id").trim();
    let killed = Command::new("kill")
        .args(["-9", pid])
        .status()
        .expect("kill runs");
    assert!(killed.success(), "process {pid} could not be killed");
}

impl Drop for System {
    fn drop(&mut self) {
        // Ctrl-C, so that it stops what it started.
        let mut process = self.process();
        if matches!(process.try_wait(), Ok(None)) {
            interrupt(&process);
            let _ = process.wait();
        }
    }
}

/// Ctrl-C.
fn interrupt(process: &Child) {
    let _ = Command::new("kill")
        .args(["-INT", &process.id().to_string()])
        .status();
}

async fn launch(
    directory: &TempDir,
    environment: &[(String, String)],
    ports: &BTreeMap<String, String>,
    overheard: bool,
) -> (Child, Value) {
    let mut command = Command::new(program());
    command
        .arg("up")
        .arg("--json")
        .arg("--data-dir")
        .arg(directory.path());
    for service in SERVICES {
        let port = ports.get(service).map_or("0", String::as_str);
        command.arg(format!("--{service}-port={port}"));
    }
    command.env_remove("DATABASE_URL").env_remove("NATS_URL");
    command
        .envs(environment.iter().map(|(k, v)| (k, v)))
        .stdout(Stdio::piped());
    let mut said = overheard.then(|| open_said(directory));
    if let Some(said) = &said {
        command.stderr(said.try_clone().expect("its file"));
    }
    let mut process = command.spawn().expect("DIVINETIME_BIN runs");
    let stdout = process.stdout.take().expect("its output");
    let line = tokio::task::spawn_blocking(move || {
        let mut lines = BufReader::new(stdout).lines();
        let line = lines.next();
        // Whatever else it says must not fill the pipe.
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if let Some(said) = &mut said {
                    let _ = writeln!(said, "{line}");
                }
            }
        });
        line
    });
    let line = tokio::time::timeout(PATIENCE, line)
        .await
        .expect("it is ready in time")
        .expect("a reader");
    let line = line.expect("it says that it is ready").expect("text");
    (
        process,
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}")),
    )
}

fn open_said(directory: &TempDir) -> File {
    let path = directory.path().join(SAID);
    let mut options = File::options();
    options.create(true).append(true);
    options.open(path).expect("a file for what it says")
}

fn port_of_postgres(ready: &Value) -> u64 {
    ready["postgres_port"]
        .as_u64()
        .expect("a Postgres of its own")
}

fn addresses(ready: &Value) -> BTreeMap<String, String> {
    let services = ready["services"].as_object().expect("addresses");
    services
        .iter()
        .map(|(k, v)| {
            (
                k.clone(),
                format!("http://{}", v.as_str().expect("an address")),
            )
        })
        .collect()
}

/// Removes the streams' files but not the folder of the server; whether there were any.
fn remove_streams(directory: &Path) -> bool {
    let mut removed = false;
    for entry in std::fs::read_dir(directory).expect("the store").flatten() {
        if !entry.path().is_dir() {
            continue;
        }
        removed |= if entry.file_name() == "jetstream" {
            std::fs::remove_dir_all(entry.path()).is_ok()
        } else {
            remove_streams(&entry.path())
        };
    }
    removed
}

/// Asks until there is an answer. For what happens by itself and has no position to wait for.
pub async fn eventually<T, F: Future<Output = Option<T>>>(
    what: &str,
    mut ask: impl FnMut() -> F,
) -> T {
    let asking = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    };
    tokio::time::timeout(PATIENCE, asking)
        .await
        .unwrap_or_else(|_| panic!("{what} did not happen"))
}

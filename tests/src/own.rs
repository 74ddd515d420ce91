//! A system of one's own: started, killed and started again like an operator or an accident would.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::ops::Deref;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tempfile::TempDir;

use crate::system::{PATIENCE, System, up};

/// What an overheard system says, in its directory.
const SAID: &str = "said.log";

/// A system that one journey has for itself, and may break.
pub struct OwnSystem {
    system: System,
    environment: Vec<(String, String)>,
    overheard: bool,
    process: Mutex<Child>,
    /// Removed when the system has stopped.
    _directory: TempDir,
}

impl Deref for OwnSystem {
    type Target = System;

    fn deref(&self) -> &System {
        &self.system
    }
}

impl OwnSystem {
    /// Starts it with some variables set and waits until it is ready.
    pub async fn start(environment: &[(&str, &str)]) -> Self {
        Self::begin(environment, false).await
    }

    /// The same, but keeps all that it says: see [`OwnSystem::said`].
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
        let (process, ready) = launch(directory.path(), &environment, &none, overheard).await;
        Self {
            system: System::new(directory.path(), &ready),
            environment,
            overheard,
            process: Mutex::new(process),
            _directory: directory,
        }
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

    /// All that it has written to its standard output and error since it was started the first
    /// time, if it is overheard.
    pub fn said(&self) -> Vec<u8> {
        std::fs::read(self.directory().join(SAID)).expect("it is overheard")
    }

    /// Starts it again on what is left, at the same addresses.
    pub async fn restart(&self) {
        let port = |address: &String| address.rsplit(':').next().expect("a port").to_owned();
        let addresses = self.services().iter();
        let ports = addresses.map(|(name, address)| (name.clone(), port(address)));
        let ports = ports.collect();
        let (process, ready) =
            launch(self.directory(), &self.environment, &ports, self.overheard).await;
        self.is_ready_again(&ready);
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
        let removed = remove_streams(&self.directory().join("nats"));
        assert!(removed, "NATS had stored nothing");
    }

    fn process(&self) -> MutexGuard<'_, Child> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Process id of the program.
    pub fn pid(&self) -> u32 {
        self.process().id()
    }
}

impl Drop for OwnSystem {
    fn drop(&mut self) {
        // Ctrl-C, so that it stops what it started.
        let mut process = self.process();
        if matches!(process.try_wait(), Ok(None)) {
            interrupt(&process);
            let _ = process.wait();
        }
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

/// Ctrl-C.
fn interrupt(process: &Child) {
    let _ = Command::new("kill")
        .args(["-INT", &process.id().to_string()])
        .status();
}

async fn launch(
    directory: &Path,
    environment: &[(String, String)],
    ports: &BTreeMap<String, String>,
    overheard: bool,
) -> (Child, Value) {
    let mut command = up(directory, ports);
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

fn open_said(directory: &Path) -> File {
    let path = directory.join(SAID);
    let mut options = File::options();
    options.create(true).append(true);
    options.open(path).expect("a file for what it says")
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

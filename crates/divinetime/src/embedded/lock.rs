//! One `up` per data directory, and what the others may know of it.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::time::Duration;

use chrono::{DateTime, Local, Utc};
use serde::{Deserialize, Serialize};

use tokio::time::{Instant, sleep};

use super::error::{EmbeddedError, unwritable};
use super::home::Home;

/// How long a killed process may take to let go of its lock.
const PATIENCE: Duration = Duration::from_secs(1);
const LOOK: Duration = Duration::from_millis(50);

/// What a running `up` tells of itself. No secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Running {
    pub pid: u32,
    pub started_at: DateTime<Utc>,
    /// Address of each service.
    pub services: BTreeMap<String, String>,
    /// Port of the private Postgres, if it has one.
    pub postgres_port: Option<u16>,
    /// Port of the private NATS, if it has one.
    pub nats_port: Option<u16>,
}

impl Running {
    /// This process, before its services have addresses.
    pub fn here() -> Self {
        Self {
            pid: std::process::id(),
            started_at: Utc::now(),
            services: BTreeMap::new(),
            postgres_port: None,
            nats_port: None,
        }
    }

    /// Whether nothing can be asked of it yet.
    pub fn is_starting(&self) -> bool {
        self.services.is_empty()
    }

    /// One sentence for someone who wanted to start a second one.
    pub fn sentence(&self) -> String {
        let since = self
            .started_at
            .with_timezone(&Local)
            .format("%Y-%m-%d %H:%M:%S");
        let at = if self.is_starting() {
            "and is still starting".to_owned()
        } else {
            let addresses: Vec<String> = self
                .services
                .iter()
                .map(|(name, address)| format!("{name} at {address}"))
                .collect();
            format!("with {}", addresses.join(", "))
        };
        format!(
            "DivineTime runs here already as process {} since {since}, {at}: use that one, stop it with Ctrl-C, or choose another --data-dir.",
            self.pid
        )
    }
}

/// The lock. The system frees it when the process ends, however it ends.
pub struct Lock {
    file: File,
}

/// Why the lock is not ours.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process has it.
    #[error("{}", .0.as_ref().map_or_else(
        || "DivineTime runs here already: use that one, stop it, or choose another --data-dir.".to_owned(),
        |running| running.sentence(),
    ))]
    Held(Option<Box<Running>>),
    /// The file cannot be used.
    #[error(transparent)]
    Embedded(#[from] EmbeddedError),
}

impl Lock {
    /// Takes the lock, or says who has it. A process that was killed a moment ago may still hold
    /// it, so this looks a few times.
    pub async fn take(home: &Home) -> Result<Self, LockError> {
        let path = home.lock_file();
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o644)
            .open(&path)
            .map_err(unwritable(&path))?;
        let end = Instant::now() + PATIENCE;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if Instant::now() < end => sleep(LOOK).await,
                Err(TryLockError::WouldBlock) => {
                    return Err(LockError::Held(read(&mut file).map(Box::new)));
                }
                Err(TryLockError::Error(error)) => return Err(unwritable(&path)(error).into()),
            }
        }
        let mut lock = Self { file };
        lock.tell(&Running::here()).map_err(unwritable(&path))?;
        Ok(lock)
    }

    /// Writes down what runs.
    pub fn tell(&mut self, running: &Running) -> io::Result<()> {
        let text = serde_json::to_vec(running)?;
        self.file.rewind()?;
        self.file.write_all(&text)?;
        self.file.set_len(text.len() as u64)
    }
}

/// What runs in a data directory now; `None` when nothing does.
pub fn running(home: &Home) -> Option<Running> {
    let mut file = File::open(home.lock_file()).ok()?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => read(&mut file),
        _ => None,
    }
}

fn read(file: &mut File) -> Option<Running> {
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_second_one_is_told_who_runs_and_where() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::open(dir.path()).unwrap();
        assert_eq!(running(&home), None);
        let mut lock = Lock::take(&home).await.unwrap();
        let mut here = Running::here();
        here.services
            .insert("identity".to_owned(), "127.0.0.1:7101".to_owned());
        lock.tell(&here).unwrap();
        let Err(error) = Lock::take(&home).await else {
            panic!("the lock was taken twice")
        };
        let text = error.to_string();
        assert!(
            text.contains(&format!("process {}", std::process::id())),
            "{text}"
        );
        assert!(text.contains("identity at 127.0.0.1:7101"), "{text}");
        assert_eq!(running(&home), Some(here));
        drop(lock);
        assert_eq!(running(&home), None);
        assert!(Lock::take(&home).await.is_ok());
    }
}

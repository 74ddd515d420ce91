//! The systems that journeys share. The first journey that asks for one starts it, `./dev` stops it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::ops::Deref;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::system::{System, eventually, up};

/// A system that other journeys use before and after this one, which leaves it whole and counts
/// nothing in it but its own. Nobody else uses it meanwhile: a replay takes the read tables away.
///
/// Between two journeys it stands still, so that it costs the others nothing.
pub struct SharedSystem {
    system: System,
    pid: String,
    /// Released with the value.
    _turn: File,
}

impl SharedSystem {
    /// The system gets no settings of its own.
    pub async fn usual() -> Self {
        Self::of("usual", &[]).await
    }

    /// The one whose holds last two seconds.
    pub async fn with_short_holds() -> Self {
        Self::of("short-holds", &[("DIVINETIME_HOLD_SECONDS", "2")]).await
    }

    async fn of(name: &str, environment: &[(&str, &str)]) -> Self {
        let systems = std::env::var_os("TEST_SYSTEMS").expect(
            "TEST_SYSTEMS is not set: run the tests by ./dev test, which stops them afterwards",
        );
        let home = PathBuf::from(systems).join(name);
        fs::create_dir_all(&home).expect("a folder for the system");
        let turn = File::create(home.join("lock")).expect("a lock");
        turn.lock().expect("the lock");
        if !home.join("pid").exists() {
            start(&home, environment);
        }
        let pid = fs::read_to_string(home.join("pid")).expect("its process id");
        let pid = pid.trim().to_owned();
        let ready = eventually("the shared system", || async {
            let runs = signal("CONT", &pid);
            assert!(runs, "the system in {} has ended", home.display());
            ready(&home)
        });
        Self {
            system: System::new(&home.join("data"), &ready.await),
            pid,
            _turn: turn,
        }
    }
}

impl Deref for SharedSystem {
    type Target = System;

    fn deref(&self) -> &System {
        &self.system
    }
}

impl Drop for SharedSystem {
    fn drop(&mut self) {
        signal("STOP", &self.pid);
    }
}

/// Starts a system that outlives the test, and keeps its process id.
///
/// A shell starts it and ends at once: a process that stands still when its parent ends is hung up.
fn start(home: &Path, environment: &[(&str, &str)]) {
    let file = |name| Stdio::from(File::create(home.join(name)).expect("a file for what it says"));
    let up = up(&home.join("data"), &BTreeMap::new());
    let started = Command::new("sh")
        .args(["-c", r#""$@" & echo $! > pid"#, "sh"])
        .arg(up.get_program())
        .args(up.get_args())
        .env_remove("DATABASE_URL")
        .env_remove("NATS_URL")
        .envs(environment.iter().copied())
        .current_dir(home)
        .stdin(Stdio::null())
        .stdout(file("said"))
        .stderr(file("errors"))
        .process_group(0)
        .status()
        .expect("a shell");
    assert!(started.success(), "the shared system is not started");
}

/// Whether the process is there to be signalled.
fn signal(signal: &str, pid: &str) -> bool {
    let signalled = Command::new("kill")
        .args([&format!("-{signal}"), pid])
        .stderr(Stdio::null())
        .status();
    signalled.expect("kill runs").success()
}

/// The first line that it says, once it is whole.
fn ready(home: &Path) -> Option<Value> {
    let said = fs::read_to_string(home.join("said")).expect("what it says");
    let (first, _) = said.split_once('\n')?;
    Some(serde_json::from_str(first).unwrap_or_else(|error| panic!("{error}: {first}")))
}

//! Servers that an earlier run has left behind: found, told to stop, waited for.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::time::{Instant, sleep};

use super::error::EmbeddedError;

/// How long an orphan may take to stop when it is asked to.
const ASKED: Duration = Duration::from_secs(30);
/// How long one may take that lost its parent or was killed.
const ALONE: Duration = Duration::from_secs(5);
const LOOK: Duration = Duration::from_millis(20);

/// How to recognise the processes of one server.
pub struct Orphans<'a> {
    /// Messages to the user call the server this.
    pub server: &'static str,
    /// The name of the program.
    pub program: &'static str,
    /// The folder that its processes work in. Canonical.
    pub dir: &'a Path,
    /// The file whose first line is the main process.
    pub pid_file: PathBuf,
    /// What makes the main process stop in order.
    pub stop: Signal,
}

impl Orphans<'_> {
    /// Stops the main process of an earlier run, then those that have outlived it, and removes
    /// the pid file. Returns whether there was one. Processes of others are never touched, even
    /// when they have got the number in the pid file.
    pub async fn clear(&self) -> Result<bool, EmbeddedError> {
        let main = self.main();
        let mut found = main.is_some();
        if let Some(pid) = main {
            send(pid, self.stop);
            if !self.gone(pid, ASKED).await {
                send(pid, Signal::KILL);
                self.must_go(pid).await?;
            }
        }
        for pid in self.others() {
            found = true;
            // A backend notices by itself that its parent is gone, unless it is busy.
            if self.gone(pid, ALONE).await {
                continue;
            }
            send(pid, Signal::TERM);
            if !self.gone(pid, ALONE).await {
                send(pid, Signal::KILL);
                self.must_go(pid).await?;
            }
        }
        // Where processes can be listed, nobody is left that the file could be true of. Its
        // number may belong to a stranger by now, which would keep the server from starting.
        if lists_processes() {
            fs::remove_file(&self.pid_file).ok();
        }
        Ok(found)
    }

    fn main(&self) -> Option<i32> {
        let text = fs::read_to_string(&self.pid_file).ok()?;
        let pid = text.lines().next()?.trim().parse().ok()?;
        self.is_ours(pid).then_some(pid)
    }

    fn others(&self) -> Vec<i32> {
        let Ok(processes) = fs::read_dir("/proc") else {
            return Vec::new();
        };
        processes
            .flatten()
            .filter_map(|process| process.file_name().to_str()?.parse().ok())
            .filter(|pid| self.is_ours(*pid))
            .collect()
    }

    /// Whether a process that runs now is the server's. A dead one that nobody has waited for is not.
    fn is_ours(&self, pid: i32) -> bool {
        if lists_processes() {
            let process = Path::new("/proc").join(pid.to_string());
            return fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd == self.dir)
                && fs::read_to_string(process.join("comm"))
                    .is_ok_and(|name| name.trim() == self.program);
        }
        let output = Command::new("ps")
            .args(["-o", "command=", "-p", &pid.to_string()])
            .output();
        output.is_ok_and(|output| {
            let command = String::from_utf8_lossy(&output.stdout);
            command.contains(self.program) && command.contains(&*self.dir.to_string_lossy())
        })
    }

    async fn gone(&self, pid: i32, limit: Duration) -> bool {
        let end = Instant::now() + limit;
        while self.is_ours(pid) {
            if Instant::now() >= end {
                return false;
            }
            sleep(LOOK).await;
        }
        true
    }

    async fn must_go(&self, pid: i32) -> Result<(), EmbeddedError> {
        if self.gone(pid, ALONE).await {
            Ok(())
        } else {
            Err(EmbeddedError::OrphanStays {
                server: self.server,
                pid,
            })
        }
    }
}

/// Sends a signal. That the process is gone already is as good.
pub fn send(pid: i32, signal: Signal) {
    if let Some(pid) = Pid::from_raw(pid) {
        kill_process(pid, signal).ok();
    }
}

fn lists_processes() -> bool {
    Path::new("/proc/self/cwd").exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_stranger_with_the_number_in_the_pid_file_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let mut stranger = Command::new("sleep").arg("60").spawn().unwrap();
        let pid_file = dir.path().join("pid");
        fs::write(&pid_file, format!("{}\n", stranger.id())).unwrap();
        let orphans = Orphans {
            server: "Postgres",
            program: "postgres",
            dir: dir.path(),
            pid_file: pid_file.clone(),
            stop: Signal::INT,
        };
        assert!(!orphans.clear().await.unwrap());
        assert!(
            stranger.try_wait().unwrap().is_none(),
            "the stranger was stopped"
        );
        assert!(!pid_file.exists() || !lists_processes());
        stranger.kill().unwrap();
        stranger.wait().unwrap();
    }

    #[tokio::test]
    async fn a_process_of_ours_is_stopped_and_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let place = dir.path().canonicalize().unwrap();
        let mut orphan = Command::new("sleep")
            .arg("60")
            .current_dir(&place)
            .spawn()
            .unwrap();
        let pid_file = place.join("pid");
        fs::write(&pid_file, format!("{}\n", orphan.id())).unwrap();
        let orphans = Orphans {
            server: "Postgres",
            program: "sleep",
            dir: &place,
            pid_file,
            stop: Signal::TERM,
        };
        assert!(orphans.clear().await.unwrap() || !lists_processes());
        orphan.kill().ok();
        orphan.wait().unwrap();
    }
}

//! The program as a process of its own.

use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use sqlx::{Connection as _, Executor as _, PgConnection};

const PATIENCE: Duration = Duration::from_mins(1);

/// The program with an environment of its own, so that the tester's settings do not count.
pub fn program(data_dir: &Path, command: &[&str]) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_divinetime"));
    program
        .args(command)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("DIVINETIME_DATA_DIR", data_dir)
        .env("DIVINETIME_NATS_SERVER", nats_server())
        .stdin(Stdio::null());
    if let Some(bin) = std::env::var_os("DIVINETIME_POSTGRES_BIN") {
        program.env("DIVINETIME_POSTGRES_BIN", bin);
    }
    program
}

/// What `./dev test` has found or fetched.
pub fn nats_server() -> PathBuf {
    std::env::var_os("DIVINETIME_NATS_SERVER").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools/nats/nats-server"),
        PathBuf::from,
    )
}

/// Runs a command to its end.
pub fn output(data_dir: &Path, command: &[&str]) -> Output {
    program(data_dir, command)
        .output()
        .expect("the program runs")
}

/// What a command says beside its result.
pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).trim().to_owned()
}

/// The JSON that a command prints.
pub fn json(data_dir: &Path, command: &[&str]) -> Value {
    let output = output(data_dir, command);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {error}");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

/// Runs a statement on a database.
pub fn execute(url: &str, sql: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let mut connection = PgConnection::connect(url)
            .await
            .expect("the database answers");
        connection.execute(sql).await.expect("the statement runs");
        connection.close().await.expect("the connection ends");
    });
}

/// A running `up` on free ports.
pub struct Up {
    child: Child,
    /// What it said when it was ready.
    pub ready: Value,
}

impl Up {
    pub fn start(data_dir: &Path) -> Self {
        Self::wait_for(program(data_dir, &["up", "--json"]))
    }

    pub fn wait_for(mut command: Command) -> Self {
        for service in [
            "IDENTITY",
            "SCHEDULING",
            "TICKETING",
            "PAYMENTS",
            "ANALYTICS",
        ] {
            command.env(format!("DIVINETIME_{service}_PORT"), "0");
        }
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("up starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("its output is piped"))
            .read_line(&mut line)
            .expect("up speaks");
        let Ok(ready) = serde_json::from_str(&line) else {
            let mut error = String::new();
            child
                .stderr
                .take()
                .expect("piped")
                .read_to_string(&mut error)
                .ok();
            panic!("up does not get ready: {error}");
        };
        // Whoever reads nothing must not block it.
        let mut stderr = child.stderr.take().expect("piped");
        std::thread::spawn(move || std::io::copy(&mut stderr, &mut std::io::sink()));
        Self { child, ready }
    }

    /// `kill -9`, then waits for the process's end.
    pub fn kill(mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }

    /// SIGTERM, then waits for the process's end.
    pub fn stop(mut self) -> ExitStatus {
        send(
            self.child.id().try_into().expect("a process id"),
            Signal::TERM,
        );
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            if let Some(status) = self.child.try_wait().expect("it can be waited for") {
                return status;
            }
            std::thread::yield_now();
        }
        self.child.kill().ok();
        ExitStatus::from_raw(9)
    }
}

impl Drop for Up {
    /// A failed test leaves nothing running.
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            send(self.child.id().try_into().unwrap_or_default(), Signal::TERM);
            self.child.wait().ok();
        }
    }
}

/// The process in the first line of a pid file.
pub fn pid_in(file: &Path) -> i32 {
    let text = std::fs::read_to_string(file).expect("the pid file is there");
    text.lines()
        .next()
        .and_then(|line| line.trim().parse().ok())
        .expect("a process id")
}

pub fn send(pid: i32, signal: Signal) {
    kill_process(Pid::from_raw(pid).expect("a process id"), signal).expect("the process is there");
}

/// Whether a process is there and not merely waiting for its parent to notice its end.
pub fn runs(pid: i32) -> bool {
    let state = Command::new("ps")
        .args(["-o", "stat=", "-p", &pid.to_string()])
        .output();
    state.is_ok_and(|state| {
        let state = String::from_utf8_lossy(&state.stdout);
        !state.trim().is_empty() && !state.trim().starts_with('Z')
    })
}

/// Waits until something holds.
pub fn until(what: &str, holds: impl Fn() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < end, "not within {PATIENCE:?}: {what}");
        std::thread::yield_now();
    }
}

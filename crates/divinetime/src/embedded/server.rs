//! What Postgres and NATS have in common: how each is started and stopped, its port and its log.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use rustix::process::Signal;
use tokio::process::Child;

use super::error::{EmbeddedError, unwritable};

/// What the supervisor has to know of a server.
pub trait Server: Send + Sync + 'static {
    /// Messages to the user call the server this.
    const NAME: &'static str;

    /// Starts it and waits until it answers, at the same address each time.
    fn start(&self) -> impl Future<Output = Result<Child, EmbeddedError>> + Send;

    /// The signals that stop it, gentlest first, with the time that each is given.
    fn stop_signals(&self) -> &'static [(Signal, Duration)];
}

/// A port to listen on: the given one if nobody has it, a free one for 0.
pub fn given_or_free(
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
pub fn open_log(path: &Path) -> Result<File, EmbeddedError> {
    const LARGE: u64 = 16 * 1024 * 1024;
    if fs::metadata(path).is_ok_and(|meta| meta.len() > LARGE) {
        fs::rename(path, path.with_extension("log.1")).map_err(unwritable(path))?;
    }
    File::options()
        .create(true)
        .append(true)
        .open(path)
        .map_err(unwritable(path))
}

/// The last words in a log.
pub fn last_line(log: &Path) -> String {
    let bytes = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let line = text
        .lines()
        .rev()
        .find(|line| !line.trim().is_empty())
        .unwrap_or("it ends at once");
    line.trim().trim_end_matches('.').to_owned()
}

//! Keeps a server running: starts it again when it dies, stops it when we stop.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::process::Child;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::error::EmbeddedError;
use super::orphan::send;
use super::server::Server;

/// A server that dies more often than this within [`WINDOW`] is given up.
const RESTARTS: usize = 10;
const WINDOW: Duration = Duration::from_mins(1);
const PAUSE: Duration = Duration::from_millis(500);

/// A running server with its supervisor.
pub struct Supervised {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Supervised {
    /// Starts a server and supervises it. `failed` is cancelled when it cannot be kept running.
    pub async fn start<S: Server>(
        server: S,
        failed: CancellationToken,
    ) -> Result<Self, EmbeddedError> {
        let child = server.start().await?;
        let stop = CancellationToken::new();
        let task = tokio::spawn(supervise(server, child, stop.clone(), failed));
        Ok(Self { stop, task })
    }

    /// Stops it and waits for its end.
    pub async fn stop(self) {
        self.stop.cancel();
        // A panic of the supervisor has killed the server: a child dies with its handle.
        self.task.await.ok();
    }
}

async fn supervise<S: Server>(
    server: S,
    mut child: Child,
    stop: CancellationToken,
    failed: CancellationToken,
) {
    let mut deaths = VecDeque::new();
    loop {
        let status = tokio::select! {
            () = stop.cancelled() => return end(&server, child).await,
            status = child.wait() => status,
        };
        let how = status.map_or_else(|error| error.to_string(), |status| status.to_string());
        tracing::warn!(
            server = S::NAME,
            how,
            "a server has died; starting it again"
        );
        deaths.push_back(Instant::now());
        while deaths.front().is_some_and(|death| death.elapsed() > WINDOW) {
            deaths.pop_front();
        }
        let again = tokio::select! {
            () = stop.cancelled() => return,
            again = start_again(&server, deaths.len()) => again,
        };
        let Some(again) = again else {
            tracing::error!(
                server = S::NAME,
                "a server dies again and again; giving it up"
            );
            return failed.cancel();
        };
        child = again;
        tracing::info!(server = S::NAME, "the server is up again");
    }
}

/// Tries until it starts; `None` when that takes too many attempts.
async fn start_again<S: Server>(server: &S, deaths: usize) -> Option<Child> {
    for _ in deaths..=RESTARTS {
        match server.start().await {
            Ok(child) => return Some(child),
            Err(error) => tracing::warn!(server = S::NAME, %error, "a server does not start"),
        }
        sleep(PAUSE).await;
    }
    None
}

async fn end<S: Server>(server: &S, mut child: Child) {
    for (signal, patience) in server.stop_signals() {
        if let Some(pid) = child.id().and_then(|pid| i32::try_from(pid).ok()) {
            send(pid, *signal);
        }
        if timeout(*patience, child.wait()).await.is_ok() {
            return;
        }
        tracing::warn!(server = S::NAME, "a server takes long to stop");
    }
    child.kill().await.ok();
}

//! The services that run in this process.

use std::net::TcpListener as StdListener;

use futures::future::try_join_all;
use service::host::{self, Mode, RunError};
use service::{Definition, Settings, database};
use tokio::net::TcpListener;
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::Failure;

/// A service's name and its listener, not yet served.
pub type Listener = (Definition, StdListener);

/// Brings the schemas of some services up to date.
pub async fn migrate(definitions: &[&Definition], settings: &Settings) -> Result<(), Failure> {
    for definition in definitions {
        database::migrate(
            settings.owner_database_url(),
            definition.name,
            &definition.migrations,
        )
        .await?;
    }
    Ok(())
}

/// Services that accept calls.
pub struct Services {
    running: Vec<host::Running>,
    stop: CancellationToken,
}

impl Services {
    /// Starts them all at once. When one fails, those that have started are stopped.
    pub async fn start(
        listeners: Vec<Listener>,
        settings: &Settings,
        mode: Mode,
    ) -> Result<Self, Failure> {
        let stop = CancellationToken::new();
        let starts = listeners.into_iter().map(|(definition, listener)| {
            let stop = stop.clone();
            async move {
                let listener = TcpListener::from_std(listener)?;
                Ok::<_, Failure>(
                    host::start(definition, settings.clone(), mode, listener, stop).await?,
                )
            }
        });
        match try_join_all(starts).await {
            Ok(running) => Ok(Self { running, stop }),
            Err(error) => {
                stop.cancel();
                Err(error)
            }
        }
    }

    /// Runs until `stop` or until one of them ends, then drains all of them.
    pub async fn run(self, stop: &CancellationToken) -> Result<(), RunError> {
        let mut ends: JoinSet<_> = self
            .running
            .into_iter()
            .map(host::Running::stopped)
            .collect();
        let mut result = tokio::select! {
            () = stop.cancelled() => Ok(()),
            Some(first) = ends.join_next() => unwound(first),
        };
        self.stop.cancel();
        while let Some(end) = ends.join_next().await {
            result = result.and(unwound(end));
        }
        result
    }
}

/// Goes on with a panic of a service as if it had been ours.
fn unwound(end: Result<Result<(), RunError>, JoinError>) -> Result<(), RunError> {
    match end {
        Ok(result) => result,
        Err(panic) => std::panic::resume_unwind(panic.into_panic()),
    }
}

use std::collections::BTreeMap;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::Value;
use sqlx::{PgPool, postgres::PgPoolOptions};
use tonic::transport::{Channel, Endpoint};

pub const SERVICES: [&str; 5] = [
    "identity",
    "scheduling",
    "ticketing",
    "payments",
    "analytics",
];

/// How long anything may take before a journey gives up.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// A running `divinetime up`, as its callers and its operators see it.
pub struct System {
    directory: PathBuf,
    postgres_port: AtomicU64,
    services: BTreeMap<String, String>,
}

fn program() -> PathBuf {
    std::env::var_os("DIVINETIME_BIN")
        .expect("DIVINETIME_BIN is not set: run the tests by ./dev test, which builds the program")
        .into()
}

/// `divinetime up` in a directory, each service at its port or at any.
pub(crate) fn up(directory: &Path, ports: &BTreeMap<String, String>) -> Command {
    let mut command = Command::new(program());
    command
        .arg("up")
        .arg("--json")
        .arg("--data-dir")
        .arg(directory);
    for service in SERVICES {
        let port = ports.get(service).map_or("0", String::as_str);
        command.arg(format!("--{service}-port={port}"));
    }
    command.env_remove("DATABASE_URL").env_remove("NATS_URL");
    command
}

impl System {
    /// What runs in a directory and has said that it is ready.
    pub(crate) fn new(directory: &Path, ready: &Value) -> Self {
        Self {
            directory: directory.to_owned(),
            postgres_port: AtomicU64::new(port_of_postgres(ready)),
            services: addresses(ready),
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

    /// Where its data are.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Runs one of the operator's commands and gives its standard output.
    pub fn operate(&self, arguments: &[&str]) -> String {
        let output = Command::new(program())
            .args(arguments)
            .arg("--data-dir")
            .arg(&self.directory)
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

    /// It was started anew.
    pub(crate) fn is_ready_again(&self, ready: &Value) {
        let port = port_of_postgres(ready);
        self.postgres_port.store(port, Ordering::Relaxed);
    }

    /// Addresses by the names of the services.
    pub(crate) fn services(&self) -> &BTreeMap<String, String> {
        &self.services
    }

    pub(crate) fn read(&self, file: &str) -> String {
        let path = self.directory.join(file);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }
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

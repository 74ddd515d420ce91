//! The outbox of an identity at rest, senders that are stepped, and a mail server.

use std::{
    io::{BufRead as _, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use eventsourcing::personal::Keyring;
use identity::{
    MailSettings,
    internals::{EmailAddress, NewMail, Outbox, Patience, Sender, Template, Transport},
    master_keys,
};
use serde_json::{Value, json};
use service::Secret;
use sqlx::{PgPool, Row as _};
use tempfile::TempDir;
use uuid::Uuid;

use crate::world::World;

pub const CODE: &str = "493027";

/// Mail that nobody sends but the test.
pub struct Mail {
    pub keyring: Keyring,
    pub outbox: Outbox,
    pub settings: MailSettings,
    pub pool: PgPool,
    _world: World,
}

impl Mail {
    pub async fn new(settings: MailSettings) -> Self {
        let world = World::at_rest(settings.clone()).await;
        let pool = world.database().pool();
        let keyring = Keyring::new(pool.clone(), master_keys(&world.settings).unwrap());
        let outbox = Outbox::new(pool.clone(), keyring.clone(), &world.settings).unwrap();
        Self {
            keyring,
            outbox,
            settings,
            pool,
            _world: world,
        }
    }

    /// A sender that tries again at once.
    pub fn sender(&self) -> Sender {
        self.patient(Duration::from_hours(24))
    }

    pub fn patient(&self, limit: Duration) -> Sender {
        let patience = Patience {
            first: Duration::ZERO,
            longest: Duration::ZERO,
            limit,
        };
        let transport = Transport::new(&self.settings).unwrap();
        Sender::new(self.outbox.clone(), transport, patience)
    }

    pub async fn mail(&self, user_id: Uuid, template: Template, values: Value) -> NewMail {
        let sealer = self.keyring.sealer(user_id).await.unwrap();
        let to = EmailAddress::parse(&address(user_id)).unwrap();
        NewMail {
            cause: Uuid::from_u128(1),
            template,
            user_id: user_id.into(),
            to: sealer.seal(&to).unwrap(),
            values: sealer.seal(&values).unwrap(),
        }
    }

    /// Queues a mail to a user of this number.
    pub async fn queue(&self, user: u128, template: Template) {
        let values = json!({
            "first_name": "Anna",
            "code": CODE,
            "expires_at": "2099-06-01T10:10:00Z",
            "occurred_at": "2026-06-01T10:00:00Z",
        });
        let mail = self.mail(Uuid::from_u128(user), template, values).await;
        assert!(self.outbox.queue(mail).await.unwrap());
    }

    /// Template, status, attempts, last error.
    pub async fn standing(&self) -> Vec<(String, String, i32, String)> {
        let rows = sqlx::query(
            "select template, status, attempts, last_error from emails order by template, user_id",
        );
        let rows = rows.fetch_all(&self.pool).await.unwrap();
        rows.iter()
            .map(|row| (row.get(0), row.get(1), row.get(2), row.get(3)))
            .collect()
    }

    /// Template, and which of recipient, subject, body and parameters are left.
    pub async fn left(&self) -> Vec<(String, [bool; 4])> {
        let rows = sqlx::query(
            "select template, recipient, subject, body, parameters from emails order by template",
        );
        let rows = rows.fetch_all(&self.pool).await.unwrap();
        let there = |row: &sqlx::postgres::PgRow, at| !row.get::<String, usize>(at).is_empty();
        rows.iter()
            .map(|row| (row.get(0), [1, 2, 3, 4].map(|at| there(row, at))))
            .collect()
    }

    /// The leases end now, as if their senders had died a while ago.
    pub async fn leases_end(&self) {
        sqlx::query("update emails set next_attempt_at = now() where status = 'SENDING'")
            .execute(&self.pool)
            .await
            .unwrap();
    }
}

/// The one file of a folder with this extension, as soon as there is one.
pub async fn written(folder: &Path, extension: &str) -> String {
    loop {
        let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let mut paths = files.map(|file| file.path());
        // A file that is not finished has another extension.
        if let Some(path) = paths.find(|path| path.extension().is_some_and(|is| is == extension)) {
            return std::fs::read_to_string(path).unwrap();
        }
        tokio::task::yield_now().await;
    }
}

pub fn address(user_id: Uuid) -> String {
    format!("user{}@example.com", user_id.as_u128())
}

/// The server of `tests/smtp/server.py`. Ends with the test.
pub struct MailServer {
    process: Child,
    _until_closed: ChildStdin,
    pub port: u16,
    folder: Arc<TempDir>,
}

/// A message that a server has accepted.
#[derive(Debug)]
pub struct Received {
    pub from: String,
    pub to: Vec<String>,
    pub data: String,
}

impl MailServer {
    pub fn start(behaviour: &str) -> Self {
        Self::at(behaviour, 0)
    }

    /// On a given port.
    pub fn at(behaviour: &str, port: u16) -> Self {
        Self::start_at(behaviour, port, Arc::new(tempfile::tempdir().unwrap()))
    }

    /// In the place of this one, with another behaviour; keeps what was accepted.
    pub fn again(self, behaviour: &str) -> Self {
        let (port, folder) = (self.port, Arc::clone(&self.folder));
        drop(self);
        Self::start_at(behaviour, port, folder)
    }

    fn start_at(behaviour: &str, port: u16, folder: Arc<TempDir>) -> Self {
        let python = std::env::var("TEST_SMTP_PYTHON").expect("./dev test sets it");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/smtp/server.py");
        let mut process = Command::new(python)
            .arg(script)
            .arg(folder.path())
            .args([behaviour, &port.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut port = String::new();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        output.read_line(&mut port).unwrap();
        Self {
            _until_closed: process.stdin.take().unwrap(),
            process,
            port: port.trim().parse().expect("the mail server listens"),
            folder,
        }
    }

    pub fn settings(&self) -> MailSettings {
        MailSettings {
            smtp_url: Some(Secret::new(format!("smtp://127.0.0.1:{}", self.port))),
            ..MailSettings::default()
        }
    }

    pub fn received(&self) -> Vec<Received> {
        let files = std::fs::read_dir(self.folder.path()).unwrap();
        let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
        files.sort();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let read = |path: &std::path::PathBuf| {
            let message: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
            Received {
                from: text(&message["from"]),
                to: message["to"].as_array().unwrap().iter().map(text).collect(),
                data: text(&message["data"]),
            }
        };
        files.iter().map(read).collect()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Everything that this process logs, on every level.
#[derive(Clone, Default)]
pub struct Logged(Arc<Mutex<Vec<u8>>>);

impl Logged {
    pub fn capture() -> Self {
        let logged = Self::default();
        let writer = logged.clone();
        tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .init();
        logged
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl Write for Logged {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

//! The broker: NATS with its streams, which makes things fast and is trusted with nothing.

use std::{future::IntoFuture, time::Duration};

use async_nats::{
    Client, ConnectOptions, HeaderMap, ServerAddr, Subscriber,
    connection::State,
    jetstream::{
        self, Context,
        context::PublishAckFuture,
        stream::{Config, DiscardPolicy, RetentionPolicy, StorageType},
    },
};

/// How long the broker remembers message ids, so that what is published twice is stored once.
const DUPLICATE_WINDOW: Duration = Duration::from_mins(10);
/// How long it keeps messages. Older ones are read from the log of their service.
const MAX_AGE: Duration = Duration::from_hours(7 * 24);
/// How long an acknowledgement may take.
const ACK_TIMEOUT: Duration = Duration::from_secs(5);

/// A connection to the broker. Cheap to clone. It is made again whenever it is lost, and need
/// not be there at the start.
#[derive(Clone, Debug)]
pub struct Broker {
    client: Client,
    jetstream: Context,
    prefix: String,
}

/// The broker cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    /// It is not there now.
    #[error("the broker is not connected")]
    Disconnected,
    /// Its address or its prefix is wrong.
    #[error("the broker's configuration: {0}")]
    Configuration(String),
    #[error("the broker: {0}")]
    Refused(String),
    /// It has another configuration for a stream than it was asked for.
    #[error("the stream {stream} has another {setting} than configured: {found}")]
    Stream {
        stream: String,
        setting: &'static str,
        found: String,
    },
}

impl Broker {
    /// Connects in the background to servers like `nats://user:password@127.0.0.1:4222` (several
    /// separated by commas; the credentials of the first that has any; a user alone is a token).
    /// Fails for an address or a prefix that is malformed, not for a server that does not answer:
    /// see [`Broker::connected_within`]. Stream and subject names start with the prefix: `DIVINETIME_IDENTITY` and
    /// `divinetime.identity.UserRegistered` for `divinetime`.
    pub async fn connect(url: &str, prefix: &str) -> Result<Self, BrokerError> {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if prefix.is_empty() || !prefix.chars().all(plain) {
            return Err(BrokerError::Configuration(format!(
                "the prefix {prefix:?} is not made of letters, digits, _ and -"
            )));
        }
        let servers = url
            .split(',')
            .map(|server| {
                server.trim().parse::<ServerAddr>().map_err(|error| {
                    // Without the address: it may hold a password.
                    BrokerError::Configuration(format!("an address is malformed: {error}"))
                })
            })
            .collect::<Result<Vec<_>, _>>()?;
        let client = with_credentials(ConnectOptions::new(), &servers)
            .name("divinetime")
            .retry_on_initial_connect()
            .connection_timeout(Duration::from_secs(2))
            .request_timeout(Some(ACK_TIMEOUT))
            .ping_interval(Duration::from_secs(5))
            .reconnect_delay_callback(|attempts| {
                Duration::from_millis(50 << attempts.min(5)).min(Duration::from_secs(1))
            })
            .connect(servers)
            .await
            .map_err(|error| BrokerError::Configuration(error.to_string()))?;
        let mut jetstream = jetstream::new(client.clone());
        jetstream.set_timeout(ACK_TIMEOUT);
        Ok(Self {
            client,
            jetstream,
            prefix: prefix.to_owned(),
        })
    }

    /// Whether it is connected now.
    pub fn is_connected(&self) -> bool {
        self.client.connection_state() == State::Connected
    }

    /// Waits until it is connected. Fails when that takes longer.
    pub async fn connected_within(&self, patience: Duration) -> Result<(), BrokerError> {
        tokio::time::timeout(patience, self.client.flush())
            .await
            .ok()
            .and_then(Result::ok)
            .filter(|()| self.is_connected())
            .ok_or(BrokerError::Disconnected)
    }

    /// Name of the stream with a service's public events.
    pub fn stream_name(&self, service: &str) -> String {
        format!("{}_{service}", self.prefix).to_uppercase()
    }

    /// Subject of a public event.
    pub fn subject(&self, service: &str, event_type: &str) -> String {
        format!("{}.{service}.{event_type}", self.prefix)
    }

    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Creates the stream of a service, or brings it to its configuration. Fails when the server
    /// answers with another one: old servers drop settings that they do not know.
    pub async fn ensure_stream(&self, service: &str) -> Result<(), BrokerError> {
        if !self.is_connected() {
            return Err(BrokerError::Disconnected);
        }
        let asked = Config {
            name: self.stream_name(service),
            subjects: vec![self.subject(service, "*")],
            storage: StorageType::File,
            retention: RetentionPolicy::Limits,
            discard: DiscardPolicy::Old,
            max_age: MAX_AGE,
            duplicate_window: DUPLICATE_WINDOW,
            description: Some(format!("Public events of {service}, also in its log")),
            ..Config::default()
        };
        let found = self
            .jetstream
            .create_or_update_stream(asked.clone())
            .await
            .map_err(|error| BrokerError::Refused(error.to_string()))?
            .config;
        let differs = |setting, found: &dyn std::fmt::Debug| BrokerError::Stream {
            stream: asked.name.clone(),
            setting,
            found: format!("{found:?}"),
        };
        if found.storage != asked.storage {
            return Err(differs("storage", &found.storage));
        }
        if found.duplicate_window != asked.duplicate_window {
            return Err(differs("duplicate window", &found.duplicate_window));
        }
        if found.max_age != asked.max_age {
            return Err(differs("maximal age", &found.max_age));
        }
        if found.subjects != asked.subjects {
            return Err(differs("list of subjects", &found.subjects));
        }
        Ok(())
    }

    /// Sends a public event without waiting for the acknowledgement.
    pub(crate) async fn publish(
        &self,
        service: &str,
        event_type: &str,
        message_id: &str,
        message: Vec<u8>,
    ) -> Result<Acknowledgement, BrokerError> {
        if !self.is_connected() {
            return Err(BrokerError::Disconnected);
        }
        let mut headers = HeaderMap::new();
        headers.insert("Nats-Msg-Id", message_id);
        self.jetstream
            .publish_with_headers(self.subject(service, event_type), headers, message.into())
            .await
            .map(Acknowledgement)
            .map_err(|error| BrokerError::Refused(error.to_string()))
    }

    /// The messages with a service's public events from now on, at most once each.
    pub(crate) async fn subscribe(&self, service: &str) -> Result<Subscriber, BrokerError> {
        self.client
            .subscribe(self.subject(service, "*"))
            .await
            .map_err(|error| BrokerError::Refused(error.to_string()))
    }
}

fn with_credentials(options: ConnectOptions, servers: &[ServerAddr]) -> ConnectOptions {
    let credentials = servers.iter().find_map(|server| {
        let user = server.username()?.to_owned();
        Some((user, server.password().map(str::to_owned)))
    });
    match credentials {
        Some((user, Some(password))) => options.user_and_password(user, password),
        Some((token, None)) => options.token(token),
        None => options,
    }
}

/// A message on its way into the stream.
pub(crate) struct Acknowledgement(PublishAckFuture);

impl Acknowledgement {
    /// Waits until the stream has it.
    pub async fn stored(self) -> Result<(), BrokerError> {
        match self.0.into_future().await {
            Ok(_) => Ok(()),
            Err(error) => Err(BrokerError::Refused(error.to_string())),
        }
    }
}

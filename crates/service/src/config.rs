//! The settings of a process, read once from the environment.

use std::any::{Any, TypeId};
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::auth::KeyPair;
use crate::variables::{Variable, Variables};

/// The services by name, with the port each listens on by default.
pub const SERVICES: [(&str, u16); 5] = [
    ("identity", 7101),
    ("scheduling", 7102),
    ("ticketing", 7103),
    ("payments", 7104),
    ("analytics", 7105),
];

/// Everything that a process reads from outside. The READMEs list the variables, and so does
/// `divinetime up --help`.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where the service's role works: a Postgres URL.
    pub database_url: Secret,
    /// Where migrations run, as the owner of the schemas; the same as `database_url` when unset.
    pub owner_database_url: Option<Secret>,
    /// Connections of one service to its database.
    pub database_connections: u32,
    /// Where the broker is, for example `nats://127.0.0.1:4222`.
    pub nats_url: Secret,
    /// Stands in front of stream names and subjects, so that deployments can share a broker.
    pub broker_prefix: String,
    /// Base URL of every service, by its name.
    pub addresses: BTreeMap<String, String>,
    /// Signs and verifies the tokens of services; one for the whole deployment.
    pub service_key: Option<KeyPair>,
    /// `x-forwarded-for` names the caller: a proxy that sets it stands before this process.
    pub trusts_forwarded: bool,
    /// Calls handled at the same time before further ones are refused.
    pub max_concurrent_calls: u32,
    /// The deadline of calls that bring none.
    pub default_deadline: Duration,
    /// How long calls under way may take to end when the process stops.
    pub drain: Duration,
    /// What each service reads for itself.
    pub own: OwnByType,
}

/// Settings that one service reads for itself.
pub trait OwnSettings: fmt::Debug + Clone + Default + Send + Sync + 'static {
    /// Takes them from the environment, and leaves the defaults where nothing is set.
    fn read(from: &mut Variables) -> Self;
}

/// Reads the settings of one service.
pub type ReadSettings = fn(&mut Variables, &mut Settings);

/// Reads the settings of a service that has some of its own.
pub fn own_settings<T: OwnSettings>(from: &mut Variables, settings: &mut Settings) {
    settings.set(T::read(from));
}

/// For a service that has no settings of its own.
pub fn no_settings(_from: &mut Variables, _settings: &mut Settings) {}

/// The settings of services by their type.
#[derive(Clone, Default)]
pub struct OwnByType(HashMap<TypeId, Arc<dyn Any + Send + Sync>>);

impl fmt::Debug for OwnByType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "of {} services", self.0.len())
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            database_url: Secret::new("postgres://127.0.0.1/divinetime"),
            owner_database_url: None,
            database_connections: 12,
            nats_url: Secret::new("nats://127.0.0.1:4222"),
            broker_prefix: "divinetime".to_owned(),
            addresses: SERVICES
                .iter()
                .map(|(name, port)| ((*name).to_owned(), format!("http://127.0.0.1:{port}")))
                .collect(),
            service_key: None,
            trusts_forwarded: false,
            max_concurrent_calls: 2048,
            default_deadline: Duration::from_secs(30),
            drain: Duration::from_secs(10),
            own: OwnByType::default(),
        }
    }
}

impl Settings {
    /// Reads the environment: what every process needs, and what the services read for themselves.
    /// `elsewhere` names further `DIVINETIME_*` variables that the program reads itself; any other
    /// is an error, so that a misspelt one is noticed.
    pub fn from_environment(
        services: impl IntoIterator<Item = ReadSettings>,
        elsewhere: &[&str],
    ) -> Result<Self, ConfigError> {
        Self::from_variables(std::env::vars(), services, elsewhere)
    }

    /// The same from given variables. All problems are reported together.
    pub fn from_variables(
        variables: impl IntoIterator<Item = (String, String)>,
        services: impl IntoIterator<Item = ReadSettings>,
        elsewhere: &[&str],
    ) -> Result<Self, ConfigError> {
        let mut from = Variables::new(variables);
        let mut settings = Self::default();
        settings.read(&mut from);
        for read in services {
            read(&mut from, &mut settings);
        }
        from.finish(elsewhere)?;
        Ok(settings)
    }

    /// The variables that every process reads, with their defaults.
    pub fn variables() -> Vec<Variable> {
        let mut from = Variables::new([]);
        Self::default().read(&mut from);
        from.into_taken()
    }

    /// The variables that a service reads for itself, with their defaults.
    pub fn variables_of(service: ReadSettings) -> Vec<Variable> {
        let mut from = Variables::new([]);
        service(&mut from, &mut Self::default());
        from.into_taken()
    }

    /// Takes what every process needs.
    fn read(&mut self, from: &mut Variables) {
        from.secret(
            "DATABASE_URL",
            "where the services work: a Postgres URL",
            &mut self.database_url,
        );
        self.owner_database_url = from
            .take(
                "DIVINETIME_OWNER_DATABASE_URL",
                "where migrations run, as the owner of the schemas; DATABASE_URL unless set",
            )
            .map(Secret::new);
        from.set(
            "DIVINETIME_DATABASE_CONNECTIONS",
            "connections of one service to its database",
            &mut self.database_connections,
        );
        from.secret("NATS_URL", "the broker", &mut self.nats_url);
        from.set(
            "DIVINETIME_BROKER_PREFIX",
            "stands in front of the broker's streams and subjects",
            &mut self.broker_prefix,
        );
        for (name, _) in SERVICES {
            if let Some(address) = self.addresses.get_mut(name) {
                let variable = format!("DIVINETIME_{}_URL", name.to_uppercase());
                from.set(&variable, "base URL of this service", address);
            }
        }
        self.service_key = from.key(
            "DIVINETIME_SERVICE_KEY",
            "signs and verifies services' tokens: Ed25519 in PKCS#8, PEM or base64",
        );
        from.set(
            "DIVINETIME_TRUST_FORWARDED",
            "x-forwarded-for names the caller: only behind a proxy that sets it",
            &mut self.trusts_forwarded,
        );
        from.set(
            "DIVINETIME_MAX_CONCURRENT_CALLS",
            "calls at the same time before further ones are refused",
            &mut self.max_concurrent_calls,
        );
        from.seconds(
            "DIVINETIME_DEFAULT_DEADLINE_SECONDS",
            "deadline of calls that bring none",
            &mut self.default_deadline,
        );
        from.seconds(
            "DIVINETIME_DRAIN_SECONDS",
            "time to end calls and workers when the process stops",
            &mut self.drain,
        );
        if self.max_concurrent_calls == 0 || self.database_connections == 0 {
            from.problems.push(
                "DIVINETIME_MAX_CONCURRENT_CALLS and DIVINETIME_DATABASE_CONNECTIONS must be positive"
                    .to_owned(),
            );
        }
    }

    /// What a service has read for itself; its defaults when it has not.
    pub fn own<T: OwnSettings>(&self) -> T {
        let own = self.own.0.get(&TypeId::of::<T>());
        own.and_then(|own| own.downcast_ref::<T>())
            .cloned()
            .unwrap_or_default()
    }

    /// Replaces what a service has read for itself.
    pub fn set<T: OwnSettings>(&mut self, own: T) {
        self.own.0.insert(TypeId::of::<T>(), Arc::new(own));
    }

    /// Migrations use this URL, which is that of the services where no other is set.
    pub fn owner_database_url(&self) -> &Secret {
        self.owner_database_url
            .as_ref()
            .unwrap_or(&self.database_url)
    }

    /// The base URL of a service; `None` for a name that is no service.
    pub fn address(&self, service: &str) -> Option<&str> {
        self.addresses.get(service).map(String::as_str)
    }
}

/// The 32 bytes of a master key. Never printed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct MasterKeyText([u8; 32]);

impl MasterKeyText {
    /// From the base64 of 32 random bytes (`openssl rand -base64 32`); `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = STANDARD.decode(text.trim()).ok()?;
        bytes.try_into().ok().map(Self)
    }

    pub fn expose(&self) -> [u8; 32] {
        self.0
    }
}

impl fmt::Debug for MasterKeyText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[secret]")
    }
}

/// A value that is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value itself, for the one who needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[secret]")
    }
}

impl FromStr for Secret {
    type Err = std::convert::Infallible;

    fn from_str(value: &str) -> Result<Self, Self::Err> {
        Ok(Self::new(value))
    }
}

/// What is wrong with the environment: one line for each problem.
#[derive(Debug, thiserror::Error)]
#[error("{}", .problems.join("\n"))]
pub struct ConfigError {
    /// Names the variable and what is expected of it, never its value.
    pub problems: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Settings, ConfigError> {
        let variables = variables
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        Settings::from_variables(
            variables,
            [own_settings::<Holds> as _],
            &["DIVINETIME_DATA"],
        )
    }

    /// What some service reads for itself.
    #[derive(Debug, Clone)]
    struct Holds(Duration);

    impl Default for Holds {
        fn default() -> Self {
            Self(Duration::from_mins(15))
        }
    }

    impl OwnSettings for Holds {
        fn read(from: &mut Variables) -> Self {
            let mut holds = Self::default();
            from.seconds("DIVINETIME_HOLD_SECONDS", "how long", &mut holds.0);
            holds
        }
    }

    #[test]
    fn an_empty_environment_gives_the_local_defaults() {
        let settings = read(&[("PATH", "/bin"), ("DIVINETIME_HOLD_SECONDS", "")]).unwrap();
        assert_eq!(settings.own::<Holds>().0, Duration::from_mins(15));
        assert_eq!(settings.address("payments"), Some("http://127.0.0.1:7104"));
        assert_eq!(settings.owner_database_url(), &settings.database_url);
    }

    #[test]
    fn settings_are_taken_from_their_variables() {
        let settings = read(&[
            ("DATABASE_URL", "postgres://db/x"),
            ("DIVINETIME_HOLD_SECONDS", "5"),
            ("DIVINETIME_IDENTITY_URL", "http://identity:80"),
            ("DIVINETIME_DRAIN_SECONDS", "7"),
            ("DIVINETIME_DATA", "elsewhere"),
        ])
        .unwrap();
        assert_eq!(settings.database_url.expose(), "postgres://db/x");
        assert_eq!(settings.own::<Holds>().0, Duration::from_secs(5));
        assert_eq!(settings.address("identity"), Some("http://identity:80"));
        assert_eq!(settings.drain, Duration::from_secs(7));
    }

    #[test]
    fn every_problem_is_reported_at_once_without_any_value() {
        let error = read(&[
            ("DIVINETIME_HOLD_SECONDS", "soon"),
            ("DIVINETIME_HOLD_SECOND", "5"),
            ("DIVINETIME_SERVICE_KEY", "hush"),
        ])
        .unwrap_err();
        let text = error.to_string();
        assert_eq!(error.problems.len(), 3, "{text}");
        assert!(
            text.contains("DIVINETIME_HOLD_SECOND is not a known setting"),
            "{text}"
        );
        assert!(!text.contains("hush") && !text.contains("soon"), "{text}");
    }

    #[test]
    fn a_variable_tells_its_meaning_and_its_default() {
        let own = Settings::variables_of(own_settings::<Holds>);
        assert_eq!(
            own,
            [Variable::new(
                "DIVINETIME_HOLD_SECONDS",
                "how long",
                Some("900")
            )]
        );
        let all = Settings::variables();
        let default = |name: &str| {
            let variable = all.iter().find(|variable| variable.name == name);
            variable.unwrap().default.as_deref()
        };
        assert_eq!(default("NATS_URL"), Some("nats://127.0.0.1:4222"));
        assert_eq!(
            default("DIVINETIME_PAYMENTS_URL"),
            Some("http://127.0.0.1:7104")
        );
        assert_eq!(default("DIVINETIME_SERVICE_KEY_FILE"), None);
    }

    #[test]
    fn secrets_do_not_print() {
        let settings = read(&[
            ("DATABASE_URL", "postgres://u:pw@db/x"),
            ("NATS_URL", "nats://u:pw@n"),
        ])
        .unwrap();
        assert!(!format!("{settings:?}").contains("pw"));
    }
}

//! The settings of a process, read once from the environment.

use std::any::{Any, TypeId};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::auth::KeyPair;
use crate::telemetry::TelemetrySettings;

/// No setting lasts longer: ten years, which can be added to any moment.
const LONGEST: Duration = Duration::from_hours(10 * 365 * 24);

/// The services by name, with the port each listens on by default.
pub const SERVICES: [(&str, u16); 5] = [
    ("identity", 7101),
    ("scheduling", 7102),
    ("ticketing", 7103),
    ("payments", 7104),
    ("analytics", 7105),
];

/// Everything that a process reads from outside. The READMEs list the variables.
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
        from.set("DATABASE_URL", &mut settings.database_url);
        from.set("NATS_URL", &mut settings.nats_url);
        if let Some(url) = from.take("DIVINETIME_OWNER_DATABASE_URL") {
            settings.owner_database_url = Some(Secret::new(url));
        }
        from.set(
            "DIVINETIME_DATABASE_CONNECTIONS",
            &mut settings.database_connections,
        );
        from.set("DIVINETIME_BROKER_PREFIX", &mut settings.broker_prefix);
        for (name, address) in &mut settings.addresses {
            from.set(&format!("DIVINETIME_{}_URL", name.to_uppercase()), address);
        }
        settings.service_key = from.key("DIVINETIME_SERVICE_KEY");
        from.set("DIVINETIME_TRUST_FORWARDED", &mut settings.trusts_forwarded);
        from.set(
            "DIVINETIME_MAX_CONCURRENT_CALLS",
            &mut settings.max_concurrent_calls,
        );
        from.seconds(
            "DIVINETIME_DEFAULT_DEADLINE_SECONDS",
            &mut settings.default_deadline,
        );
        from.seconds("DIVINETIME_DRAIN_SECONDS", &mut settings.drain);
        if settings.max_concurrent_calls == 0 || settings.database_connections == 0 {
            from.problems.push(
                "DIVINETIME_MAX_CONCURRENT_CALLS and DIVINETIME_DATABASE_CONNECTIONS must be positive"
                    .to_owned(),
            );
        }
        for read in services {
            read(&mut from, &mut settings);
        }
        from.finish(elsewhere)?;
        Ok(settings)
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

/// The variables of a process, from which its settings are taken. Several may take the same one.
pub struct Variables {
    all: BTreeMap<String, String>,
    known: BTreeSet<String>,
    problems: Vec<String>,
}

impl Variables {
    fn new(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        Self {
            all: variables
                .into_iter()
                .filter(|(key, _)| {
                    key.starts_with("DIVINETIME_")
                        || matches!(key.as_str(), "DATABASE_URL" | "NATS_URL")
                })
                .collect(),
            known: BTreeSet::new(),
            problems: Vec::new(),
        }
    }

    /// A variable. An empty one counts as an absent one.
    pub fn take(&mut self, key: &str) -> Option<String> {
        self.known.insert(key.to_owned());
        self.all.get(key).filter(|value| !value.is_empty()).cloned()
    }

    /// Sets a value from a variable, if that is there.
    pub fn set<T: FromStr>(&mut self, key: &str, target: &mut T) {
        let Some(value) = self.take(key) else { return };
        match value.parse() {
            Ok(value) => *target = value,
            Err(_) => self
                .problems
                .push(format!("{key} cannot be read as {}", expected::<T>())),
        }
    }

    /// Sets a duration from a variable in whole seconds.
    pub fn seconds(&mut self, key: &str, target: &mut Duration) {
        let mut seconds = target.as_secs();
        self.set(key, &mut seconds);
        if seconds > LONGEST.as_secs() {
            let most = LONGEST.as_secs();
            self.problems.push(format!("{key} must be at most {most}"));
        }
        *target = Duration::from_secs(seconds).min(LONGEST);
    }

    /// Sets a duration from a variable in whole milliseconds.
    pub fn milliseconds(&mut self, key: &str, target: &mut Duration) {
        let mut milliseconds = u64::try_from(target.as_millis()).unwrap_or(u64::MAX);
        self.set(key, &mut milliseconds);
        *target = Duration::from_millis(milliseconds);
    }

    /// A signing key in the variable itself, or in the file that the same with `_FILE` names.
    pub fn key(&mut self, variable: &str) -> Option<KeyPair> {
        let (variable, text) = self.text_or_file(variable)?;
        match KeyPair::from_text(&text) {
            Ok(pair) => Some(pair),
            Err(error) => {
                self.problems.push(format!("{variable}: {error}"));
                None
            }
        }
    }

    /// A master key in the variable itself, or in the file that the same with `_FILE` names.
    pub fn master_key(&mut self, variable: &str) -> Option<MasterKeyText> {
        let (variable, text) = self.text_or_file(variable)?;
        let key = MasterKeyText::parse(&text);
        if key.is_none() {
            self.problems
                .push(format!("{variable}: expected the base64 of 32 bytes"));
        }
        key
    }

    /// A secret, with the name of the variable it came by.
    fn text_or_file(&mut self, variable: &str) -> Option<(String, String)> {
        let file_variable = format!("{variable}_FILE");
        match (self.take(variable), self.take(&file_variable)) {
            (None, None) => None,
            (Some(_), Some(_)) => {
                self.problems.push(format!(
                    "{variable} and {file_variable} are both set: keep one"
                ));
                None
            }
            (Some(text), None) => Some((variable.to_owned(), text)),
            (None, Some(path)) => match std::fs::read_to_string(path) {
                Ok(text) => Some((file_variable, text)),
                Err(error) => {
                    self.problems
                        .push(format!("{file_variable}: the file cannot be read: {error}"));
                    None
                }
            },
        }
    }

    fn finish(mut self, elsewhere: &[&str]) -> Result<(), ConfigError> {
        let unknown = self.all.keys().filter(|key| {
            key.starts_with("DIVINETIME_")
                && !self.known.contains(*key)
                && !elsewhere.contains(&key.as_str())
                && !TelemetrySettings::VARIABLES.contains(&key.as_str())
        });
        self.problems
            .extend(unknown.map(|key| format!("{key} is not a known setting")));
        if self.problems.is_empty() {
            Ok(())
        } else {
            Err(ConfigError {
                problems: self.problems,
            })
        }
    }
}

fn expected<T>() -> &'static str {
    match std::any::type_name::<T>() {
        "bool" => "true or false",
        "u32" | "u64" | "usize" => "a whole number",
        name if name.ends_with("::Zone") => "an IANA time zone",
        _ => "text",
    }
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
            from.seconds("DIVINETIME_HOLD_SECONDS", &mut holds.0);
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
    fn secrets_do_not_print() {
        let settings = read(&[
            ("DATABASE_URL", "postgres://u:pw@db/x"),
            ("NATS_URL", "nats://u:pw@n"),
        ])
        .unwrap();
        assert!(!format!("{settings:?}").contains("pw"));
    }
}

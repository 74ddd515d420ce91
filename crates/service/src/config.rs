//! The settings of a process, read once from the environment.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono_tz::Tz;

use crate::auth::KeyPair;
use crate::telemetry::TelemetrySettings;

/// The services by name, with the port each listens on by default.
pub const SERVICES: [(&str, u16); 5] = [
    ("identity", 7101),
    ("scheduling", 7102),
    ("ticketing", 7103),
    ("payments", 7104),
    ("analytics", 7105),
];

/// Everything that a service can be told from outside. The README names the variables.
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
    /// Seals the keys of personal data; identity alone has it.
    pub master_key: Option<MasterKeyText>,
    /// The one before it, until `divinetime keys rewrap` has run.
    pub previous_master_key: Option<MasterKeyText>,
    /// How mail and text messages leave.
    pub mail: MailSettings,
    /// `x-forwarded-for` names the caller: a proxy that sets it stands before this process.
    pub trusts_forwarded: bool,
    /// How long a login can be continued by refresh tokens.
    pub refresh_token_lifetime: Duration,
    /// How long a key signs access tokens before the next one takes over.
    pub signing_key_lifetime: Duration,
    /// How long a session or a ticket is held without payment.
    pub hold: Duration,
    /// Whole hours before a session's start until which a parent cancels free of charge.
    pub cancellation_notice_hours: u32,
    /// How long the payment provider may take before an outcome counts as unknown.
    pub provider_deadline: Duration,
    /// How long an access token is valid.
    pub access_token_lifetime: Duration,
    /// The zone whose days, months and years the statistics count.
    pub business_zone: Tz,
    /// Payments that move no real money count in the statistics.
    pub counts_sandbox: bool,
    /// Calls handled at the same time before further ones are refused.
    pub max_concurrent_calls: u32,
    /// The deadline of calls that bring none.
    pub default_deadline: Duration,
    /// How long calls under way may take to end when the process stops.
    pub drain: Duration,
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
            master_key: None,
            previous_master_key: None,
            mail: MailSettings::default(),
            trusts_forwarded: false,
            refresh_token_lifetime: Duration::from_hours(30 * 24),
            signing_key_lifetime: Duration::from_hours(30 * 24),
            hold: Duration::from_mins(15),
            cancellation_notice_hours: 24,
            provider_deadline: Duration::from_secs(2),
            access_token_lifetime: Duration::from_mins(15),
            business_zone: Tz::America__New_York,
            counts_sandbox: true,
            max_concurrent_calls: 2048,
            default_deadline: Duration::from_secs(30),
            drain: Duration::from_secs(10),
        }
    }
}

impl Settings {
    /// Reads the environment. `elsewhere` names further `DIVINETIME_*` variables that the
    /// program reads itself; any other is an error, so that a misspelt one is noticed.
    pub fn from_environment(elsewhere: &[&str]) -> Result<Self, ConfigError> {
        Self::from_variables(std::env::vars(), elsewhere)
    }

    /// The same from given variables. All problems are reported together.
    pub fn from_variables(
        variables: impl IntoIterator<Item = (String, String)>,
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
        settings.master_key = from.master_key("DIVINETIME_MASTER_KEY");
        settings.previous_master_key = from.master_key("DIVINETIME_PREVIOUS_MASTER_KEY");
        settings.mail.read(&mut from);
        from.set("DIVINETIME_TRUST_FORWARDED", &mut settings.trusts_forwarded);
        from.seconds(
            "DIVINETIME_REFRESH_TOKEN_SECONDS",
            &mut settings.refresh_token_lifetime,
        );
        from.seconds(
            "DIVINETIME_SIGNING_KEY_SECONDS",
            &mut settings.signing_key_lifetime,
        );
        from.seconds("DIVINETIME_HOLD_SECONDS", &mut settings.hold);
        from.set(
            "DIVINETIME_CANCELLATION_NOTICE_HOURS",
            &mut settings.cancellation_notice_hours,
        );
        from.milliseconds(
            "DIVINETIME_PROVIDER_MILLISECONDS",
            &mut settings.provider_deadline,
        );
        from.seconds(
            "DIVINETIME_ACCESS_TOKEN_SECONDS",
            &mut settings.access_token_lifetime,
        );
        from.set("DIVINETIME_BUSINESS_ZONE", &mut settings.business_zone);
        from.set("DIVINETIME_COUNTS_SANDBOX", &mut settings.counts_sandbox);
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
        from.finish(elsewhere)?;
        Ok(settings)
    }

    /// Where migrations run.
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

/// How mail and text messages leave, and what they say of the platform.
#[derive(Debug, Clone)]
pub struct MailSettings {
    /// `smtp://user:password@host:port`, or `smtps://...`; none in development.
    pub smtp_url: Option<Secret>,
    /// Where messages are written as files instead, one for each.
    pub directory: Option<PathBuf>,
    /// The sender, for example `DivineTime <hello@example.com>`.
    pub from: String,
    /// What the platform calls itself in messages.
    pub platform: String,
    /// Where links in messages lead.
    pub public_url: String,
}

impl Default for MailSettings {
    fn default() -> Self {
        Self {
            smtp_url: None,
            directory: None,
            from: "DivineTime <no-reply@divinetime.example>".to_owned(),
            platform: "DivineTime".to_owned(),
            public_url: "https://divinetime.example".to_owned(),
        }
    }
}

impl MailSettings {
    fn read(&mut self, from: &mut Variables) {
        self.smtp_url = from.take("DIVINETIME_SMTP_URL").map(Secret::new);
        self.directory = from.take("DIVINETIME_MAIL_DIRECTORY").map(PathBuf::from);
        from.set("DIVINETIME_MAIL_FROM", &mut self.from);
        from.set("DIVINETIME_PLATFORM_NAME", &mut self.platform);
        from.set("DIVINETIME_PUBLIC_URL", &mut self.public_url);
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

    /// The bytes.
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
    /// Wraps a value.
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

struct Variables {
    unread: BTreeMap<String, String>,
    problems: Vec<String>,
}

impl Variables {
    fn new(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        Self {
            unread: variables
                .into_iter()
                .filter(|(key, _)| {
                    key.starts_with("DIVINETIME_")
                        || matches!(key.as_str(), "DATABASE_URL" | "NATS_URL")
                })
                .collect(),
            problems: Vec::new(),
        }
    }

    /// An empty variable counts as an absent one.
    fn take(&mut self, key: &str) -> Option<String> {
        self.unread.remove(key).filter(|value| !value.is_empty())
    }

    fn set<T: FromStr>(&mut self, key: &str, target: &mut T) {
        let Some(value) = self.take(key) else { return };
        match value.parse() {
            Ok(value) => *target = value,
            Err(_) => self
                .problems
                .push(format!("{key} cannot be read as {}", expected::<T>())),
        }
    }

    fn seconds(&mut self, key: &str, target: &mut Duration) {
        let mut seconds = target.as_secs();
        self.set(key, &mut seconds);
        *target = Duration::from_secs(seconds);
    }

    fn milliseconds(&mut self, key: &str, target: &mut Duration) {
        let mut milliseconds = u64::try_from(target.as_millis()).unwrap_or(u64::MAX);
        self.set(key, &mut milliseconds);
        *target = Duration::from_millis(milliseconds);
    }

    /// A signing key in the variable itself, or in the file that the same with `_FILE` names.
    fn key(&mut self, variable: &str) -> Option<KeyPair> {
        let (variable, text) = self.text_or_file(variable)?;
        match KeyPair::from_text(&text) {
            Ok(pair) => Some(pair),
            Err(error) => {
                self.problems.push(format!("{variable}: {error}"));
                None
            }
        }
    }

    /// The same for a master key.
    fn master_key(&mut self, variable: &str) -> Option<MasterKeyText> {
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
        let unknown = self.unread.keys().filter(|key| {
            key.starts_with("DIVINETIME_")
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
        name if name.ends_with("Tz") => "an IANA time zone",
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
        Settings::from_variables(variables, &["DIVINETIME_DATA"])
    }

    #[test]
    fn an_empty_environment_gives_the_local_defaults() {
        let settings = read(&[("PATH", "/bin"), ("DIVINETIME_HOLD_SECONDS", "")]).unwrap();
        assert_eq!(settings.hold, Duration::from_mins(15));
        assert_eq!(settings.address("payments"), Some("http://127.0.0.1:7104"));
        assert_eq!(settings.owner_database_url(), &settings.database_url);
    }

    #[test]
    fn settings_are_taken_from_their_variables() {
        let settings = read(&[
            ("DATABASE_URL", "postgres://db/x"),
            ("DIVINETIME_HOLD_SECONDS", "5"),
            ("DIVINETIME_IDENTITY_URL", "http://identity:80"),
            ("DIVINETIME_BUSINESS_ZONE", "Europe/Berlin"),
            ("DIVINETIME_DATA", "elsewhere"),
        ])
        .unwrap();
        assert_eq!(settings.database_url.expose(), "postgres://db/x");
        assert_eq!(settings.hold, Duration::from_secs(5));
        assert_eq!(settings.address("identity"), Some("http://identity:80"));
        assert_eq!(settings.business_zone, Tz::Europe__Berlin);
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

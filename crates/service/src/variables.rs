//! The variables that settings are taken from, and what they say of themselves.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

use crate::auth::KeyPair;
use crate::config::{ConfigError, MasterKeyText, Secret};
use crate::telemetry::TelemetrySettings;

/// No setting lasts longer: ten years, which can be added to any moment.
const LONGEST: Duration = Duration::from_hours(10 * 365 * 24);

/// What an operator has to know of a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    pub name: Cow<'static, str>,
    /// What it decides.
    pub meaning: Cow<'static, str>,
    /// What holds where it is not set; `None` when nothing does.
    pub default: Option<Cow<'static, str>>,
}

impl Variable {
    /// One that is read elsewhere than by [`Variables`].
    pub const fn new(
        name: &'static str,
        meaning: &'static str,
        default: Option<&'static str>,
    ) -> Self {
        let default = match default {
            Some(default) => Some(Cow::Borrowed(default)),
            None => None,
        };
        Self {
            name: Cow::Borrowed(name),
            meaning: Cow::Borrowed(meaning),
            default,
        }
    }
}

/// The variables of a process, from which its settings are taken. Several may take the same one.
/// Whoever takes one says what it means.
pub struct Variables {
    all: BTreeMap<String, String>,
    taken: Vec<Variable>,
    pub(crate) problems: Vec<String>,
}

impl Variables {
    pub(crate) fn new(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        Self {
            all: variables
                .into_iter()
                .filter(|(key, _)| {
                    key.starts_with("DIVINETIME_")
                        || matches!(key.as_str(), "DATABASE_URL" | "NATS_URL")
                })
                .collect(),
            taken: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// A variable that has no default. An empty one counts as an absent one.
    pub fn take(&mut self, key: &str, meaning: &'static str) -> Option<String> {
        self.value(key, meaning, None)
    }

    /// Sets a value from a variable, if that is there.
    pub fn set<T: FromStr + Display>(&mut self, key: &str, meaning: &'static str, target: &mut T) {
        let default = target.to_string();
        let Some(value) = self.value(key, meaning, Some(default)) else {
            return;
        };
        match value.parse() {
            Ok(value) => *target = value,
            Err(_) => self
                .problems
                .push(format!("{key} cannot be read as {}", expected::<T>())),
        }
    }

    /// Sets a secret from a variable. Its default is none: everybody may read that.
    pub fn secret(&mut self, key: &str, meaning: &'static str, target: &mut Secret) {
        let default = target.expose().to_owned();
        if let Some(value) = self.value(key, meaning, Some(default)) {
            *target = Secret::new(value);
        }
    }

    /// Sets a duration from a variable in whole seconds.
    pub fn seconds(&mut self, key: &str, meaning: &'static str, target: &mut Duration) {
        let mut seconds = target.as_secs();
        self.set(key, meaning, &mut seconds);
        if seconds > LONGEST.as_secs() {
            let most = LONGEST.as_secs();
            self.problems.push(format!("{key} must be at most {most}"));
        }
        *target = Duration::from_secs(seconds).min(LONGEST);
    }

    /// Sets a duration from a variable in whole milliseconds.
    pub fn milliseconds(&mut self, key: &str, meaning: &'static str, target: &mut Duration) {
        let mut milliseconds = u64::try_from(target.as_millis()).unwrap_or(u64::MAX);
        self.set(key, meaning, &mut milliseconds);
        *target = Duration::from_millis(milliseconds);
    }

    /// A signing key in the variable itself, or in the file that the same with `_FILE` names.
    pub fn key(&mut self, variable: &str, meaning: &'static str) -> Option<KeyPair> {
        let (variable, text) = self.text_or_file(variable, meaning)?;
        match KeyPair::from_text(&text) {
            Ok(pair) => Some(pair),
            Err(error) => {
                self.problems.push(format!("{variable}: {error}"));
                None
            }
        }
    }

    /// A master key in the variable itself, or in the file that the same with `_FILE` names.
    pub fn master_key(&mut self, variable: &str, meaning: &'static str) -> Option<MasterKeyText> {
        let (variable, text) = self.text_or_file(variable, meaning)?;
        let key = MasterKeyText::parse(&text);
        if key.is_none() {
            self.problems
                .push(format!("{variable}: expected the base64 of 32 bytes"));
        }
        key
    }

    /// A secret, with the name of the variable it came by.
    fn text_or_file(&mut self, variable: &str, meaning: &'static str) -> Option<(String, String)> {
        let file_variable = format!("{variable}_FILE");
        let (text, file) = (
            self.take(variable, meaning),
            self.take(&file_variable, "the file that holds it, instead"),
        );
        match (text, file) {
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

    fn value(
        &mut self,
        key: &str,
        meaning: &'static str,
        default: Option<String>,
    ) -> Option<String> {
        self.taken.push(Variable {
            name: key.to_owned().into(),
            meaning: meaning.into(),
            default: default.map(Cow::Owned),
        });
        self.all.get(key).filter(|value| !value.is_empty()).cloned()
    }

    /// What was taken, in the order in which it was.
    pub(crate) fn into_taken(self) -> Vec<Variable> {
        self.taken
    }

    /// Fails when something could not be read, or when a variable is there that nobody takes.
    pub(crate) fn finish(mut self, elsewhere: &[&str]) -> Result<(), ConfigError> {
        let unknown = self.all.keys().filter(|key| {
            key.starts_with("DIVINETIME_")
                && !self.taken.iter().any(|taken| taken.name == key.as_str())
                && !elsewhere.contains(&key.as_str())
                && !TelemetrySettings::VARIABLES
                    .iter()
                    .any(|known| known.name == key.as_str())
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

//! The templates of mails.

use chrono::{DateTime, Utc};
use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior, Value as Rendered};
use serde_json::Value;
use values::Zone;

use strum::{EnumIter, EnumString, IntoEnumIterator as _, IntoStaticStr};

use crate::IdentitySettings;

/// A longer first name is left out of the greeting.
const LONGEST_NAME: usize = 60;

/// What a mail is about. A template takes values by name: a JSON object of strings, in which
/// instants are RFC 3339. Every template uses `first_name` in its greeting when it is given; the
/// other values are required.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, IntoStaticStr, EnumString, EnumIter)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Template {
    /// A code that verifies the address of a new account: `code`, `expires_at`.
    VerifyEmail,
    /// A code that sets a new password: `code`, `expires_at`.
    ResetPassword,
    /// A code to a new address, before it replaces the old one: `code`, `expires_at`.
    ConfirmNewEmail,
    /// A notice to the old address that a new one has replaced it: `occurred_at`.
    EmailChanged,
    /// A notice that the password was changed: `occurred_at`.
    PasswordChanged,
    /// A notice that a login was ended because its refresh token was used twice: `occurred_at`.
    RefreshTokenReused,
    /// A greeting to a new user.
    Welcome,
    /// A notice that another guardian offers a child: `occurred_at`.
    GuardianTransferOffered,
    /// The last mail to a user who was erased: `occurred_at`.
    AccountErased,
}

impl Template {
    /// The name in the outbox.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Whether the mail carries a code. Such a mail is sent once, and its text is deleted then.
    pub fn carries_code(self) -> bool {
        matches!(
            self,
            Self::VerifyEmail | Self::ResetPassword | Self::ConfirmNewEmail
        )
    }

    /// The values that the template requires.
    pub fn needs(self) -> &'static [&'static str] {
        match self {
            Self::VerifyEmail | Self::ResetPassword | Self::ConfirmNewEmail => {
                &["code", "expires_at"]
            }
            Self::EmailChanged
            | Self::PasswordChanged
            | Self::RefreshTokenReused
            | Self::GuardianTransferOffered
            | Self::AccountErased => &["occurred_at"],
            Self::Welcome => &[],
        }
    }

    /// The required values that are missing, or are instants that cannot be read.
    pub(super) fn missing(self, values: &Value) -> Vec<&'static str> {
        let given = |name: &&str| {
            let value = values.get(*name).and_then(Value::as_str);
            value.is_some_and(|value| !name.ends_with("_at") || instant(value).is_some())
        };
        let needed = self.needs().iter().copied();
        needed.filter(|name| !given(name)).collect()
    }

    /// The subject line. It contains nothing that a user wrote.
    pub fn subject(self, platform: &str) -> String {
        let subject = match self {
            Self::VerifyEmail => format!("Confirm your email address for {platform}"),
            Self::ResetPassword => format!("Choose a new password for {platform}"),
            Self::ConfirmNewEmail => format!("Confirm your new email address for {platform}"),
            Self::EmailChanged => format!("Your email address for {platform} was changed"),
            Self::PasswordChanged => format!("Your password for {platform} was changed"),
            Self::RefreshTokenReused => format!("You were logged out of {platform}"),
            Self::Welcome => format!("Welcome to {platform}"),
            Self::GuardianTransferOffered => {
                format!("You are asked to become a child's guardian at {platform}")
            }
            Self::AccountErased => format!("Your {platform} account was erased"),
        };
        line(&subject)
    }

    fn files(self) -> [(&'static str, &'static str); 2] {
        macro_rules! files {
            ($name:literal) => {
                [
                    (
                        concat!($name, ".txt"),
                        include_str!(concat!("templates/", $name, ".txt")),
                    ),
                    (
                        concat!($name, ".html"),
                        include_str!(concat!("templates/", $name, ".html")),
                    ),
                ]
            };
        }
        match self {
            Self::VerifyEmail => files!("verify-email"),
            Self::ResetPassword => files!("reset-password"),
            Self::ConfirmNewEmail => files!("confirm-new-email"),
            Self::EmailChanged => files!("email-changed"),
            Self::PasswordChanged => files!("password-changed"),
            Self::RefreshTokenReused => files!("refresh-token-reused"),
            Self::Welcome => files!("welcome"),
            Self::GuardianTransferOffered => files!("guardian-transfer-offered"),
            Self::AccountErased => files!("account-erased"),
        }
    }
}

/// A mail as its reader sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    pub subject: String,
    pub text: String,
    /// The same text as an HTML document.
    pub html: String,
}

/// The templates with the name of the platform, the base of its links and its time zone.
pub struct Templates {
    environment: Environment<'static>,
    platform: String,
    url: String,
}

/// Why the templates cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TemplatesError {
    #[error("DIVINETIME_PUBLIC_URL must be an http:// or https:// address")]
    PublicUrl,
    #[error("a template does not parse")]
    Syntax(#[from] Error),
}

impl Templates {
    /// Parses the templates for these settings.
    pub fn new(settings: &IdentitySettings) -> Result<Self, TemplatesError> {
        let url = settings.mail.public_url.trim_end_matches('/');
        if !is_address(url) {
            return Err(TemplatesError::PublicUrl);
        }
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.add_template("layout.txt", include_str!("templates/layout.txt"))?;
        environment.add_template("layout.html", include_str!("templates/layout.html"))?;
        for (name, source) in Template::iter().flat_map(Template::files) {
            environment.add_template(name, source)?;
        }
        let zone = settings.business_zone;
        environment.add_filter("local", move |value: &str| local(value, zone));
        Ok(Self {
            environment,
            platform: line(&settings.mail.platform),
            url: url.to_owned(),
        })
    }

    pub fn render(&self, template: Template, values: &Value) -> Result<Content, Error> {
        let subject = template.subject(&self.platform);
        let value = |name: &str| {
            let value = values.get(name).and_then(Value::as_str);
            value.map(line).unwrap_or_default()
        };
        let first_name = Some(value("first_name")).filter(|name| is_greeted(name));
        let context = minijinja::context! {
            subject => subject.clone(),
            platform => self.platform.clone(),
            // The URL was checked to contain nothing that has a meaning in HTML.
            url => Rendered::from_safe_string(self.url.clone()),
            first_name => first_name.unwrap_or_default(),
            code => value("code"),
            expires_at => value("expires_at"),
            occurred_at => value("occurred_at"),
        };
        let render = |name| self.environment.get_template(name)?.render(&context);
        let [(text, _), (html, _)] = template.files();
        Ok(Content {
            text: render(text)?,
            html: render(html)?,
            subject,
        })
    }
}

/// The text as one line without control characters.
fn line(text: &str) -> String {
    let is_break = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    let spaced: String = text
        .chars()
        .map(|c| if is_break(c) { ' ' } else { c })
        .collect();
    spaced.trim().to_owned()
}

/// Whether the greeting uses a name. Anybody can open an account with somebody else's address, and
/// a name that is a message or contains a link would reach that person in our name.
fn is_greeted(name: &str) -> bool {
    let leads_somewhere = |word: &str| {
        let inner = word.trim_matches('.');
        inner.contains(['.', '/', ':', '@'])
    };
    name.chars().count() <= LONGEST_NAME && !name.split_whitespace().any(leads_somewhere)
}

fn is_address(url: &str) -> bool {
    let rest = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        !rest.is_empty()
            && rest
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-._~:/%[]".contains(&byte))
    })
}

/// Reads an RFC 3339 instant.
pub(super) fn instant(text: &str) -> Option<DateTime<Utc>> {
    let parsed = DateTime::parse_from_rfc3339(text).ok()?;
    Some(parsed.with_timezone(&Utc))
}

fn local(text: &str, zone: Zone) -> Result<String, Error> {
    let instant = instant(text)
        .ok_or_else(|| Error::new(ErrorKind::InvalidOperation, "not an RFC 3339 instant"))?;
    let local = instant.with_timezone(&zone);
    let shown = local.format("%B %-d, %Y at %-I:%M %p");
    Ok(format!("{shown} {}", zone.abbreviation(instant)))
}

#[cfg(test)]
mod tests;

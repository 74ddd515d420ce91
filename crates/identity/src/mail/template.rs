//! What messages say.

use serde_json::Value;
use strum::{EnumString, IntoStaticStr};

/// What a mail is about. Each takes values by name: a JSON object of strings, in which instants
/// are RFC 3339. All but those named here are optional; every template greets by `first_name`
/// when it is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, IntoStaticStr, EnumString)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Template {
    /// A code that verifies the address of a new account: `code`, `expires_at`.
    VerifyEmail,
    /// A code that sets a new password: `code`, `expires_at`.
    ResetPassword,
    /// A code to a new address, before it takes the place of the old one: `code`, `expires_at`.
    ConfirmNewEmail,
    /// To the old address, that another one took its place: `occurred_at`.
    EmailChanged,
    /// That the password was changed: `occurred_at`.
    PasswordChanged,
    /// That a login was ended because its refresh token was used twice: `occurred_at`.
    RefreshTokenReused,
    /// Greets a new user.
    Welcome,
    /// That another guardian offers a child: `occurred_at`.
    GuardianTransferOffered,
    /// The last mail to somebody who was erased: `occurred_at`.
    AccountErased,
}

impl Template {
    /// Its name in the outbox.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Whether it carries a code: such a mail is sent once, and what it said is forgotten then.
    pub fn carries_code(self) -> bool {
        matches!(
            self,
            Self::VerifyEmail | Self::ResetPassword | Self::ConfirmNewEmail
        )
    }

    /// The values without which it cannot be rendered.
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

    /// The values that it needs and was not given.
    pub(super) fn missing(self, values: &Value) -> Vec<&'static str> {
        let given = |name: &&str| values.get(*name).is_some_and(Value::is_string);
        let needed = self.needs().iter().copied();
        needed.filter(|name| !given(name)).collect()
    }

    /// The subject line. It holds nothing that a user wrote.
    pub fn subject(self, platform: &str) -> String {
        match self {
            Self::VerifyEmail => format!("Confirm your email address for {platform}"),
            Self::ResetPassword => format!("Choose a new password for {platform}"),
            Self::ConfirmNewEmail => format!("Confirm your new email address for {platform}"),
            Self::EmailChanged => format!("Your email address for {platform} was changed"),
            Self::PasswordChanged => format!("Your password for {platform} was changed"),
            Self::RefreshTokenReused => format!("You were logged out of {platform}"),
            Self::Welcome => format!("Welcome to {platform}"),
            Self::GuardianTransferOffered => {
                format!("You are asked to become a child's guardian on {platform}")
            }
            Self::AccountErased => format!("Your {platform} account was erased"),
        }
    }
}

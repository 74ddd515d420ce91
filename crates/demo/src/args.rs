//! The options of `divinetime demo`.

use std::fmt;

use clap::Args;

use crate::error::DemoError;

/// The options of `divinetime demo`.
#[derive(Clone, Debug, Args)]
pub struct DemoArgs {
    /// How many parents take part.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(4..=5000))]
    pub(crate) parents: u32,
    /// For how many days trainers can be booked; the first is tomorrow.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(7..=300))]
    pub(crate) days: u32,
    /// Decides what is attempted; the same seed attempts the same.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Also books a session that begins within the minute and completes it when it is over: up to two minutes more.
    #[arg(long)]
    pub(crate) complete: bool,
    /// Prints one JSON object at the end instead of progress and tables.
    #[arg(long)]
    pub(crate) json: bool,
    /// Login address of an administrator; the local one of `up` unless given.
    #[arg(long, env = "DIVINETIME_ADMIN_EMAIL")]
    admin_email: Option<String>,
    #[command(flatten)]
    pub(crate) addresses: Addresses,
    /// Only from the environment: other users of the machine can read the command line.
    #[arg(skip = std::env::var("DIVINETIME_ADMIN_PASSWORD").ok().map(Password))]
    admin_password: Option<Password>,
}

/// A password, which is never printed.
#[derive(Clone)]
struct Password(String);

impl fmt::Debug for Password {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[secret]")
    }
}

impl DemoArgs {
    /// Email and password of the administrator: the named one, else the local one.
    pub(crate) fn administrator(
        &self,
        local: Option<(String, String)>,
    ) -> Result<(String, String), DemoError> {
        match (&self.admin_email, &self.admin_password) {
            (Some(email), Some(Password(password))) => Ok((email.clone(), password.clone())),
            (Some(_), None) => Err(DemoError::NoPassword),
            (None, _) => local.ok_or(DemoError::NoAdmin),
        }
    }
}

/// The base URLs of the services.
#[derive(Clone, Debug, Args)]
pub struct Addresses {
    /// Base URL of identity.
    #[arg(
        long,
        env = "DIVINETIME_IDENTITY_URL",
        default_value = "http://127.0.0.1:7101"
    )]
    pub identity: String,
    /// Base URL of scheduling.
    #[arg(
        long,
        env = "DIVINETIME_SCHEDULING_URL",
        default_value = "http://127.0.0.1:7102"
    )]
    pub scheduling: String,
    /// Base URL of ticketing.
    #[arg(
        long,
        env = "DIVINETIME_TICKETING_URL",
        default_value = "http://127.0.0.1:7103"
    )]
    pub ticketing: String,
    /// Base URL of payments.
    #[arg(
        long,
        env = "DIVINETIME_PAYMENTS_URL",
        default_value = "http://127.0.0.1:7104"
    )]
    pub payments: String,
    /// Base URL of analytics.
    #[arg(
        long,
        env = "DIVINETIME_ANALYTICS_URL",
        default_value = "http://127.0.0.1:7105"
    )]
    pub analytics: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_is_not_printed() {
        let password = Some(Password("hush".to_owned()));
        assert_eq!(format!("{password:?}"), "Some([secret])");
    }
}

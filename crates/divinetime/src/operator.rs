//! What the operators' commands work on: the servers of the environment, or those of the `up`
//! that runs in the data directory.

use identity::IdentitySettings;
use serde::{Deserialize, Serialize};
use service::config::Secret;
use service::{Settings, TelemetrySettings, Variable, database};
use sqlx::PgPool;

use crate::data_dir::DataDir;
use crate::embedded::home::{Home, random_password, write_private};
use crate::embedded::{Programs, lock};
use crate::outside::{OutsideError, check_database};
use crate::{Failure, embedded, services};

/// Variables that this program reads itself, beside those of [`Settings`], [`TelemetrySettings`] and
/// [`Programs`].
const OWN_VARIABLES: [&str; 13] = [
    "DIVINETIME_DATA_DIR",
    "DIVINETIME_POSTGRES_PORT",
    "DIVINETIME_NATS_PORT",
    "DIVINETIME_IDENTITY_PORT",
    "DIVINETIME_SCHEDULING_PORT",
    "DIVINETIME_TICKETING_PORT",
    "DIVINETIME_PAYMENTS_PORT",
    "DIVINETIME_ANALYTICS_PORT",
    "DIVINETIME_LISTEN",
    "DIVINETIME_ADMIN_EMAIL",
    "DIVINETIME_ADMIN_PASSWORD",
    "DIVINETIME_PROFILE",
    "DIVINETIME_BIN",
];

/// Connections of one command to one service's schema.
const CONNECTIONS: u32 = 2;

/// The administrator of a local `up`.
const ADMIN_EMAIL: &str = "admin@divinetime.local";

/// Nothing to work on.
#[derive(Debug, thiserror::Error)]
pub enum NothingRuns {
    /// No `up`, no URL.
    #[error(
        "Nothing runs in {0}: start it with `divinetime up`, name its --data-dir, or set DATABASE_URL."
    )]
    Here(String),
    #[error(
        "The DivineTime in {dir} is still starting, as process {pid}: try again when it is up."
    )]
    Starting { dir: String, pid: u32 },
    /// The `up` is starting it again, or is ending.
    #[error(
        "The private Postgres of the DivineTime that runs here does not answer at the moment ({0}): try again."
    )]
    Down(String),
    /// An `up` on a database of others.
    #[error(
        "The DivineTime that runs here works on a DATABASE_URL of its own: set the same one for this command."
    )]
    Elsewhere,
}

/// The settings of the environment.
pub fn settings() -> Result<Settings, Failure> {
    let elsewhere = TelemetrySettings::VARIABLES.into_iter();
    let elsewhere: Vec<Variable> = elsewhere.chain(Programs::VARIABLES).collect();
    let mut known = OWN_VARIABLES.to_vec();
    known.extend(elsewhere.iter().map(|variable| &*variable.name));
    let own = services::definitions().into_iter().map(|it| it.settings);
    Ok(Settings::from_environment(own, &known)?)
}

/// Whether a variable has a value.
pub fn is_set(variable: &str) -> bool {
    std::env::var_os(variable).is_some_and(|value| !value.is_empty())
}

/// The settings with which a command reaches what runs.
pub fn reach(data: &DataDir) -> Result<Settings, Failure> {
    let mut settings = settings()?;
    if is_set("DATABASE_URL") {
        return Ok(settings);
    }
    let nothing = || NothingRuns::Here(data.path.display().to_string());
    let home = Home::existing(&data.path).ok_or_else(nothing)?;
    let running = lock::running(&home).ok_or_else(nothing)?;
    if running.is_starting() {
        return Err(NothingRuns::Starting {
            dir: data.path.display().to_string(),
            pid: running.pid,
        }
        .into());
    }
    let port = running.postgres_port.ok_or(NothingRuns::Elsewhere)?;
    settings.database_url = Secret::new(embedded::database_url(&home, port)?);
    with_keys_of(&home, &mut settings)?;
    Ok(settings)
}

/// The keys of the deployment in a data directory, where the environment has named none.
pub fn with_keys_of(home: &Home, settings: &mut Settings) -> Result<(), Failure> {
    settings.service_key.get_or_insert(home.service_key()?);
    let mut identity: IdentitySettings = settings.own();
    identity.master_key.get_or_insert(home.master_key()?);
    settings.set(identity);
    Ok(())
}

/// Looks whether the database of the settings is there at all.
pub async fn check(settings: &Settings) -> Result<(), Failure> {
    match check_database(settings.database_url.expose()).await {
        Err(OutsideError::DatabaseUnreachable { reason, .. }) if !is_set("DATABASE_URL") => {
            Err(NothingRuns::Down(reason).into())
        }
        checked => Ok(checked?),
    }
}

/// Connections to the schema of one service, in its role.
pub async fn pool(settings: &Settings, service: &'static str) -> Result<PgPool, Failure> {
    Ok(database::connect(&settings.database_url, service, CONNECTIONS).await?)
}

/// The same for several services, after a look whether the database is there at all.
pub async fn pools(
    settings: &Settings,
    services: Vec<&'static str>,
) -> Result<Vec<(&'static str, PgPool)>, Failure> {
    check(settings).await?;
    let mut pools = Vec::with_capacity(services.len());
    for service in services {
        pools.push((service, pool(settings, service).await?));
    }
    Ok(pools)
}

#[derive(Serialize, Deserialize)]
struct Credentials {
    email: String,
    password: String,
}

/// Email and password of the administrator that `up` has made for this machine, if it has.
pub fn local_admin(home: &Home) -> Option<(String, String)> {
    let text = std::fs::read_to_string(home.admin_file()).ok()?;
    let Credentials { email, password } = serde_json::from_str(&text).ok()?;
    Some((email, password))
}

/// The same, with a new password where there is none yet.
pub fn local_admin_or_new(home: &Home) -> Result<(String, String), Failure> {
    if let Some(admin) = local_admin(home) {
        return Ok(admin);
    }
    let admin = Credentials {
        email: ADMIN_EMAIL.to_owned(),
        password: random_password()?,
    };
    write_private(&home.admin_file(), &serde_json::to_string(&admin)?)?;
    Ok((admin.email, admin.password))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_without_anything_to_work_on_says_what_to_start() {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir {
            path: dir.path().join("none"),
        };
        if is_set("DATABASE_URL") {
            return;
        }
        let error = reach(&data).unwrap_err().to_string();
        assert!(
            error.contains("Nothing runs in") && error.contains("divinetime up"),
            "{error}"
        );
    }

    /// As after a crash: the lock is taken, and nothing is known yet of what is about to run.
    #[tokio::test]
    async fn a_command_that_comes_while_up_is_starting_is_told_so() {
        if is_set("DATABASE_URL") {
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir {
            path: dir.path().to_owned(),
        };
        let home = Home::open(dir.path()).unwrap();
        let mut lock = lock::Lock::take(&home).await.unwrap();
        let error = reach(&data).unwrap_err().to_string();
        assert!(
            error.contains("is still starting")
                && error.contains(&format!("process {}", std::process::id())),
            "{error}"
        );
        let mut running = lock::Running::here();
        let address = "127.0.0.1:7101".to_owned();
        running.services.insert("identity".to_owned(), address);
        lock.tell(&running).unwrap();
        let error = reach(&data).unwrap_err().to_string();
        assert!(error.contains("a DATABASE_URL of its own"), "{error}");
    }

    #[test]
    fn the_local_administrator_keeps_its_password() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::open(dir.path()).unwrap();
        assert_eq!(local_admin(&home), None);
        let made = local_admin_or_new(&home).unwrap();
        assert_eq!(local_admin_or_new(&home).unwrap(), made);
        assert_eq!(local_admin(&home), Some(made));
    }
}

//! `divinetime up`: everything in this process.

mod ready;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Args;
use eventsourcing::EventLog;
use identity::{CreateAdminError, IdentitySettings, NewAdmin, Resources, create_admin};
use service::Settings;
use service::config::Secret;
use service::host::Mode;
use tokio_util::sync::CancellationToken;

use crate::data_dir::DataDir;
use crate::embedded::home::Home;
use crate::embedded::lock::{Lock, Running};
use crate::embedded::{Embedded, Programs, Wanted};
use crate::outside::{check_database, check_nats};
use crate::ports::Ports;
use crate::running::{Listener, Services, migrate};
use crate::{Failure, console, operator, services, signals};

/// The options of `up`.
#[derive(Debug, Args)]
pub struct UpArgs {
    #[command(flatten)]
    data: DataDir,
    #[command(flatten)]
    ports: Ports,
    /// Port of the private Postgres; a free one unless given
    #[arg(
        long,
        env = "DIVINETIME_POSTGRES_PORT",
        default_value_t = 0,
        hide_default_value = true,
        value_name = "PORT"
    )]
    postgres_port: u16,
    /// Port of the private NATS; a free one unless given
    #[arg(
        long,
        env = "DIVINETIME_NATS_PORT",
        default_value_t = 0,
        hide_default_value = true,
        value_name = "PORT"
    )]
    nats_port: u16,
    /// Prints one line of JSON when it is ready, and nothing else
    #[arg(long)]
    json: bool,
}

/// A server that was started here cannot be kept running.
#[derive(Debug, thiserror::Error)]
#[error("Postgres or NATS dies again and again; see the logs in {0}.")]
struct ServerLost(String);

/// Something does not stop in time.
#[derive(Debug, thiserror::Error)]
#[error("Some work did not end within {0} s and was cut off.")]
struct Overdue(u64);

/// Runs until a signal, or until something that it cannot do without is lost.
pub async fn run(args: UpArgs) -> Result<ExitCode, Failure> {
    let began = Instant::now();
    let stop = signals::stop_on_signal()?;
    let settings = operator::settings()?;
    let home = Home::open(&args.data.path)?;
    let mut lock = Lock::take(&home).await?;
    let listeners: Vec<Listener> = services::definitions()
        .into_iter()
        .zip(args.ports.listen()?)
        .map(|(definition, (_, listener))| (definition, listener))
        .collect();

    let wanted = Wanted {
        postgres: (!operator::is_set("DATABASE_URL")).then_some(args.postgres_port),
        nats: (!operator::is_set("NATS_URL")).then_some(args.nats_port),
    };
    let tell = |text: String| progress(args.json, &text);
    let programs = Programs::from_environment(home.root());
    let embedded = Embedded::start(&home, &programs, &wanted, &tell).await?;
    let up = Up {
        home: &home,
        json: args.json,
        began,
    };
    let ended = up
        .run(settings, listeners, &embedded, &mut lock, &stop)
        .await;
    progress(args.json, "stopping");
    embedded.stop().await;
    ended?;
    progress(args.json, "stopped; all data are kept");
    Ok(ExitCode::SUCCESS)
}

struct Up<'a> {
    home: &'a Home,
    json: bool,
    began: Instant,
}

impl Up<'_> {
    async fn run(
        &self,
        mut settings: Settings,
        listeners: Vec<Listener>,
        embedded: &Embedded,
        lock: &mut Lock,
        stop: &CancellationToken,
    ) -> Result<(), Failure> {
        let mut running = Running::here();
        operator::with_keys_of(self.home, &mut settings)?;
        let mut identity: IdentitySettings = settings.own();
        if identity.mail.smtp_url.is_none() {
            let directory = self.home.mail_dir();
            identity.mail.directory.get_or_insert(directory);
            settings.set(identity);
        }
        for (definition, listener) in &listeners {
            let address = listener.local_addr()?.to_string();
            settings
                .addresses
                .insert(definition.name.to_owned(), format!("http://{address}"));
            running.services.insert(definition.name.to_owned(), address);
        }
        if let Some(url) = embedded.database_url() {
            settings.database_url = Secret::new(url);
            settings.owner_database_url = None;
        }
        if let Some(url) = embedded.nats_url() {
            settings.nats_url = Secret::new(url);
        }
        (running.postgres_port, running.nats_port) = embedded.ports();

        let services = tokio::select! {
            started = self.start(listeners, &settings, embedded) => started?,
            () = stop.cancelled() => return Ok(()),
        };
        lock.tell(&running)?;
        if self.json {
            console::json(&running)?;
        } else {
            ready::show(
                self.home,
                &running,
                embedded.database_url().is_some(),
                self.began.elapsed(),
            );
        }

        self.serve(services, embedded, settings.drain, stop).await
    }

    /// Until a signal, a failure of a service, or the loss of a server.
    async fn serve(
        &self,
        services: Services,
        embedded: &Embedded,
        drain: Duration,
        stop: &CancellationToken,
    ) -> Result<(), Failure> {
        let running = async {
            let ended = services.run(stop).await;
            stop.cancel();
            ended
        };
        let watching = async {
            tokio::select! {
                () = stop.cancelled() => false,
                () = embedded.failed() => {
                    stop.cancel();
                    true
                }
            }
        };
        // A drain has its own deadline; this one is for what does not keep it.
        let patience = drain * 2 + Duration::from_secs(5);
        let overdue = async {
            stop.cancelled().await;
            tokio::time::sleep(patience).await;
        };
        let (ended, lost) = tokio::select! {
            ended = async { tokio::join!(running, watching) } => ended,
            () = overdue => return Err(Overdue(patience.as_secs()).into()),
        };
        if lost {
            return Err(ServerLost(self.home.root().display().to_string()).into());
        }
        Ok(ended?)
    }

    async fn start(
        &self,
        listeners: Vec<Listener>,
        settings: &Settings,
        embedded: &Embedded,
    ) -> Result<Services, Failure> {
        if embedded.database_url().is_none() {
            check_database(settings.owner_database_url().expose()).await?;
            check_database(settings.database_url.expose()).await?;
        }
        if embedded.nats_url().is_none() {
            check_nats(settings.nats_url.expose()).await?;
        }
        progress(self.json, "bringing the schemas up to date");
        let definitions: Vec<_> = listeners.iter().map(|(definition, _)| definition).collect();
        migrate(&definitions, settings).await?;
        progress(self.json, "starting the services");
        let services = Services::start(listeners, settings, Mode::Both).await?;
        // Nobody else's database gets an account that it has not asked for.
        if embedded.database_url().is_some() {
            appoint_local_admin(self.home, settings).await?;
        }
        Ok(services)
    }
}

fn progress(json: bool, text: &str) {
    if !json {
        console::line(format_args!("divinetime: {text}"));
    }
}

/// An administrator for this machine, so that `demo` and the newcomer have a login.
async fn appoint_local_admin(home: &Home, settings: &Settings) -> Result<(), Failure> {
    let (email, password) = operator::local_admin_or_new(home)?;
    let pool = operator::pool(settings, identity::NAME).await?;
    let log = EventLog::open(pool.clone(), (identity::definition().upcasters)()).await?;
    let resources = Resources::new(&log, &pool, &settings.own()).await?;
    let admin = NewAdmin {
        email,
        password,
        first_name: "Local".to_owned(),
        last_name: "Administrator".to_owned(),
    };
    match create_admin(&resources, admin).await {
        Ok(_) | Err(CreateAdminError::EmailTaken) => {}
        Err(error) => return Err(error.into()),
    }
    drop((log, resources));
    pool.close().await;
    Ok(())
}

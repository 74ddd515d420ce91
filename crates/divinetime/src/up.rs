//! `divinetime up`: everything in this process.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Args;
use eventsourcing::EventLog;
use identity::{CreateAdminError, NewAdmin, create_admin};
use service::config::Secret;
use service::host::Mode;
use service::{SERVICES, Settings};
use tokio_util::sync::CancellationToken;

use crate::cli::DataDir;
use crate::embedded::home::{Home, Key};
use crate::embedded::lock::{Lock, Running};
use crate::embedded::{Embedded, Programs, Wanted};
use crate::outside::{check_database, check_nats};
use crate::ports::Ports;
use crate::running::{Listener, Services, migrate};
use crate::{Failure, console, operator, services, signals};

/// What `up` can be told.
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

/// Runs until a signal, or until something that it cannot do without is lost.
pub async fn run(args: UpArgs) -> Result<ExitCode, Failure> {
    let began = Instant::now();
    let stop = signals::stop_on_signal()?;
    let settings = operator::settings()?;
    let home = Home::open(&args.data.path)?;
    let mut lock = Lock::take(&home)?;
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
    let embedded = Embedded::start(&home, &Programs::from_environment(), &wanted, &tell).await?;
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
        settings
            .service_key
            .get_or_insert(self.home.key(Key::Service)?);
        settings
            .identity_key
            .get_or_insert(self.home.key(Key::Identity)?);
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
        self.say_ready(&running, embedded)?;

        let lost = CancellationToken::new();
        let ending = async {
            tokio::select! {
                () = stop.cancelled() => {}
                () = embedded.failed() => lost.cancel(),
            }
            stop.cancel();
        };
        // A drain has its own deadline; this one is for what does not keep it.
        let patience = settings.drain * 2 + Duration::from_secs(5);
        let overdue = async {
            stop.cancelled().await;
            tokio::time::sleep(patience).await;
        };
        let ended = tokio::select! {
            (ended, ()) = async { tokio::join!(services.run(stop), ending) } => ended,
            () = overdue => {
                console::error(format_args!("divinetime: some work did not end within {} s and was cut off", patience.as_secs()));
                Ok(())
            }
        };
        if lost.is_cancelled() {
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

    fn say_ready(&self, running: &Running, embedded: &Embedded) -> Result<(), Failure> {
        if self.json {
            return console::json(running);
        }
        let mut block = format!(
            "\nDivineTime is up (after {:.1} s)\n\n",
            self.began.elapsed().as_secs_f64()
        );
        for (service, _) in SERVICES {
            writeln!(
                block,
                "  {service:<11} {}",
                running.services.get(service).map_or("", String::as_str)
            )?;
        }
        if let Some(port) = running.postgres_port {
            writeln!(block, "  {:<11} 127.0.0.1:{port} (private)", "postgres")?;
        }
        if let Some(port) = running.nats_port {
            writeln!(block, "  {:<11} 127.0.0.1:{port} (private)", "nats")?;
        }
        writeln!(block, "\n  data in {}", self.home.root().display())?;
        if embedded.database_url().is_some() {
            writeln!(
                block,
                "  an administrator's login in {}",
                self.home.admin_file().display()
            )?;
        }
        writeln!(block, "\nTry next, in another terminal:\n")?;
        for line in self.hints(running) {
            writeln!(block, "  {line}")?;
        }
        write!(block, "\nCtrl-C stops everything and keeps the data.")?;
        console::line(format_args!("{block}"));
        Ok(())
    }

    fn hints(&self, running: &Running) -> [String; 3] {
        let program = std::env::args()
            .next()
            .unwrap_or_else(|| "divinetime".to_owned());
        let mut options = String::new();
        if !is_default_place(self.home.root()) {
            options = format!(" --data-dir {}", self.home.root().display());
        }
        let identity = running
            .services
            .get("identity")
            .cloned()
            .unwrap_or_default();
        [
            format!("{program} demo{options}"),
            format!("{program} projections list{options}"),
            format!(
                "buf curl --http2-prior-knowledge --protocol grpc -d '{{}}' http://{identity}/divinetime.identity.v1.TrainerService/ListTrainers"
            ),
        ]
    }
}

fn is_default_place(root: &Path) -> bool {
    Path::new(".divinetime")
        .canonicalize()
        .is_ok_and(|default| default == root)
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
    let admin = NewAdmin {
        email,
        password,
        first_name: "Local".to_owned(),
        last_name: "Administrator".to_owned(),
    };
    match create_admin(&log, &pool, admin).await {
        Ok(_) | Err(CreateAdminError::EmailTaken) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

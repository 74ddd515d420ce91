//! A database of one's own on the server of `TEST_DATABASE_URL`.

use std::str::FromStr as _;
use std::sync::LazyLock;

use eventsourcing::{EventLog, Upcasters};
use service::{Definition, Secret, database};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, PgConnection, PgPool};
use uuid::Uuid;

/// Templates are made in turns: roles belong to the whole server.
const TURN: &str = "select pg_advisory_lock(7101)";
const CONNECTIONS: u32 = 10;
/// What Postgres says of a template that is not there.
const NO_SUCH_DATABASE: &str = "3D000";

/// A database with the schema of one service. It is dropped with the value.
pub struct Database {
    server: PgConnectOptions,
    name: String,
    url: Secret,
    service: &'static str,
    upcasters: fn() -> Upcasters,
    pool: PgPool,
}

impl Database {
    /// Copies a database that was migrated for the service. The first test of a run that asks for
    /// the service makes the one that is copied.
    ///
    /// # Panics
    /// When `TEST_DATABASE_URL` is not set or the server refuses; `./dev test` brings a server.
    pub async fn of(definition: &Definition) -> Self {
        let server = std::env::var("TEST_DATABASE_URL").expect(
            "TEST_DATABASE_URL is not set: run the tests by ./dev test, which brings a server",
        );
        let server = PgConnectOptions::from_str(&server).expect("TEST_DATABASE_URL is a URL");
        let service = definition.name;
        let name = format!("{service}_{}", Uuid::now_v7().simple());
        let template = Template::of(service);
        let mut connection = PgConnection::connect_with(&server).await.unwrap();
        if !template.copy(&mut connection, &name).await {
            template.make(&server, &mut connection, definition).await;
            assert!(template.copy(&mut connection, &name).await);
        }
        connection.close().await.unwrap();
        let url = Secret::new(server.clone().database(&name).to_url_lossy());
        let pool = database::connect(&url, service, CONNECTIONS).await.unwrap();
        Self {
            server,
            name,
            url,
            service,
            upcasters: definition.upcasters,
            pool,
        }
    }

    /// Where it is.
    pub fn url(&self) -> Secret {
        self.url.clone()
    }

    /// Connections in the service's role and schema.
    pub fn pool(&self) -> PgPool {
        self.pool.clone()
    }

    /// Connections of the owner of the schema, who may do what the service's role may not.
    pub async fn owner(&self) -> PgPool {
        let path = format!("{},public", self.service);
        let options = self.server.clone().database(&self.name);
        PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .connect_with(options.options([("search_path", path)]))
            .await
            .unwrap()
    }

    /// The log, read through the upcasters of the service.
    pub async fn log(&self) -> EventLog {
        EventLog::open(self.pool(), (self.upcasters)())
            .await
            .unwrap()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        // A runtime of its own: the test's may be ending. What is left behind, if the server is
        // gone already, goes with the server.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(async {
                let mut connection = PgConnection::connect_with(&server).await?;
                // `drop database .. with (force)` looks only every tenth of a second for those
                // who are still connected; they are gone in a few milliseconds.
                let close = format!("alter database {name} allow_connections false");
                connection.execute(close.as_str()).await?;
                while connected(&mut connection, &name).await? {}
                let drop = format!("drop database {name}");
                connection.execute(drop.as_str()).await?;
                Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
            })
        });
        let _ = dropped.join();
    }
}

/// Whether somebody was connected to a database; sends them away.
async fn connected(server: &mut PgConnection, name: &str) -> Result<bool, sqlx::Error> {
    let terminated =
        sqlx::query("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1")
            .bind(name)
            .execute(server)
            .await?;
    Ok(terminated.rows_affected() > 0)
}

/// A migrated database that nobody works in.
struct Template {
    /// `template_<service>_`, which the templates of earlier runs begin with as well.
    family: String,
    name: String,
}

impl Template {
    /// The one of this run of nextest; of this process under another runner.
    fn of(service: &str) -> Self {
        static PROCESS: LazyLock<Uuid> = LazyLock::new(Uuid::now_v7);
        let run = std::env::var("NEXTEST_RUN_ID").map(|run| Uuid::parse_str(&run).unwrap());
        let run = run.unwrap_or(*PROCESS).simple();
        let family = format!("template_{service}_");
        let name = format!("{family}{run}");
        Self { family, name }
    }

    /// Copies it; `false` when there is none.
    async fn copy(&self, connection: &mut PgConnection, name: &str) -> bool {
        let template = &self.name;
        let copy = format!("create database {name} template {template}");
        match connection.execute(copy.as_str()).await {
            Ok(_) => true,
            Err(sqlx::Error::Database(error))
                if error.code().as_deref() == Some(NO_SUCH_DATABASE) =>
            {
                false
            }
            Err(error) => panic!("{error}"),
        }
    }

    /// Makes it unless another test does so at this moment, and drops those of earlier runs. It
    /// gets its name when it is whole.
    async fn make(
        &self,
        server: &PgConnectOptions,
        connection: &mut PgConnection,
        definition: &Definition,
    ) {
        connection.execute(TURN).await.unwrap();
        let there: Vec<String> = sqlx::query_scalar(
            "select datname::text from pg_database where starts_with(datname, $1)",
        )
        .bind(&self.family)
        .fetch_all(&mut *connection)
        .await
        .unwrap();
        if !there.contains(&self.name) {
            for old in there {
                let drop = format!("drop database if exists {old} with (force)");
                connection.execute(drop.as_str()).await.unwrap();
            }
            let unfinished = format!("{}unfinished", self.family);
            let create = format!("create database {unfinished}");
            connection.execute(create.as_str()).await.unwrap();
            let url = Secret::new(server.clone().database(&unfinished).to_url_lossy());
            database::migrate(&url, definition.name, &definition.migrations)
                .await
                .unwrap();
            let rename = format!("alter database {unfinished} rename to {}", self.name);
            connection.execute(rename.as_str()).await.unwrap();
        }
        let release = "select pg_advisory_unlock_all()";
        connection.execute(release).await.unwrap();
    }
}

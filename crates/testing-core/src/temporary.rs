//! Databases that last as long as a test.

use std::sync::LazyLock;

use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, Executor as _, PgConnection};
use uuid::Uuid;

/// Templates are made in turns: roles belong to the whole server.
const TURN: &str = "select pg_advisory_lock(7101)";
/// What Postgres says of a template that is not there.
const NO_SUCH_DATABASE: &str = "3D000";

/// A database that is dropped with the value.
pub struct TemporaryDatabase {
    server: PgConnectOptions,
    name: String,
}

impl TemporaryDatabase {
    /// A new one, migrated.
    pub async fn new(
        server: PgConnectOptions,
        family: &str,
        migrate: impl AsyncFnOnce(PgConnectOptions),
    ) -> Self {
        let new = Self::named(server, family);
        let mut connection = PgConnection::connect_with(&new.server).await.unwrap();
        let create = format!("create database {}", new.name);
        connection.execute(create.as_str()).await.unwrap();
        connection.close().await.unwrap();
        migrate(new.options()).await;
        new
    }

    /// A copy of one that is migrated once for a family and a run: the first test of a run that
    /// asks for the family makes it.
    pub async fn copy(
        server: PgConnectOptions,
        family: &str,
        migrate: impl AsyncFnOnce(PgConnectOptions),
    ) -> Self {
        let copy = Self::named(server, family);
        let template = Template::of(family);
        let mut connection = PgConnection::connect_with(&copy.server).await.unwrap();
        if !template.copy(&mut connection, &copy.name).await {
            template.make(&copy.server, &mut connection, migrate).await;
            assert!(template.copy(&mut connection, &copy.name).await);
        }
        connection.close().await.unwrap();
        copy
    }

    fn named(server: PgConnectOptions, family: &str) -> Self {
        let name = format!("{family}_{}", Uuid::now_v7().simple());
        Self { server, name }
    }

    /// How its owner connects to it.
    pub fn options(&self) -> PgConnectOptions {
        self.server.clone().database(&self.name)
    }
}

impl Drop for TemporaryDatabase {
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
    /// `template_<family>_`, which the templates of earlier runs begin with as well.
    family: String,
    name: String,
}

impl Template {
    /// The one of this run of nextest; of this process under another runner.
    fn of(family: &str) -> Self {
        static PROCESS: LazyLock<Uuid> = LazyLock::new(Uuid::now_v7);
        let run = std::env::var("NEXTEST_RUN_ID").map(|run| Uuid::parse_str(&run).unwrap());
        let run = run.unwrap_or(*PROCESS).simple();
        let family = format!("template_{family}_");
        let name = format!("{family}{run}");
        Self { family, name }
    }

    /// Copies it; `false` when there is none.
    async fn copy(&self, connection: &mut PgConnection, name: &str) -> bool {
        let template = &self.name;
        // Files are copied; page by page through the log takes twice the time.
        let copy = format!("create database {name} template {template} strategy file_copy");
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
        migrate: impl AsyncFnOnce(PgConnectOptions),
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
            migrate(server.clone().database(&unfinished)).await;
            let rename = format!("alter database {unfinished} rename to {}", self.name);
            connection.execute(rename.as_str()).await.unwrap();
        }
        let release = "select pg_advisory_unlock_all()";
        connection.execute(release).await.unwrap();
    }
}

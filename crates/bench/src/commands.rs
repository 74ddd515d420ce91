//! Durable commands a second, this runtime beside `CqrsFramework` on postgres-es.

use std::sync::Arc;

use cqrs_es::{AggregateError, CqrsFramework, persist::PersistedEventStore};
use eventsourcing::{Context, Repository, Root};
use postgres_es::{PostgresCqrs, PostgresEventRepository};
use testing_core::LogDatabase;
use uuid::Uuid;

use crate::{
    Arguments,
    account::{Account, AccountCommand as Command},
    load::{Measured, middle, milliseconds, run},
    table::{print, thousands},
};

/// Connections of the peer's pool: more made it slower on two cores.
const PEER_CONNECTIONS: u32 = 32;
const CREDITS: u32 = 4;

/// A writer's place in "open an account, credit it four times, open the next".
struct Writer {
    account: Arc<str>,
    credits: u32,
}

impl Writer {
    fn new(_: usize) -> Self {
        Self {
            account: "".into(),
            credits: CREDITS,
        }
    }

    fn next(&mut self) -> (Arc<str>, Command) {
        if self.credits == CREDITS {
            self.account = Uuid::now_v7().to_string().into();
            self.credits = 0;
            return (
                Arc::clone(&self.account),
                Command::Open {
                    owner: self.account.to_string(),
                },
            );
        }
        self.credits += 1;
        (Arc::clone(&self.account), Command::Credit { amount: 1 })
    }
}

/// Many aggregates: a new account and four credits, again and again.
pub async fn many(arguments: &Arguments) {
    let mut rows = Vec::new();
    for writers in arguments.writers(&[1, 32, 128, 1_024]) {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..arguments.rounds {
            theirs.push(peer(arguments, writers).await);
            ours.push(runtime(arguments, writers).await);
        }
        rows.push(row(&writers.to_string(), &middle(&ours), &middle(&theirs)));
    }
    print(
        "Durable commands a second: new account and four credits (claim for each fifth, request id for each, hash chain)",
        &HEADINGS,
        &rows,
    );
}

/// One aggregate that everybody writes to.
pub async fn one(arguments: &Arguments) {
    let mut rows = Vec::new();
    for writers in arguments.writers(&[32, 128]) {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..arguments.rounds {
            theirs.push(hot_peer(arguments, writers).await);
            ours.push(hot_runtime(arguments, writers).await);
        }
        rows.push(row(&writers.to_string(), &middle(&ours), &middle(&theirs)));
    }
    print(
        "Durable commands a second on one aggregate",
        &HEADINGS,
        &rows,
    );
}

const HEADINGS: [&str; 10] = [
    "writers",
    "here/s",
    "p50",
    "p99",
    "refused",
    "postgres-es/s",
    "p50",
    "p99",
    "refused",
    "ratio",
];

fn row(name: &str, ours: &Measured, theirs: &Measured) -> Vec<String> {
    let side = |m: &Measured| {
        [
            thousands(m.per_second),
            milliseconds(m.p50),
            milliseconds(m.p99),
            thousands(m.refused as f64),
        ]
    };
    let mut row = vec![name.to_owned()];
    row.extend(side(ours));
    row.extend(side(theirs));
    row.push(format!("{:.1}x", ours.per_second / theirs.per_second));
    row
}

async fn runtime(arguments: &Arguments, writers: usize) -> Measured {
    let database = LogDatabase::new_at(&arguments.database_url).await;
    runtime_on(&database, arguments, writers).await
}

/// The same in a given schema.
pub async fn runtime_on(database: &LogDatabase, arguments: &Arguments, writers: usize) -> Measured {
    let accounts = Repository::<Account>::new(&database.log().await);
    run(
        writers,
        arguments.seconds,
        Writer::new,
        move |mut writer| {
            let accounts = accounts.clone();
            async move {
                let (account, command) = writer.next();
                let context = Context::system().with_request(Uuid::now_v7(), [7; 32]);
                let reply = |account: &Account, _: &[_]| account.balance.to_string().into_bytes();
                let answer = if writer.credits == 0 {
                    accounts.create(&account, context, command, reply).await
                } else {
                    accounts.execute(&account, context, command, reply).await
                };
                answer.expect("the runtime accepts");
                (writer, true)
            }
        },
    )
    .await
}

async fn hot_runtime(arguments: &Arguments, writers: usize) -> Measured {
    let database = LogDatabase::new_at(&arguments.database_url).await;
    let accounts = Repository::<Account>::new(&database.log().await);
    let open = Command::Open {
        owner: "hot".to_owned(),
    };
    accounts
        .create("hot", Context::system(), open, |_, _| Vec::new())
        .await
        .expect("the account opens");
    run(
        writers,
        arguments.seconds,
        |_| (),
        move |()| {
            let accounts = accounts.clone();
            async move {
                let context = Context::system().with_request(Uuid::now_v7(), [7; 32]);
                let reply = |account: &Account, _: &[_]| account.balance.to_string().into_bytes();
                let answer = accounts
                    .execute("hot", context, Command::Credit { amount: 1 }, reply)
                    .await;
                ((), answer.is_ok())
            }
        },
    )
    .await
}

/// The peer's table alone: no positions, claims, requests or chain.
async fn peer_framework(arguments: &Arguments) -> (LogDatabase, Arc<PostgresCqrs<Root<Account>>>) {
    let database = LogDatabase::new_at(&arguments.database_url).await;
    let pool = database.pool_of(PEER_CONNECTIONS).await;
    sqlx::raw_sql(
        "drop table events cascade; create table events (aggregate_type text not null, aggregate_id text not null, \
         sequence bigint check (sequence >= 0) not null, event_type text not null, event_version text not null, \
         payload json not null, metadata json not null, primary key (aggregate_type, aggregate_id, sequence))",
    )
    .execute(&pool)
    .await
    .expect("the peer's table is made");
    let store = PersistedEventStore::new_event_store(PostgresEventRepository::new(pool));
    (database, Arc::new(CqrsFramework::new(store, vec![], ())))
}

async fn peer(arguments: &Arguments, writers: usize) -> Measured {
    let (_database, framework) = peer_framework(arguments).await;
    run(
        writers,
        arguments.seconds,
        Writer::new,
        move |mut writer| {
            let framework = Arc::clone(&framework);
            async move {
                let (account, command) = writer.next();
                framework
                    .execute(&account, command)
                    .await
                    .expect("the peer accepts");
                (writer, true)
            }
        },
    )
    .await
}

async fn hot_peer(arguments: &Arguments, writers: usize) -> Measured {
    let (_database, framework) = peer_framework(arguments).await;
    let open = Command::Open {
        owner: "hot".to_owned(),
    };
    framework
        .execute("hot", open)
        .await
        .expect("the account opens");
    run(
        writers,
        arguments.seconds,
        |_| (),
        move |()| {
            let framework = Arc::clone(&framework);
            async move {
                let accepted = match framework
                    .execute("hot", Command::Credit { amount: 1 })
                    .await
                {
                    Ok(()) => true,
                    Err(AggregateError::AggregateConflict) => false,
                    Err(other) => panic!("the peer failed: {other}"),
                };
                ((), accepted)
            }
        },
    )
    .await
}

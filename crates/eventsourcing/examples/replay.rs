//! Measures the replay of a log into a read table: events per second.
//!
//! `TEST_DATABASE_URL=postgres://... cargo run --release -p eventsourcing --example replay -- 1000000`

use std::{error::Error, io::Write as _, sync::Arc, time::Instant};

use eventsourcing::{
    AnyTable, DecodeError, Delivered, FoldError, LocalFeed, Projection, Projector, RecordedEvent,
    Row, Table, TableSet, testing::TestDatabase,
};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
enum AccountEvent {
    Opened { owner: String },
    Credited { amount: i64 },
}

#[derive(Clone, Serialize, Deserialize)]
struct Account {
    id: String,
    owner: String,
    balance: i64,
    credits: i32,
    changed_at: chrono::DateTime<chrono::Utc>,
}

impl Row for Account {
    const TABLE: &'static str = "accounts";
    const KEY: &'static [&'static str] = &["id"];
    type Key = String;
    fn key(&self) -> String {
        self.id.clone()
    }
}

#[derive(Default)]
struct Tables {
    accounts: Table<Account>,
}

impl TableSet for Tables {
    fn tables(&mut self) -> Vec<&mut dyn AnyTable> {
        vec![&mut self.accounts]
    }
}

struct Accounts;

impl Projection for Accounts {
    const NAME: &'static str = "accounts";
    const FOLD_VERSION: i32 = 1;
    type Event = AccountEvent;
    type Tables = Tables;

    fn key(&self, event: &Delivered<AccountEvent>) -> String {
        event.aggregate_id.clone()
    }

    fn touch(&self, event: &Delivered<AccountEvent>, tables: &mut Tables) {
        tables.accounts.touch(event.aggregate_id.clone());
    }

    fn fold(&self, event: &Delivered<AccountEvent>, tables: &mut Tables) -> Result<(), FoldError> {
        match &event.event {
            AccountEvent::Opened { owner } => tables.accounts.insert(Account {
                id: event.aggregate_id.clone(),
                owner: owner.clone(),
                balance: 0,
                credits: 0,
                changed_at: event.recorded_at,
            }),
            AccountEvent::Credited { amount } => {
                let account = tables
                    .accounts
                    .get_mut(&event.aggregate_id)
                    .ok_or_else(|| FoldError::missing("account", &event.aggregate_id))?;
                account.balance += amount;
                account.credits += 1;
                account.changed_at = event.recorded_at;
            }
        }
        Ok(())
    }
}

fn decode(event: &RecordedEvent) -> Result<Option<AccountEvent>, DecodeError> {
    event.decode().map(Some)
}

/// Ten events for each account, in groups of a hundred accounts.
const FILL: &str = r#"
insert into events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, position, recorded_at)
select 'account', 'account-' || (g * 100 + a), s,
       case s when 1 then 'Opened' else 'Credited' end, '1.0',
       (case s when 1 then '{"Opened":{"owner":"somebody"}}' else '{"Credited":{"amount":5}}' end)::json,
       g * 1000 + (s - 1) * 100 + a + 1, clock_timestamp()
from generate_series(0, $1 / 1000 - 1) g, generate_series(1, 10) s, generate_series(0, 99) a
"#;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let events: i64 = std::env::args()
        .nth(1)
        .unwrap_or("1000000".into())
        .parse()?;
    let database = TestDatabase::create(&[]).await;
    let pool = database.pool();
    sqlx::query(
        "create table accounts (id text primary key, owner text not null, balance bigint not null, \
         credits integer not null, changed_at timestamptz not null)",
    )
    .execute(&pool)
    .await?;
    sqlx::query(FILL).bind(events).execute(&pool).await?;
    sqlx::query("update log_head set position = $1")
        .bind(events)
        .execute(&pool)
        .await?;
    sqlx::query("analyze events").execute(&pool).await?;

    let log = database.log().await;
    let began = Instant::now();
    let mut after = 0;
    loop {
        let batch = log.read(after, 8000).await?;
        let Some(last) = batch.last() else { break };
        after = last.position;
    }
    let took = began.elapsed();
    writeln!(
        std::io::stdout(),
        "read alone {events} events in {took:.2?}"
    )?;
    for _ in 0..2 {
        let projector = Projector::new(
            Accounts,
            pool.clone(),
            vec![Arc::new(LocalFeed::new("bench", &log, decode))],
        );
        let began = Instant::now();
        projector.rebuild(|_| {}).await?;
        let took = began.elapsed();
        let (accounts, total): (i64, i64) =
            sqlx::query_as("select count(*), sum(balance)::bigint from accounts")
                .fetch_one(&pool)
                .await?;
        let rate = f64::from(u32::try_from(events)?) / took.as_secs_f64();
        writeln!(
            std::io::stdout(),
            "{events} events into {accounts} rows (total {total}) in {took:.2?}: {rate:.0} events/s"
        )?;
    }
    Ok(())
}

//! Replaying a log into a read table, beside cqrs-es's `QueryReplay` on a postgres-es view.

use std::{sync::Arc, time::Instant};

use cqrs_es::{
    EventEnvelope, View,
    persist::{GenericQuery, QueryReplay},
};
use eventsourcing::{
    DecodeError, Delivered, FoldError, Keys, LocalFeed, Projection, Projector, RecordedEvent, Root,
};
use postgres_es::{PostgresEventRepository, PostgresViewRepository};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use testing_core::LogDatabase;

use crate::{
    Arguments,
    account::{Account, AccountEvent},
    table::{median, print, thousands},
};

const EVENTS: i64 = 1_000_000;
/// The peer replays fewer, or it would take ten minutes; its rate does not depend on the number.
const PEER_EVENTS: i64 = 10_000;

#[derive(Clone, Serialize, Deserialize)]
struct AccountRow {
    account_id: String,
    owner: String,
    balance: i64,
    credits: i32,
    changed_at: chrono::DateTime<chrono::Utc>,
}

eventsourcing::rows! { AccountRow in "accounts" by (account_id: String) }

eventsourcing::tables! {
    struct Tables {
        accounts: AccountRow,
    }
}

struct Accounts;

impl Projection for Accounts {
    const NAME: &'static str = "accounts";
    const FOLD_VERSION: i32 = 1;
    type Event = AccountEvent;
    type Tables = Tables;

    fn keys(&self, event: &Delivered<AccountEvent>) -> Keys {
        Keys::one(&event.aggregate_id)
    }

    fn fold(&self, event: &Delivered<AccountEvent>, tables: &mut Tables) -> Result<(), FoldError> {
        if let AccountEvent::Opened { owner } = &event.event {
            tables.accounts.insert(AccountRow {
                account_id: event.aggregate_id.clone(),
                owner: owner.clone(),
                balance: 0,
                credits: 0,
                changed_at: event.recorded_at,
            });
        }
        if let AccountEvent::Credited { amount } = &event.event {
            let account = tables
                .accounts
                .get_mut(&event.aggregate_id)
                .ok_or_else(|| FoldError::missing("account", &event.aggregate_id))?;
            account.balance += amount;
            account.credits += 1;
            account.changed_at = event.recorded_at;
        }
        Ok(())
    }
}

/// The same rows as a view of the peer.
#[derive(Debug, Default, Serialize, Deserialize)]
struct AccountView {
    owner: String,
    balance: i64,
    credits: i32,
}

impl View<Root<Account>> for AccountView {
    fn update(&mut self, event: &EventEnvelope<Root<Account>>) {
        match &event.payload {
            AccountEvent::Opened { owner } => self.owner.clone_from(owner),
            AccountEvent::Credited { amount } => {
                self.balance += amount;
                self.credits += 1;
            }
        }
    }
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

const READ_TABLES: &str = "
create table accounts (account_id text primary key, owner text not null, balance bigint not null,
    credits integer not null, changed_at timestamptz not null);
create table account_view (view_id text primary key, version bigint not null, payload json not null);";

async fn filled(arguments: &Arguments, events: i64) -> LogDatabase {
    let database = LogDatabase::new_at(&arguments.database_url).await;
    let pool = database.pool();
    sqlx::raw_sql(READ_TABLES)
        .execute(&pool)
        .await
        .expect("the read tables");
    sqlx::query(FILL)
        .bind(events)
        .execute(&pool)
        .await
        .expect("the events");
    sqlx::query("update log_head set position = $1")
        .bind(events)
        .execute(&pool)
        .await
        .expect("the head");
    sqlx::raw_sql("analyze events")
        .execute(&pool)
        .await
        .expect("statistics");
    database
}

/// Replays a million events here, some there.
pub async fn compare(arguments: &Arguments) {
    let database = filled(arguments, EVENTS).await;
    let peer_database = filled(arguments, PEER_EVENTS).await;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..arguments.rounds {
        theirs.push(peer(peer_database.pool()).await);
        ours.push(projector(&database).await);
    }
    let (ours, theirs) = (median(ours), median(theirs));
    let row = |name: &str, events: i64, rate: f64, ratio: f64| {
        vec![
            name.to_owned(),
            thousands(events as f64),
            thousands(rate),
            format!("{ratio:.0}x"),
        ]
    };
    print(
        "Replay into a read table of one row for ten events",
        &["", "events", "events/s", "ratio"],
        &[
            row("projector", EVENTS, ours, ours / theirs),
            row("QueryReplay, postgres-es view", PEER_EVENTS, theirs, 1.0),
        ],
    );
}

async fn projector(database: &LogDatabase) -> f64 {
    let pool = database.pool();
    let decode = |event: &RecordedEvent| -> Result<Option<AccountEvent>, DecodeError> {
        event.decode().map(Some)
    };
    let feed = LocalFeed::new("bench", &database.log().await, decode);
    let projector = Projector::new(Accounts, pool.clone(), vec![Arc::new(feed)]);
    let begin = Instant::now();
    projector.rebuild(|_| {}).await.expect("the replay ends");
    let rate = EVENTS as f64 / begin.elapsed().as_secs_f64();
    let (accounts, balance): (i64, i64) =
        sqlx::query_as("select count(*), sum(balance)::bigint from accounts")
            .fetch_one(&pool)
            .await
            .expect("the rows");
    assert_eq!(
        (accounts, balance),
        (EVENTS / 10, EVENTS / 10 * 9 * 5),
        "the replay is wrong"
    );
    rate
}

async fn peer(pool: PgPool) -> f64 {
    sqlx::raw_sql("truncate account_view")
        .execute(&pool)
        .await
        .expect("an empty view");
    let views = Arc::new(PostgresViewRepository::<AccountView, Root<Account>>::new(
        "account_view",
        pool.clone(),
    ));
    let query = GenericQuery::new(views);
    let replay = QueryReplay::new(PostgresEventRepository::new(pool.clone()), query);
    let begin = Instant::now();
    replay.replay_all().await.expect("the replay ends");
    let rate = PEER_EVENTS as f64 / begin.elapsed().as_secs_f64();
    let accounts: i64 = sqlx::query_scalar("select count(*) from account_view")
        .fetch_one(&pool)
        .await
        .expect("the rows");
    assert_eq!(accounts, PEER_EVENTS / 10, "the peer's replay is wrong");
    rate
}

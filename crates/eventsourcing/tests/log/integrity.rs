//! What the log promises: gapless positions in commit order, an append-only chain, readable by
//! and from postgres-es.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use crate::account::{Account, AccountCommand as Command, AccountEvent};
use cqrs_es::{
    CqrsFramework,
    persist::{PersistedEventRepository, PersistedEventStore},
};
use eventsourcing::{
    Context, EventLog, Repository, Root,
    verify::{VerifyError, verify},
};
use postgres_es::PostgresEventRepository;
use sqlx::{PgPool, Row};
use testing_core::LogDatabase;
use uuid::Uuid;

async fn credited(log: &EventLog, credits: i64) -> String {
    let accounts = Repository::<Account>::new(log);
    let id = Uuid::now_v7().to_string();
    let open = Command::Open { owner: id.clone() };
    accounts
        .create(&id, Context::system(), open, |_, _| Vec::new())
        .await
        .unwrap();
    for amount in 0..credits {
        accounts
            .execute(
                &id,
                Context::system(),
                Command::Credit { amount },
                |_, _| Vec::new(),
            )
            .await
            .unwrap();
    }
    id
}

const WRITERS: usize = 16;
const APPENDS: usize = 60;

/// Appends one event in a transaction of its own; says whether it stayed.
async fn append_raw(pool: &PgPool, id: Uuid, keep: bool) {
    let mut transaction = pool.begin().await.unwrap();
    sqlx::query(
        "select append_batch($1, 'd', array[(1, 1, 'raw', $1::text, 1, 'E', '1', '{}', $1, $1, 'x', $1, null, null)::append_event], \
         '{}', '{}', '{}', '{}')",
    )
    .bind(id)
    .execute(&mut *transaction)
    .await
    .unwrap();
    if keep {
        transaction.commit().await.unwrap();
    } else {
        transaction.rollback().await.unwrap();
    }
}

/// Follows the log while it is written: sees (position, event id) pairs, goes on after the last
/// one by a column, and stops when the writers have and nothing is left.
async fn tail(pool: PgPool, by: &'static str, done: Arc<AtomicBool>) -> Vec<i64> {
    let mut seen = Vec::new();
    let (mut position, mut event_id) = (0_i64, Uuid::nil());
    let sql = format!(
        "select position, event_id from events where {by} > {} order by {by} limit 50",
        if by == "position" {
            "$1 and $2 = $2"
        } else {
            "$2 and $1 = $1"
        }
    );
    loop {
        let finished = done.load(Ordering::Acquire);
        let rows = sqlx::query(&sql)
            .bind(position)
            .bind(event_id)
            .fetch_all(&pool)
            .await
            .unwrap();
        if rows.is_empty() && finished {
            return seen;
        }
        for row in rows {
            (position, event_id) = (row.get(0), row.get(1));
            seen.push(position);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_that_tail_by_position_miss_nothing_and_the_check_catches_one_that_tails_otherwise()
{
    let database = LogDatabase::of(&[]).await;
    let pool = database.pool_of(20).await;
    let done = Arc::new(AtomicBool::new(false));
    let right = tokio::spawn(tail(pool.clone(), "position", Arc::clone(&done)));
    // Event ids are ordered by the time they were made, not by the time they were committed:
    // the mistake of every reader of a bigserial column.
    let broken = tokio::spawn(tail(pool.clone(), "event_id", Arc::clone(&done)));
    let writers = (0..WRITERS).map(|writer| {
        let pool = pool.clone();
        tokio::spawn(async move {
            for n in 0..APPENDS {
                append_raw(&pool, Uuid::now_v7(), (writer + n) % 10 != 0).await;
            }
        })
    });
    for writer in futures::future::join_all(writers.collect::<Vec<_>>()).await {
        writer.unwrap();
    }
    done.store(true, Ordering::Release);
    let kept = i64::try_from(WRITERS * APPENDS - WRITERS * APPENDS / 10).unwrap();
    let expected: Vec<i64> = (1..=kept).collect();
    assert_eq!(
        right.await.unwrap(),
        expected,
        "the tailing reader saw something else than the log"
    );
    assert_ne!(
        broken.await.unwrap(),
        expected,
        "this check cannot tell a broken reader from a right one"
    );
}

#[tokio::test]
async fn an_intact_log_verifies_and_names_its_head() {
    let database = LogDatabase::of(&[]).await;
    let log = database.log().await;
    credited(&log, 20).await;
    let first = verify(log.pool(), None, |_, _| {}).await.unwrap();
    assert_eq!((first.events, first.batches), (21, 21));
    credited(&log, 3).await;
    let second = verify(log.pool(), Some(&first.head), |_, _| {})
        .await
        .unwrap();
    assert_ne!(first.head, second.head);
}

/// Does to the log, as a superuser who turned the trigger off, what must not go unnoticed.
async fn tampered(sql: &str, exported: Option<String>) -> i64 {
    let database = LogDatabase::of(&[]).await;
    let log = database.log().await;
    credited(&log, 20).await;
    let head = verify(log.pool(), None, |_, _| {}).await.unwrap().head;
    sqlx::raw_sql("alter table events disable trigger append_only; alter table batches disable trigger append_only;")
        .execute(log.pool())
        .await
        .unwrap();
    sqlx::raw_sql(sql).execute(log.pool()).await.unwrap();
    match verify(log.pool(), exported.map(|_| head).as_deref(), |_, _| {}).await {
        Err(VerifyError::Broken { position, .. }) => position,
        other => panic!("{sql} went unnoticed: {other:?}"),
    }
}

#[tokio::test]
async fn an_edit_a_deletion_a_reordering_a_forgery_and_a_cut_tail_are_found() {
    let edit = r#"update events set payload = '{"Credited":{"amount":999}}' where position = 7"#;
    assert_eq!(tampered(edit, None).await, 7);
    let actor = "update events set actor = 'user:other' where position = 9";
    assert_eq!(tampered(actor, None).await, 9);
    assert_eq!(
        tampered("delete from events where position = 5", None).await,
        5
    );
    let swap = "update events set position = -1 where position = 10; \
                update events set position = 10 where position = 11; \
                update events set position = 11 where position = -1";
    assert_eq!(tampered(swap, None).await, 10);
    let forged = "insert into events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload) \
                  values ('account', 'forged', 1, 'Opened', '1.0', '{}')";
    assert_eq!(tampered(forged, None).await, 22);
    let cut = "delete from events where position > 15; delete from batches where first_position > 15; \
               update log_head set position = 15, hash = (select hash from batches where last_position = 15)";
    assert_eq!(tampered(cut, Some(String::new())).await, 15);
}

#[tokio::test]
async fn even_the_owner_cannot_change_the_log_by_accident() {
    let database = LogDatabase::of(&[]).await;
    let log = database.log().await;
    credited(&log, 1).await;
    for sql in [
        "update events set actor = 'x'",
        "delete from events",
        "truncate events",
        "delete from batches",
    ] {
        let error = sqlx::query(sql)
            .execute(log.pool())
            .await
            .unwrap_err()
            .to_string();
        assert!(error.contains("append-only"), "{sql}: {error}");
    }
    assert_eq!(log.head().await.unwrap(), 2);
}

#[tokio::test]
async fn postgres_es_reads_our_streams() {
    let database = LogDatabase::of(&[]).await;
    let log = database.log().await;
    let id = credited(&log, 3).await;
    let events = PostgresEventRepository::new(log.pool().clone())
        .get_events::<Root<Account>>(&id)
        .await
        .unwrap();
    let sequences: Vec<usize> = events.iter().map(|event| event.sequence).collect();
    assert_eq!(sequences, [1, 2, 3, 4]);
    assert_eq!(
        events[3].payload,
        serde_json::to_value(AccountEvent::Credited { amount: 2 }).unwrap()
    );
    assert_eq!(
        (
            events[3].event_type.as_str(),
            events[3].event_version.as_str()
        ),
        ("Credited", "1.0")
    );
}

#[tokio::test]
async fn we_read_and_continue_the_streams_that_postgres_es_writes() {
    let database = LogDatabase::of(&[]).await;
    let log = database.log().await;
    credited(&log, 1).await;
    let store: PersistedEventStore<_, Root<Account>> =
        PersistedEventStore::new_event_store(PostgresEventRepository::new(log.pool().clone()));
    let framework = CqrsFramework::new(store, vec![], ());
    framework
        .execute(
            "theirs",
            Command::Open {
                owner: "ann".to_owned(),
            },
        )
        .await
        .unwrap();
    framework
        .execute("theirs", Command::Credit { amount: 5 })
        .await
        .unwrap();

    let accounts = Repository::<Account>::new(&log);
    let credit = Command::Credit { amount: 2 };
    let committed = accounts
        .execute("theirs", Context::system(), credit, |account, _| {
            account.balance.to_string().into_bytes()
        })
        .await
        .unwrap();
    assert_eq!((committed.reply, committed.position), (b"7".to_vec(), 5));
    let positions: Vec<i64> = log
        .read(0, 100)
        .await
        .unwrap()
        .iter()
        .map(|event| event.position)
        .collect();
    assert_eq!(positions, [1, 2, 3, 4, 5]);
    framework
        .execute("theirs", Command::Debit { amount: 7 })
        .await
        .unwrap();
    assert_eq!(accounts.load("theirs").await.unwrap().unwrap().balance, 0);
}

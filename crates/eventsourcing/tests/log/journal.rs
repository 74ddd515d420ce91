//! The journal and the repository on a real Postgres.

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use crate::account::{
    Account, AccountCommand as Command, AccountError, AccountEvent, open, owner_claim, positions,
    send,
};
use eventsourcing::{
    ClaimChange, Committed, EventLog, ExecuteError, RecordedEvent, Repository, Upcasters, verify,
};
use testing_core::LogDatabase;
use uuid::Uuid;

#[tokio::test]
async fn a_command_is_answered_with_its_position_and_survives_in_the_log() {
    let database = LogDatabase::of(&[]).await;
    let log = database.log().await;
    let accounts = Repository::<Account>::new(&log);
    let account = open(&accounts, "ann").await;
    let committed = send(&accounts, &account, Command::Credit { amount: 7 })
        .await
        .unwrap();
    assert_eq!(
        committed,
        Committed {
            position: 2,
            reply: b"7".to_vec(),
            replayed: false
        }
    );
    let events = positions(&log).await;
    assert_eq!(
        events[1].decode::<AccountEvent>().unwrap(),
        AccountEvent::Credited { amount: 7 }
    );
    assert_eq!(
        (events[1].sequence, events[1].actor.as_str()),
        (2, "system")
    );
    assert_eq!(accounts.load(&account).await.unwrap().unwrap().balance, 7);
    assert!(accounts.load("nobody").await.unwrap().is_none());
}

#[tokio::test]
async fn a_refusal_changes_nothing() {
    let database = LogDatabase::of(&[]).await;
    let log = database.log().await;
    let accounts = Repository::<Account>::new(&log);
    let account = open(&accounts, "ann").await;
    let refused = send(&accounts, &account, Command::Debit { amount: 1 }).await;
    assert!(matches!(
        refused,
        Err(ExecuteError::Refused(AccountError::TooLittle(0)))
    ));
    assert_eq!(log.head().await.unwrap(), 1);
}

#[tokio::test]
async fn one_hot_aggregate_takes_concurrent_commands_in_a_row_without_losing_one() {
    let database = LogDatabase::of(&[]).await;
    let log = database.log().await;
    let accounts = Repository::<Account>::new(&log);
    let account: Arc<str> = open(&accounts, "ann").await.into();
    let credits = (0..500).map(|_| {
        let (accounts, account) = (accounts.clone(), Arc::clone(&account));
        tokio::spawn(async move {
            send(&accounts, &account, Command::Credit { amount: 1 })
                .await
                .unwrap()
        })
    });
    let answers = futures::future::join_all(credits.collect::<Vec<_>>()).await;
    let balances: HashSet<Vec<u8>> = answers
        .into_iter()
        .map(|answer| answer.unwrap().reply)
        .collect();
    assert_eq!(balances.len(), 500, "two commands saw the same balance");
    assert_eq!(accounts.load(&account).await.unwrap().unwrap().balance, 500);
    positions(&log).await;
}

#[tokio::test]
async fn a_balance_never_goes_below_zero_when_two_processes_write_to_one_aggregate() {
    let database = LogDatabase::of(&[]).await;
    // Two logs on one schema share nothing in memory, like two processes.
    let processes =
        [database.log().await, database.log().await].map(|log| Repository::<Account>::new(&log));
    let account: Arc<str> = open(&processes[0], "ann").await.into();
    send(&processes[0], &account, Command::Credit { amount: 100 })
        .await
        .unwrap();
    let debits = (0..300).map(|n| {
        let (accounts, account) = (processes[n % 2].clone(), Arc::clone(&account));
        tokio::spawn(async move {
            loop {
                match send(&accounts, &account, Command::Debit { amount: 1 }).await {
                    Err(ExecuteError::Contention) => {}
                    other => return other,
                }
            }
        })
    });
    let mut accepted = 0;
    for answer in futures::future::join_all(debits.collect::<Vec<_>>()).await {
        match answer.unwrap() {
            Ok(_) => accepted += 1,
            Err(ExecuteError::Refused(AccountError::TooLittle(0))) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(accepted, 100);
    assert_eq!(
        processes[1].load(&account).await.unwrap().unwrap().balance,
        0
    );
}

#[tokio::test]
async fn a_refusal_is_never_based_on_what_another_process_has_changed_meanwhile() {
    let database = LogDatabase::of(&[]).await;
    let [one, other] =
        [database.log().await, database.log().await].map(|log| Repository::<Account>::new(&log));
    let account = open(&one, "ann").await;
    for round in 1..=20 {
        send(&other, &account, Command::Credit { amount: 1 })
            .await
            .unwrap();
        let debit = send(&one, &account, Command::Debit { amount: 1 }).await;
        assert!(debit.is_ok(), "round {round}: {debit:?}");
    }
}

#[tokio::test]
async fn dropping_a_command_half_way_leaves_it_whole_or_not_there() {
    let database = LogDatabase::of(&[]).await;
    let log = database.log().await;
    let accounts = Repository::<Account>::new(&log);
    let account: Arc<str> = open(&accounts, "ann").await.into();
    for _ in 0..100 {
        let (accounts, account) = (accounts.clone(), Arc::clone(&account));
        let task =
            tokio::spawn(
                async move { send(&accounts, &account, Command::Credit { amount: 1 }).await },
            );
        tokio::task::yield_now().await;
        task.abort();
    }
    let last = send(&accounts, &account, Command::Credit { amount: 0 })
        .await
        .unwrap();
    let events = positions(&log).await;
    let credited = i64::try_from(events.len()).unwrap() - 2;
    assert_eq!(last.reply, credited.to_string().into_bytes());
    assert_eq!(
        accounts.load(&account).await.unwrap().unwrap().balance,
        credited
    );
}

#[tokio::test]
async fn a_lost_connection_neither_loses_nor_doubles_a_command() {
    let database = LogDatabase::of(&[]).await;
    let log = database.log().await;
    let accounts = Repository::<Account>::new(&log);
    let account: Arc<str> = open(&accounts, "ann").await.into();
    let pool = database.pool_of(2).await;
    let done = Arc::new(AtomicBool::new(false));
    let killed_enough = Arc::clone(&done);
    let killer = tokio::spawn(async move {
        let mut killed = 0;
        while killed < 20 {
            killed += sqlx::query(
                "select pg_terminate_backend(pid) from pg_stat_activity \
                 where datname = current_database() and pid <> pg_backend_pid() and state = 'active' and query like '%append_batch($%'",
            )
            .fetch_all(&pool)
            .await
            .unwrap()
            .len();
        }
        killed_enough.store(true, Ordering::Release);
    });
    let writers = (0..16).map(|_| {
        let (accounts, account) = (accounts.clone(), Arc::clone(&account));
        let done = Arc::clone(&done);
        tokio::spawn(async move {
            let mut credited = 0;
            while !done.load(Ordering::Acquire) {
                send(&accounts, &account, Command::Credit { amount: 1 })
                    .await
                    .unwrap();
                credited += 1;
            }
            credited
        })
    });
    let mut credited = 0;
    for writer in futures::future::join_all(writers.collect::<Vec<_>>()).await {
        credited += writer.unwrap();
    }
    killer.await.unwrap();
    assert_eq!(
        accounts.load(&account).await.unwrap().unwrap().balance,
        credited
    );
    positions(&log).await;
    verify::verify(log.pool(), None, |_, _| {}).await.unwrap();
}

#[tokio::test]
async fn a_batch_that_was_given_up_can_never_commit() {
    let database = LogDatabase::of(&[]).await;
    let log = database.log().await;
    let batch = Uuid::now_v7();
    let resolved: (Option<i64>, Option<i64>) = sqlx::query_as("select * from resolve_batch($1)")
        .bind(batch)
        .fetch_one(log.pool())
        .await
        .unwrap();
    assert_eq!(resolved, (None, None));
    let late = sqlx::query(
        "select append_batch($1, 'd', array[(1, 1, 'account', 'a', 1, 'E', '1', '{}', $1, $1, 'x', $1, null, null)::append_event], \
         '{}', '{}', '{}', '{}')",
    )
    .bind(batch)
    .execute(log.pool())
    .await
    .unwrap_err();
    assert!(late.to_string().contains("batches_pkey"), "{late}");
    assert_eq!(log.head().await.unwrap(), 0);
}

#[tokio::test]
async fn a_long_lived_aggregate_is_loaded_from_its_snapshot_unless_the_fold_has_changed() {
    let database = LogDatabase::of(&[]).await;
    let log = database.log().await;
    let accounts = Repository::<Account>::new(&log);
    let account = open(&accounts, "ann").await;
    let credits = (0..1_100).map(|_| send(&accounts, &account, Command::Credit { amount: 1 }));
    futures::future::join_all(credits)
        .await
        .into_iter()
        .for_each(|credit| drop(credit.unwrap()));
    // The snapshot is stored in the background; wait for its row.
    let sequence: i64 = loop {
        let stored = sqlx::query_scalar("select last_sequence from snapshots")
            .fetch_optional(log.pool())
            .await
            .unwrap();
        if let Some(sequence) = stored {
            break sequence;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(sequence, 1_000);
    sqlx::query("update snapshots set payload = '{\"owner\":\"ann\",\"balance\":1000000}'")
        .execute(log.pool())
        .await
        .unwrap();
    assert_eq!(
        accounts.load(&account).await.unwrap().unwrap().balance,
        1_000_101
    );
    sqlx::query("update snapshots set fold_version = 0")
        .execute(log.pool())
        .await
        .unwrap();
    assert_eq!(
        accounts.load(&account).await.unwrap().unwrap().balance,
        1_100
    );
}

#[tokio::test]
async fn stored_events_are_upcast_wherever_they_are_read() {
    let database = LogDatabase::of(&[]).await;
    let account = open(&Repository::new(&database.log().await), "ann").await;
    let upcasters = Upcasters::none().with(
        "Opened",
        "1.0",
        |mut payload| {
            payload["Opened"]["owner"] = "upcast".into();
            payload
        },
        "1.1",
    );
    let log = EventLog::open(database.pool(), upcasters).await.unwrap();
    let event = log.read(0, 1).await.unwrap().remove(0);
    assert_eq!(event.event_version, "1.1");
    let loaded = Repository::<Account>::new(&log)
        .load(&account)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(loaded.owner.as_deref(), Some("upcast"));
}

#[tokio::test]
async fn claims_follow_from_the_log_alone() {
    let database = LogDatabase::of(&[]).await;
    let log = database.log().await;
    let accounts = Repository::<Account>::new(&log);
    let ann = open(&accounts, "ann").await;
    open(&accounts, "bob").await;
    send(
        &accounts,
        &ann,
        Command::Rename {
            owner: "cay".to_owned(),
        },
    )
    .await
    .unwrap();
    let before = claims(&log).await;
    sqlx::query("update unique_claims set key = 'forged' where key = 'bob'")
        .execute(log.pool())
        .await
        .unwrap();
    let decode = |event: &RecordedEvent| -> Result<Vec<ClaimChange>, eventsourcing::DecodeError> {
        Ok(eventsourcing::ClaimingEvent::claims(
            &event.decode::<AccountEvent>()?,
            &event.aggregate_id,
        ))
    };
    let rebuilt = eventsourcing::rebuild_claims(&log, decode).await.unwrap();
    assert_eq!(rebuilt, 2);
    assert_eq!(claims(&log).await, before);
    assert_eq!(before, ["bob", "cay"]);
    assert_eq!(owner_claim("bob"), owner_claim("bob"));
}

async fn claims(log: &EventLog) -> Vec<String> {
    sqlx::query_scalar("select key from unique_claims order by key")
        .fetch_all(log.pool())
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusals_stand_while_another_process_writes_to_other_aggregates() {
    let database = LogDatabase::of(&[]).await;
    let [one, other] =
        [database.log().await, database.log().await].map(|log| Repository::<Account>::new(&log));
    let account = open(&one, "ann").await;
    let neighbour: Arc<str> = open(&other, "bob").await.into();
    let done = Arc::new(AtomicBool::new(false));
    let stop = Arc::clone(&done);
    let busy = tokio::spawn(async move {
        while !stop.load(Ordering::Acquire) {
            send(&other, &neighbour, Command::Credit { amount: 1 })
                .await
                .unwrap();
        }
    });
    for _ in 0..300 {
        let refused = send(&one, &account, Command::Debit { amount: 1 }).await;
        assert!(matches!(
            refused,
            Err(ExecuteError::Refused(AccountError::TooLittle(0)))
        ));
    }
    done.store(true, Ordering::Release);
    busy.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_commands_than_a_batch_overlaps_may_wait_for_one_aggregate() {
    let database = LogDatabase::of(&[]).await;
    let log = database.log().await;
    let accounts = Repository::<Account>::new(&log);
    let account: Arc<str> = open(&accounts, "ann").await.into();
    // A database that stands still for as long as it takes them all to queue up.
    let mut still = log.pool().begin().await.unwrap();
    sqlx::query("select 1 from log_head for update")
        .execute(&mut *still)
        .await
        .unwrap();
    let commands: Vec<_> = (0..600)
        .map(|_| {
            let (accounts, account) = (accounts.clone(), Arc::clone(&account));
            tokio::spawn(
                async move { send(&accounts, &account, Command::Credit { amount: 1 }).await },
            )
        })
        .collect();
    for _ in 0..2_000 {
        tokio::task::yield_now().await;
    }
    still.rollback().await.unwrap();
    for command in commands {
        command.await.unwrap().unwrap();
    }
    assert_eq!(accounts.load(&account).await.unwrap().unwrap().balance, 600);
}

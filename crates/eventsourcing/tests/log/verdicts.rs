//! What each command of a batch is told: its own verdict, and the same one when it is repeated.

use eventsourcing::{Committed, Context, ExecuteError, Repository};
use testing_core::LogDatabase;
use uuid::Uuid;

use crate::account::{Account, AccountCommand as Command, balance, id, open, positions, send};

#[tokio::test]
async fn a_claim_has_one_holder_under_a_race_and_is_free_again_after_its_release() {
    let database = LogDatabase::of(&[]).await;
    let log = database.log().await;
    let accounts = Repository::<Account>::new(&log);
    let opened = futures::future::join_all((0..64).map(|_| {
        let accounts = accounts.clone();
        async move {
            let id = id();
            let open = Command::Open {
                owner: "ann".to_owned(),
            };
            accounts
                .create(&id, Context::system(), open, balance)
                .await
                .map(|_| id)
        }
    }))
    .await;
    let (winners, losers): (Vec<_>, Vec<_>) = opened.into_iter().partition(Result::is_ok);
    assert_eq!(winners.len(), 1);
    assert!(losers.iter().all(
        |loser| matches!(loser, Err(ExecuteError::ClaimTaken { scope, key })
        if scope == "account.owner" && key == "ann")
    ));
    let winner = winners.into_iter().next().unwrap().unwrap();
    assert_eq!(
        log.claim_owner("account.owner", "ann")
            .await
            .unwrap()
            .as_ref(),
        Some(&winner)
    );

    let rename = Command::Rename {
        owner: "bob".to_owned(),
    };
    send(&accounts, &winner, rename).await.unwrap();
    open(&accounts, "ann").await;
    let back = Command::Rename {
        owner: "ann".to_owned(),
    };
    let taken = send(&accounts, &winner, back).await;
    assert!(matches!(taken, Err(ExecuteError::ClaimTaken { .. })));
    assert_eq!(log.head().await.unwrap(), 3);

    send(&accounts, &winner, Command::Close).await.unwrap();
    open(&accounts, "bob").await;
}

#[tokio::test]
async fn one_conflict_never_fails_its_neighbours() {
    let database = LogDatabase::of(&[]).await;
    let log = database.log().await;
    let accounts = Repository::<Account>::new(&log);
    open(&accounts, "taken").await;
    let answers = futures::future::join_all((0..200).map(|n| {
        let accounts = accounts.clone();
        async move {
            let owner = if n % 4 == 0 {
                "taken".to_owned()
            } else {
                format!("owner {n}")
            };
            accounts
                .create(&id(), Context::system(), Command::Open { owner }, balance)
                .await
                .is_ok()
        }
    }))
    .await;
    assert_eq!(answers.iter().filter(|accepted| **accepted).count(), 150);
    assert_eq!(positions(&log).await.len(), 151);
}

#[tokio::test]
async fn a_repeated_request_gets_the_first_answer_and_a_reused_id_is_refused() {
    let database = LogDatabase::of(&[]).await;
    let log = database.log().await;
    let accounts = Repository::<Account>::new(&log);
    let account = open(&accounts, "ann").await;
    let request = Uuid::now_v7();
    let credit = |fingerprint| {
        let context = Context::system().with_request(request, [fingerprint; 32]);
        accounts.execute(&account, context, Command::Credit { amount: 5 }, balance)
    };
    let first = credit(1).await.unwrap();
    send(&accounts, &account, Command::Credit { amount: 90 })
        .await
        .unwrap();
    let second = credit(1).await.unwrap();
    assert_eq!(
        second,
        Committed {
            replayed: true,
            ..first
        }
    );
    assert!(matches!(credit(2).await, Err(ExecuteError::RequestReused)));
    assert_eq!(accounts.load(&account).await.unwrap().unwrap().balance, 95);

    // Also when the aggregate would refuse it the second time, and when both come at once.
    let owner = id();
    let open = |id: String| {
        let context = Context::system().with_request(Uuid::nil(), [3; 32]);
        let command = Command::Open {
            owner: owner.clone(),
        };
        let accounts = accounts.clone();
        async move {
            accounts
                .create(&id, context, command, balance)
                .await
                .unwrap()
        }
    };
    let (a, b) = futures::future::join(open(id()), open(id())).await;
    assert_eq!(a.position, b.position);
    assert_ne!(a.replayed, b.replayed);
}

#[tokio::test]
async fn a_repeated_request_that_the_aggregate_now_refuses_gets_its_first_answer() {
    let database = LogDatabase::of(&[]).await;
    let accounts = Repository::<Account>::new(&database.log().await);
    let account = open(&accounts, "ann").await;
    send(&accounts, &account, Command::Credit { amount: 5 })
        .await
        .unwrap();
    let debit = || {
        let context = Context::system().with_request(Uuid::max(), [1; 32]);
        accounts.execute(&account, context, Command::Debit { amount: 5 }, balance)
    };
    let first = debit().await.unwrap();
    assert_eq!(
        debit().await.unwrap(),
        Committed {
            replayed: true,
            ..first
        }
    );
}

#[tokio::test]
async fn a_command_that_cannot_be_stored_fails_alone() {
    let database = LogDatabase::of(&[]).await;
    let log = database.log().await;
    let accounts = Repository::<Account>::new(&log);
    let answers = futures::future::join_all((0..50).map(|n| {
        let accounts = accounts.clone();
        async move {
            // Postgres cannot store a NUL character in a claim's key.
            let owner = if n == 25 {
                "nul\0".to_owned()
            } else {
                format!("owner {n}")
            };
            accounts
                .create(&id(), Context::system(), Command::Open { owner }, balance)
                .await
        }
    }))
    .await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 49);
    assert!(matches!(answers[25], Err(ExecuteError::Log(_))));
    positions(&log).await;
}

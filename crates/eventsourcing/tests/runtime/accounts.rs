//! Accounts of a bank: events, a projection, a log of one's own.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use contracts_core::{EventKind, EventsMessage};
use eventsourcing::{
    DecodeError, Delivered, EventLog, Feed, FoldError, Keys, LocalFeed, Migration, Projection,
    Projector, Published, Received, RecordedEvent, Upcasters, migration,
};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use testing_core::LogDatabase;

/// What happens to an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Note {
    Credited {
        amount: i64,
    },
    /// Changes two accounts.
    Transferred {
        to: String,
        amount: i64,
    },
    Closed,
    /// Of no interest to others.
    Private,
    /// The fold returns an error.
    Refused,
    /// The fold panics.
    Panics,
    /// The fold makes a row that the table does not take.
    Unstorable,
    /// Stored as something that is no event.
    Unreadable,
}

impl Note {
    pub fn of(self, account: &str) -> (String, Note) {
        (account.to_owned(), self)
    }
}

pub fn transfer(from: &str, to: &str, amount: i64) -> (String, Note) {
    let to = to.to_owned();
    Note::Transferred { to, amount }.of(from)
}

pub fn event(account: &str, amount: i64) -> (String, Note) {
    Note::Credited { amount }.of(account)
}

pub fn any_note() -> impl Strategy<Value = (String, Note)> {
    let note = prop_oneof![
        12 => (-9_i64..9).prop_map(|amount| Note::Credited { amount }),
        4 => ("[a-e]", 1_i64..9).prop_map(|(to, amount)| Note::Transferred { to, amount }),
        3 => Just(Note::Closed),
        1 => Just(Note::Refused),
        1 => Just(Note::Panics),
        1 => Just(Note::Unreadable),
    ];
    ("[a-e]", note)
}

#[derive(Clone, Serialize, Deserialize)]
pub struct Account {
    id: String,
    balance: i64,
    history: Vec<i64>,
    note: Option<serde_json::Value>,
    stain: Option<String>,
}

eventsourcing::rows! { Account in "accounts" by (id: String) }

eventsourcing::tables! {
    pub struct Tables {
        accounts: Account,
    }
}

#[derive(Default)]
pub struct Accounts {
    mended: bool,
}

impl Accounts {
    /// Takes what the other refuses as nothing.
    pub fn mended() -> Self {
        Self { mended: true }
    }
}

impl Projection for Accounts {
    const NAME: &'static str = "accounts";
    const FOLD_VERSION: i32 = 1;
    type Event = Note;
    type Tables = Tables;

    fn keys(&self, event: &Delivered<Note>) -> Keys {
        let keys = Keys::one(&event.aggregate_id);
        match &event.event {
            Note::Transferred { to, .. } => keys.and(to),
            _ => keys,
        }
    }

    fn fold(&self, event: &Delivered<Note>, tables: &mut Tables) -> Result<(), FoldError> {
        let key = event.aggregate_id.clone();
        if matches!(event.event, Note::Closed) {
            tables.accounts.remove(&key);
            return Ok(());
        }
        let is_good = matches!(
            event.event,
            Note::Credited { .. } | Note::Transferred { .. }
        );
        if self.mended && !is_good {
            return Ok(());
        }
        if let Note::Transferred { to, amount } = &event.event {
            account(tables, to.clone()).balance += amount;
        }
        let account = account(tables, key);
        match &event.event {
            Note::Transferred { amount, .. } => account.balance -= amount,
            Note::Credited { amount } => {
                account.balance += amount;
                account.history.push(event.sequence);
                account.note = Some(serde_json::json!({ "last": amount }));
            }
            Note::Refused => {
                account.balance = 1_000_000;
                return Err(FoldError::new("refused"));
            }
            Note::Panics => {
                account.balance = 1_000_000;
                panic!("the fold panics");
            }
            Note::Unstorable => account.stain = Some("\0".to_owned()),
            Note::Closed | Note::Private | Note::Unreadable => {}
        }
        Ok(())
    }
}

fn account(tables: &mut Tables, id: String) -> &mut Account {
    tables.accounts.upsert(id.clone(), || Account {
        id,
        balance: 0,
        history: Vec::new(),
        note: None,
        stain: None,
    })
}

/// A log of a bank with a read table of its accounts.
pub struct Fixture {
    pub database: LogDatabase,
    pub log: EventLog,
    /// Accounts and the number of their events, in the log.
    sequences: Mutex<HashMap<String, i64>>,
}

const TABLE: &str = "create table accounts (id text primary key, balance bigint not null, \
                     history bigint[] not null, note jsonb, stain text)";

impl Fixture {
    pub async fn new() -> Self {
        let tables: Vec<Migration> = vec![migration(100, "accounts", TABLE)];
        let database = LogDatabase::of(&tables).await;
        let log = database.log().await;
        Self {
            database,
            log,
            sequences: Mutex::default(),
        }
    }

    /// Whose log cannot bring an unreadable note to its present version.
    pub async fn upcasting() -> Self {
        let mut fixture = Self::new().await;
        let upcasters = Upcasters::none().with("Unreadable", "1.0", |note| note, "1.1");
        fixture.log = EventLog::open(fixture.pool(), upcasters).await.unwrap();
        fixture
    }

    pub fn pool(&self) -> PgPool {
        self.database.pool()
    }

    pub async fn execute(&self, sql: &str) {
        use sqlx::Executor;
        self.pool()
            .acquire()
            .await
            .unwrap()
            .execute(sql)
            .await
            .unwrap();
    }

    /// Appends as a foreign writer does: one statement, the log's own positions.
    pub async fn append(&self, notes: &[(String, Note)]) {
        let mut transaction = self.pool().begin().await.unwrap();
        for (account, note) in notes {
            let sequence = {
                let mut sequences = self.sequences.lock().unwrap();
                let sequence = sequences.entry(account.clone()).or_default();
                *sequence += 1;
                *sequence
            };
            let payload = match note {
                // JSON for Postgres, and no number that serde takes.
                Note::Unreadable => "1e999".to_owned(),
                note => serde_json::to_string(note).unwrap(),
            };
            sqlx::query(
                "insert into events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload) \
                 values ('account', $1, $2, $3, '1.0', $4::json)",
            )
            .bind(account)
            .bind(sequence)
            .bind(format!("{note:?}").split(' ').next().unwrap())
            .bind(payload)
            .execute(&mut *transaction)
            .await
            .unwrap();
        }
        transaction.commit().await.unwrap();
    }

    pub fn feed(&self, source: &'static str) -> Arc<dyn Feed<Note>> {
        Arc::new(LocalFeed::new(source, &self.log, decode))
    }

    pub fn projector(&self, accounts: Accounts) -> Projector<Accounts> {
        Projector::new(accounts, self.pool(), vec![self.feed("bank")])
    }

    pub async fn balances(&self) -> Vec<(String, i64)> {
        sqlx::query_as("select id, balance from accounts order by id")
            .fetch_all(&self.pool())
            .await
            .unwrap()
    }

    /// Parked events with their keys.
    pub async fn parked(&self) -> Vec<(i64, String)> {
        sqlx::query_as("select position, key from parked_events order by position, key")
            .fetch_all(&self.pool())
            .await
            .unwrap()
    }
}

pub fn decode(event: &RecordedEvent) -> Result<Option<Note>, DecodeError> {
    event.decode().map(Some)
}

/// Everything but private notes is public: the payload as it is.
#[expect(clippy::unnecessary_wraps, reason = "a `Publish` may fail")]
pub fn publish(event: &RecordedEvent) -> Result<Option<Published>, DecodeError> {
    let noted = Noted(event.payload.clone());
    Ok((event.event_type != "Private").then(|| Published::of(noted)))
}

/// A note as others see it, JSON.
pub struct Noted(String);

impl Noted {
    /// The note of a public event.
    #[expect(clippy::needless_pass_by_value, reason = "as a feed wants it")]
    pub fn read(received: Received<'_>, noted: Noted) -> Result<Option<Note>, DecodeError> {
        serde_json::from_str(&noted.0)
            .map(Some)
            .map_err(|error| received.malformed("note", error))
    }
}

/// The envelope of a public note.
#[derive(Clone, PartialEq, prost::Message)]
pub struct BankEvent {
    #[prost(string, tag = "1")]
    note: String,
}

impl From<Noted> for BankEvent {
    fn from(Noted(note): Noted) -> Self {
        Self { note }
    }
}

impl EventsMessage for BankEvent {
    const SERVICE: &'static str = "bank";
    type Event = Noted;

    fn into_event(self) -> Option<Noted> {
        Some(Noted(self.note))
    }
}

impl EventKind for Noted {
    type Message = BankEvent;

    fn name(&self) -> &'static str {
        "Noted"
    }
}

//! An account aggregate, small enough to reason about, with claims.

use eventsourcing::{
    Claim, ClaimChange, ClaimingEvent, Committed, Context, Decide, DomainEvent, EventLog,
    ExecuteError, RecordedEvent, Repository,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Account {
    pub owner: Option<String>,
    pub balance: i64,
}

#[derive(Clone, Debug)]
pub enum AccountCommand {
    Open { owner: String },
    Credit { amount: i64 },
    Debit { amount: i64 },
    Rename { owner: String },
    Close,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AccountEvent {
    Opened { owner: String },
    Credited { amount: i64 },
    Debited { amount: i64 },
    Renamed { from: String, to: String },
    Closed { owner: String },
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccountError {
    #[error("the account is open")]
    Open,
    #[error("the account is not open")]
    NotOpen,
    #[error("only {0} there")]
    TooLittle(i64),
}

impl DomainEvent for AccountEvent {
    fn event_type(&self) -> String {
        match self {
            Self::Opened { .. } => "Opened",
            Self::Credited { .. } => "Credited",
            Self::Debited { .. } => "Debited",
            Self::Renamed { .. } => "Renamed",
            Self::Closed { .. } => "Closed",
        }
        .to_owned()
    }

    fn event_version(&self) -> String {
        "1.0".to_owned()
    }
}

pub fn owner_claim(owner: &str) -> Claim {
    Claim::Unique {
        scope: "account.owner",
        key: owner.to_owned(),
    }
}

impl ClaimingEvent for AccountEvent {
    fn claims(&self, _: &str) -> Vec<ClaimChange> {
        match self {
            Self::Opened { owner } => vec![ClaimChange::Acquire(owner_claim(owner))],
            Self::Renamed { from, to } => {
                vec![
                    ClaimChange::Release(owner_claim(from)),
                    ClaimChange::Acquire(owner_claim(to)),
                ]
            }
            Self::Closed { owner } => vec![ClaimChange::Release(owner_claim(owner))],
            Self::Credited { .. } | Self::Debited { .. } => Vec::new(),
        }
    }
}

impl Decide for Account {
    const TYPE: &'static str = "account";
    type Command = AccountCommand;
    type Event = AccountEvent;
    type Error = AccountError;

    fn decide(&self, command: AccountCommand) -> Result<Vec<AccountEvent>, AccountError> {
        let event = match (command, &self.owner) {
            (AccountCommand::Open { owner }, None) => AccountEvent::Opened { owner },
            (AccountCommand::Open { .. }, Some(_)) => return Err(AccountError::Open),
            (AccountCommand::Close, None) => return Ok(vec![]),
            (_, None) => return Err(AccountError::NotOpen),
            (AccountCommand::Credit { amount }, _) => AccountEvent::Credited { amount },
            (AccountCommand::Debit { amount }, _) if amount > self.balance => {
                return Err(AccountError::TooLittle(self.balance));
            }
            (AccountCommand::Debit { amount }, _) => AccountEvent::Debited { amount },
            (AccountCommand::Rename { owner }, Some(from)) => AccountEvent::Renamed {
                from: from.clone(),
                to: owner,
            },
            (AccountCommand::Close, Some(owner)) => AccountEvent::Closed {
                owner: owner.clone(),
            },
        };
        Ok(vec![event])
    }

    fn apply(&mut self, event: AccountEvent) {
        match event {
            AccountEvent::Opened { owner } | AccountEvent::Renamed { to: owner, .. } => {
                self.owner = Some(owner);
            }
            AccountEvent::Credited { amount } => self.balance += amount,
            AccountEvent::Debited { amount } => self.balance -= amount,
            AccountEvent::Closed { .. } => self.owner = None,
        }
    }
}

pub fn id() -> String {
    Uuid::now_v7().to_string()
}

pub fn balance(account: &Account, _: &[AccountEvent]) -> Vec<u8> {
    account.balance.to_string().into_bytes()
}

pub async fn send(
    accounts: &Repository<Account>,
    account: &str,
    command: AccountCommand,
) -> Result<Committed, ExecuteError<AccountError>> {
    accounts
        .execute(account, Context::system(), command, balance)
        .await
}

/// Opens an account and gives its id.
pub async fn open(accounts: &Repository<Account>, owner: &str) -> String {
    let id = id();
    let command = AccountCommand::Open {
        owner: owner.to_owned(),
    };
    accounts
        .create(&id, Context::system(), command, balance)
        .await
        .unwrap();
    id
}

/// All events of a log, whose positions must be gapless.
pub async fn positions(log: &EventLog) -> Vec<RecordedEvent> {
    let events = log.read(0, i64::MAX).await.unwrap();
    let gapless = events
        .iter()
        .zip(1..)
        .all(|(event, expected)| event.position == expected);
    assert!(gapless, "positions are not gapless");
    events
}

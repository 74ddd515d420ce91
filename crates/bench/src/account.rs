//! An account: what both sides of a comparison execute.

use eventsourcing::{Claim, ClaimChange, ClaimingEvent, Decide, DomainEvent};
use serde::{Deserialize, Serialize};

#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Account {
    pub owner: Option<String>,
    pub balance: i64,
}

#[derive(Clone, Debug)]
pub enum AccountCommand {
    Open { owner: String },
    Credit { amount: i64 },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AccountEvent {
    Opened { owner: String },
    Credited { amount: i64 },
}

#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    #[error("the account is open")]
    Open,
    #[error("the account is not open")]
    NotOpen,
}

impl DomainEvent for AccountEvent {
    fn event_type(&self) -> String {
        match self {
            Self::Opened { .. } => "Opened",
            Self::Credited { .. } => "Credited",
        }
        .to_owned()
    }

    fn event_version(&self) -> String {
        "1.0".to_owned()
    }
}

impl ClaimingEvent for AccountEvent {
    fn claims(&self, _: &str) -> Vec<ClaimChange> {
        match self {
            Self::Opened { owner } => {
                let key = owner.clone();
                vec![ClaimChange::Acquire(Claim::Unique {
                    scope: "account.owner",
                    key,
                })]
            }
            Self::Credited { .. } => Vec::new(),
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
            (AccountCommand::Credit { .. }, None) => return Err(AccountError::NotOpen),
            (AccountCommand::Credit { amount }, Some(_)) => AccountEvent::Credited { amount },
        };
        Ok(vec![event])
    }

    fn apply(&mut self, event: AccountEvent) {
        match event {
            AccountEvent::Opened { owner } => self.owner = Some(owner),
            AccountEvent::Credited { amount } => self.balance += amount,
        }
    }
}

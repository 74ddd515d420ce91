use eventsourcing::Decide;
use serde::{Deserialize, Serialize};

use super::{
    Acting, Registration, UserCommand, UserError, UserEvent,
    lifecycle::{Account, Decision},
};
use crate::domain::values::Role;

/// An account as its events made it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct User {
    account: Option<Account>,
}

impl User {
    /// The role, as soon as the account was opened.
    pub fn role(&self) -> Option<Role> {
        self.account.as_ref().map(|account| account.role)
    }

    /// The role, as long as the account may be used.
    pub fn active_role(&self) -> Result<Role, UserError> {
        let account = self.account()?;
        account.require_active().map(|()| account.role)
    }

    /// Refuses unless there is such an account, open or closed, whose user was not erased.
    pub fn require_known(&self) -> Result<(), UserError> {
        self.account()?.require_known()
    }

    /// Keyed fingerprint of the login address; `None` when there is no such account.
    pub fn email_key(&self) -> Option<&str> {
        self.account
            .as_ref()
            .map(|account| account.email_key.as_str())
    }

    pub fn is_erased(&self) -> bool {
        self.account.as_ref().is_some_and(|account| account.erased)
    }

    fn account(&self) -> Result<&Account, UserError> {
        self.account.as_ref().ok_or(UserError::NotFound)
    }

    /// Opens the account. The id was made for this registration, so an account that has it already
    /// was opened by the same registration: that is success.
    fn register(&self, registration: Registration) -> Decision {
        let Registration {
            user_id,
            acting,
            role,
            email,
            email_key,
            first_name,
            last_name,
            phone_number,
            now,
        } = registration;
        if self.account.is_some() {
            return Ok(Vec::new());
        }
        if role == Role::Admin && acting == Acting::Anyone {
            return Err(UserError::AdminByAnyone);
        }
        Ok(vec![UserEvent::UserRegistered {
            user_id,
            role,
            email,
            email_key,
            first_name,
            last_name,
            phone_number,
            registered_at: now,
        }])
    }
}

impl Decide for User {
    const TYPE: &'static str = "user";
    type Command = UserCommand;
    type Event = UserEvent;
    type Error = UserError;

    fn decide(&self, command: UserCommand) -> Result<Vec<UserEvent>, UserError> {
        match command {
            UserCommand::Register(registration) => self.register(registration),
            UserCommand::LogIn(login) => self.account()?.log_in(&login),
            UserCommand::Update(update) => self.account()?.update(update),
            UserCommand::ChangeRole(change) => self.account()?.change_role(&change),
            UserCommand::Deactivate(deactivate) => self.account()?.deactivate(&deactivate),
            UserCommand::Reactivate(reactivate) => self.account()?.reactivate(&reactivate),
            UserCommand::Erase(erase) => self.account()?.erase(&erase),
            UserCommand::Secure(command) => self.account()?.secure(command),
        }
    }

    fn apply(&mut self, event: UserEvent) {
        match event {
            UserEvent::UserRegistered {
                user_id,
                role,
                email_key,
                phone_number,
                ..
            } => {
                let account = Account::new(user_id, role, email_key, phone_number.is_some());
                self.account = Some(account);
            }
            later => {
                if let Some(account) = &mut self.account {
                    account.apply(later);
                }
            }
        }
    }
}

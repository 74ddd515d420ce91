use cqrs_es::{Aggregate, event_sink::EventSink};
use serde::{Deserialize, Serialize};

use super::{LogIn, Registrar, Registration, UserCommand, UserError, UserEvent};
use crate::domain::values::{Role, UserId};

/// An account as its events made it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct User {
    account: Option<Account>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Account {
    user_id: UserId,
    role: Role,
}

impl User {
    /// The role, once the account is open.
    pub fn role(&self) -> Option<Role> {
        self.account.map(|account| account.role)
    }

    /// Opens the account. Its id was made for this registration, so whoever is registered
    /// under it already was registered by it: that is success.
    fn register(&self, registration: Registration) -> Result<Option<UserEvent>, UserError> {
        let Registration {
            user_id,
            registrar,
            role,
            email,
            email_key,
            first_name,
            last_name,
            phone_number,
            now,
        } = registration;
        if self.account.is_some() {
            return Ok(None);
        }
        if role == Role::Admin && registrar == Registrar::Anyone {
            return Err(UserError::AdminByAnyone);
        }
        Ok(Some(UserEvent::UserRegistered {
            user_id,
            role,
            email,
            email_key,
            first_name,
            last_name,
            phone_number,
            registered_at: now,
        }))
    }

    fn log_in(&self, login: &LogIn) -> Result<UserEvent, UserError> {
        let account = self.account.ok_or(UserError::NotRegistered)?;
        Ok(UserEvent::UserLoggedIn {
            user_id: account.user_id,
            logged_in_at: login.now,
        })
    }
}

impl Aggregate for User {
    const TYPE: &'static str = "user";
    type Command = UserCommand;
    type Event = UserEvent;
    type Error = UserError;
    type Services = ();

    async fn handle(
        &mut self,
        command: UserCommand,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), UserError> {
        let event = match command {
            UserCommand::Register(registration) => self.register(registration)?,
            UserCommand::LogIn(login) => Some(self.log_in(&login)?),
        };
        if let Some(event) = event {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: UserEvent) {
        match event {
            UserEvent::UserRegistered { user_id, role, .. } => {
                self.account = Some(Account { user_id, role });
            }
            UserEvent::UserLoggedIn { .. } => {}
        }
    }
}

//! What happens to an account after it was opened.

use serde::{Deserialize, Serialize};

use super::{
    Admins, ChangeRole, Deactivate, Erase, LogIn, PhoneChange, Reactivate, Update, UserError,
    UserEvent, security::Proofs,
};
use crate::domain::values::{Role, UserId};

/// The events that a command comes to, or a refusal.
pub(super) type Decision = Result<Vec<UserEvent>, UserError>;

/// An open, closed or erased account. It remembers nothing personal.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Account {
    pub(super) user_id: UserId,
    pub(super) role: Role,
    pub(super) active: bool,
    pub(super) erased: bool,
    pub(super) email_key: String,
    pub(super) proofs: Proofs,
}

impl Account {
    pub(super) fn new(user_id: UserId, role: Role, email_key: String, has_phone: bool) -> Self {
        Self {
            user_id,
            role,
            active: true,
            erased: false,
            email_key,
            proofs: Proofs::new(has_phone),
        }
    }

    pub(super) fn log_in(&self, login: &LogIn) -> Decision {
        self.require_active()?;
        Ok(vec![UserEvent::UserLoggedIn {
            user_id: self.user_id,
            logged_in_at: login.now,
        }])
    }

    /// A deactivated account can be corrected.
    pub(super) fn update(&self, update: Update) -> Decision {
        self.require_known()?;
        let Update {
            first_name,
            last_name,
            phone_number,
            now,
        } = update;
        if first_name.is_none() && last_name.is_none() && phone_number.is_none() {
            return Ok(Vec::new());
        }
        Ok(vec![UserEvent::UserUpdated {
            user_id: self.user_id,
            first_name,
            last_name,
            phone_number,
            updated_at: now,
        }])
    }

    pub(super) fn change_role(&self, change: &ChangeRole) -> Decision {
        self.require_known()?;
        if self.role == change.role {
            return Ok(Vec::new());
        }
        if self.role == Role::Parent && change.has_children {
            return Err(UserError::HasChildren);
        }
        if self.role == Role::Trainer && change.has_profile {
            return Err(UserError::HasProfile);
        }
        Ok(vec![UserEvent::UserRoleChanged {
            user_id: self.user_id,
            role: change.role,
            departure: self.departure(change.admins)?,
            active: self.active,
            changed_at: change.now,
        }])
    }

    pub(super) fn deactivate(&self, command: &Deactivate) -> Decision {
        self.require_known()?;
        if !self.active {
            return Ok(Vec::new());
        }
        Ok(vec![UserEvent::UserDeactivated {
            user_id: self.user_id,
            role: self.role,
            departure: self.departure(command.admins)?,
            deactivated_at: command.now,
        }])
    }

    pub(super) fn reactivate(&self, command: &Reactivate) -> Decision {
        self.require_known()?;
        if self.active {
            return Ok(Vec::new());
        }
        Ok(vec![UserEvent::UserReactivated {
            user_id: self.user_id,
            role: self.role,
            reactivated_at: command.now,
        }])
    }

    pub(super) fn erase(&self, command: &Erase) -> Decision {
        if self.erased {
            return Ok(Vec::new());
        }
        if command.paid_ahead {
            return Err(UserError::BookingsAhead);
        }
        Ok(vec![UserEvent::UserErased {
            user_id: self.user_id,
            role: self.role,
            was_active: self.active,
            email_key: self.email_key.clone(),
            departure: self.departure(command.admins)?,
            erased_at: command.now,
        }])
    }

    pub(super) fn apply(&mut self, event: UserEvent) {
        self.proofs.apply(&event);
        match event {
            UserEvent::UserRoleChanged { role, .. } => self.role = role,
            UserEvent::UserDeactivated { .. } => self.active = false,
            UserEvent::UserReactivated { .. } => self.active = true,
            UserEvent::UserErased { .. } => {
                self.active = false;
                self.erased = true;
            }
            UserEvent::UserUpdated {
                phone_number: Some(change),
                ..
            } => self
                .proofs
                .phone_changed(matches!(change, PhoneChange::Changed(_))),
            UserEvent::EmailChanged { email_key, .. } => self.email_key = email_key,
            UserEvent::UserRegistered { .. }
            | UserEvent::UserLoggedIn { .. }
            | UserEvent::UserUpdated { .. }
            | UserEvent::VerificationRequested { .. }
            | UserEvent::EmailVerified { .. }
            | UserEvent::PhoneVerified { .. }
            | UserEvent::PasswordResetRequested { .. }
            | UserEvent::PasswordReset { .. }
            | UserEvent::PasswordChanged { .. }
            | UserEvent::LoggedOut { .. }
            | UserEvent::LoggedOutEverywhere { .. }
            | UserEvent::RefreshTokenReused { .. } => {}
        }
    }

    /// Refuses commands on an erased user.
    pub(super) fn require_known(&self) -> Result<(), UserError> {
        if self.erased {
            Err(UserError::Erased)
        } else {
            Ok(())
        }
    }

    /// Refuses commands that need an open account.
    pub(super) fn require_active(&self) -> Result<(), UserError> {
        self.require_known()?;
        if self.active {
            Ok(())
        } else {
            Err(UserError::Deactivated)
        }
    }

    /// The number under which an active admin leaves; `None` for everybody else.
    fn departure(&self, admins: Admins) -> Result<Option<u64>, UserError> {
        if self.role != Role::Admin || !self.active {
            return Ok(None);
        }
        if admins.others {
            Ok(Some(admins.next_departure))
        } else {
            Err(UserError::LastAdmin)
        }
    }
}

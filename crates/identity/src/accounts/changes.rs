//! What happens to accounts after they were opened: commands that need to know more than the
//! account that they change.

use chrono::{DateTime, Utc};
use eventsourcing::{Context, ExecuteError, Repository};
use service::Recorded;

use super::AccountError;
use crate::{
    domain::{
        user::{
            Admins, ChangeRole, DEPARTURE_SCOPE, Deactivate, Erase, Reactivate, Update, User,
            UserCommand, UserError,
        },
        values::{Role, UserId},
    },
    proofs::{authentication::logins_of, logins::Logins},
    reference::{Holdings, References},
    resources::Resources,
};

/// An admin's departure is decided this often when other admins leave at the same time.
const ATTEMPTS: usize = 16;

/// Changes accounts that are open or closed. Cheap to clone.
#[derive(Clone)]
pub struct AccountChanges {
    references: References,
    users: Repository<User>,
    logins: Logins,
}

type Outcome = Result<Recorded<()>, ExecuteError<UserError>>;
type Done = Result<Recorded<()>, AccountError>;

impl AccountChanges {
    pub fn new(resources: &Resources, references: &References) -> Self {
        Self {
            references: references.clone(),
            users: Repository::new(&resources.log),
            logins: logins_of(resources),
        }
    }

    /// Changes what an account says of its user.
    pub async fn update(&self, context: Context, user_id: UserId, update: Update) -> Done {
        let command = UserCommand::Update(update);
        Ok(self.execute(context, user_id, command).await?)
    }

    /// Opens a closed account.
    pub async fn reactivate(&self, context: Context, user_id: UserId, now: DateTime<Utc>) -> Done {
        let command = UserCommand::Reactivate(Reactivate { now });
        Ok(self.execute(context, user_id, command).await?)
    }

    /// Gives an account another role.
    pub async fn change_role(
        &self,
        context: Context,
        user_id: UserId,
        role: Role,
        holdings: Holdings,
        now: DateTime<Utc>,
    ) -> Done {
        let Holdings {
            has_children,
            has_profile,
        } = holdings;
        let command = |admins| {
            UserCommand::ChangeRole(ChangeRole {
                role,
                has_children,
                has_profile,
                admins,
                now,
            })
        };
        Ok(self.leave(context, user_id, command).await?)
    }

    /// Closes an account and ends its logins.
    pub async fn deactivate(&self, context: Context, user_id: UserId, now: DateTime<Utc>) -> Done {
        let command = |admins| UserCommand::Deactivate(Deactivate { admins, now });
        let closed = self.leave(context, user_id, command).await?;
        self.logins.end_all(user_id).await?;
        Ok(closed)
    }

    /// Records that a user is erased. What lies beside the log is erased by [`super::Erasures`].
    pub async fn erase(
        &self,
        context: Context,
        user_id: UserId,
        paid_ahead: bool,
        now: DateTime<Utc>,
    ) -> Outcome {
        let command = |admins| {
            UserCommand::Erase(Erase {
                paid_ahead,
                admins,
                now,
            })
        };
        self.leave(context, user_id, command).await
    }

    /// Executes a command after which the user may no longer be an admin. When another admin leaves
    /// between the look and the decision, the departure's number is taken and it is decided again.
    async fn leave(
        &self,
        context: Context,
        user_id: UserId,
        command: impl Fn(Admins) -> UserCommand,
    ) -> Outcome {
        for _ in 0..ATTEMPTS {
            let admins = self.references.admins_beside(user_id).await?;
            let outcome = self
                .execute(context.clone(), user_id, command(admins))
                .await;
            match outcome {
                Err(ExecuteError::ClaimTaken { scope, .. }) if scope == DEPARTURE_SCOPE => {}
                outcome => return outcome,
            }
        }
        Err(ExecuteError::Contention)
    }

    async fn execute(&self, context: Context, user_id: UserId, command: UserCommand) -> Outcome {
        let id = user_id.to_string();
        let committed = self.users.execute(&id, context, command, |_, _| Vec::new());
        committed.await.map(Into::into)
    }
}

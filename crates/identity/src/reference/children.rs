//! What commands depend on that is known of children and of those who answer for them.

use service::{internal, not_found, now};
use tonic::Status;
use uuid::Uuid;

use super::References;
use crate::domain::child::{Acting, Child, Purpose};
use crate::domain::user::EMAIL_SCOPE;
use crate::domain::values::{ChildId, EmailAddress, Role, UserId};
use crate::personal::email_key;

/// What a parent's record of a child depends on.
#[derive(Clone, Copy, Debug)]
pub struct Recording {
    /// The child of whom something was recorded before, or an id of a new one.
    pub child_id: ChildId,
    /// The role of the parent, whose account is open.
    pub role: Role,
}

/// Whom a child is offered to.
pub enum NewGuardian {
    User(UserId),
    /// Who has this address, if anybody has.
    Email(EmailAddress),
}

impl References {
    /// The record of a child that the caller answers for; admins and services get any. The log is
    /// asked, so that a former guardian finds no child from the moment of the transfer on. It is
    /// asked before anything is sealed, so that an erased child of somebody else looks like none.
    ///
    /// # Errors
    /// `NOT_FOUND` when nothing is known of the child, or the caller does not answer for them.
    pub async fn own_child(&self, acting: Acting, child_id: ChildId) -> Result<Child, Status> {
        let id = child_id.to_string();
        let child = self.children.load(&id).await.map_err(internal)?;
        let own = child.filter(|child| match acting {
            Acting::Parent(user) => child.guardian() == Some(user),
            Acting::Admin(_) | Acting::System => true,
            Acting::Trainer(_) => false,
        });
        own.ok_or_else(|| not_found("child", &id))
    }

    /// What a parent records a consent or a child with: the child that the request names, or else a
    /// new one.
    ///
    /// # Errors
    /// `NOT_FOUND` when the named child is not the parent's; what [`Self::active_role`] refuses.
    pub async fn recording(
        &self,
        parent: UserId,
        named: Option<ChildId>,
        request_id: Uuid,
    ) -> Result<Recording, Status> {
        if let Some(child_id) = named {
            self.own_child(Acting::Parent(parent), child_id).await?;
        }
        Ok(Recording {
            child_id: named.unwrap_or_else(|| made_id(parent, request_id)),
            role: self.active_role(parent).await?,
        })
    }

    /// Whether a child of the caller has upcoming bookings that are paid and hold its erasure back.
    /// The system is not held back, and asks nobody.
    ///
    /// # Errors
    /// `NOT_FOUND` when the caller does not answer for the child.
    pub async fn paid_ahead_of_child(
        &self,
        acting: Acting,
        child_id: ChildId,
    ) -> Result<bool, Status> {
        self.own_child(acting, child_id).await?;
        let paid_ahead =
            acting != Acting::System && self.upcoming.any_paid(None, &[child_id], now()).await?;
        Ok(paid_ahead)
    }

    /// The same for a child whose guardian withdraws a consent: only without the consent to its data
    /// is the child erased.
    ///
    /// # Errors
    /// `NOT_FOUND` when the caller does not answer for the child.
    pub async fn paid_ahead_of_withdrawal(
        &self,
        acting: Acting,
        child_id: ChildId,
        purpose: Purpose,
    ) -> Result<bool, Status> {
        match purpose {
            Purpose::ChildData => self.paid_ahead_of_child(acting, child_id).await,
            Purpose::MedicalData => self.own_child(acting, child_id).await.map(|_| false),
        }
    }

    /// The parent to whom a child of the caller is offered. An address that nobody has takes the
    /// same steps and gets the same answer as one that somebody has.
    ///
    /// # Errors
    /// `NOT_FOUND` when the caller does not answer for the child, or the named user is no parent.
    pub async fn new_guardian(
        &self,
        acting: Acting,
        child_id: ChildId,
        to: NewGuardian,
    ) -> Result<Option<UserId>, Status> {
        self.own_child(acting, child_id).await?;
        match to {
            NewGuardian::User(user) if self.is_parent(user).await? => Ok(Some(user)),
            NewGuardian::User(user) => Err(not_found("parent", &user.to_string())),
            NewGuardian::Email(email) => {
                let key = email_key(&self.lookup, &email);
                let holder = self.log.claim_owner(EMAIL_SCOPE, &key).await;
                let holder = holder.map_err(internal)?.and_then(|id| id.parse().ok());
                // Nobody has the id nil.
                let user = UserId::from(holder.unwrap_or(Uuid::nil()));
                Ok(self.is_parent(user).await?.then_some(user))
            }
        }
    }

    async fn is_parent(&self, user_id: UserId) -> Result<bool, Status> {
        let user = self.users.load(&user_id.to_string()).await;
        let role = user.map_err(internal)?.and_then(|user| user.role());
        Ok(role == Some(Role::Parent))
    }
}

/// The id of a child whom the caller did not name. It is made of caller and request, so that a
/// repeated request seals with the key of the first one.
fn made_id(caller: UserId, request_id: Uuid) -> ChildId {
    Uuid::new_v5(&caller.uuid(), format!("child:{request_id}").as_bytes()).into()
}

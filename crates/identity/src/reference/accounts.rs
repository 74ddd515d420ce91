//! What commands depend on that is known of users and their accounts.

use eventsourcing::LogError;
use service::{internal, not_found, now, refusal_status};
use tonic::Status;

use super::References;
use crate::domain::user::{ADMIN_SCOPE, Admins, DEPARTURE_SCOPE, User};
use crate::domain::values::{Role, UserId};
use crate::query;

/// What a user has that only one role may have.
#[derive(Clone, Copy, Debug)]
pub struct Holdings {
    /// Whether the user answers for children that were not erased.
    pub has_children: bool,
    /// Whether the user has a trainer profile.
    pub has_profile: bool,
}

impl References {
    /// The role of a user whose account must be open.
    ///
    /// # Errors
    /// `NOT_FOUND` when there is no such user, and what the account itself refuses once it was
    /// deactivated or erased.
    pub async fn active_role(&self, user_id: UserId) -> Result<Role, Status> {
        let role = self.user(user_id).await?.active_role();
        role.map_err(|refusal| refusal_status(&refusal))
    }

    /// Checks that something is held of a user, whose account may be closed.
    ///
    /// # Errors
    /// `NOT_FOUND` when there is no such user, and what the account itself refuses once it was
    /// erased.
    pub async fn known_user(&self, user_id: UserId) -> Result<(), Status> {
        let known = self.user(user_id).await?.require_known();
        known.map_err(|refusal| refusal_status(&refusal))
    }

    /// What a user has that ties them to their role.
    pub async fn holdings(&self, user_id: UserId) -> Result<Holdings, Status> {
        let look = |pool| query::has_children(pool, user_id);
        let has_children = self.tables.children(look).await?;
        let profile = self.trainers.load(&user_id.to_string()).await;
        Ok(Holdings {
            has_children,
            has_profile: profile.map_err(internal)?.is_some(),
        })
    }

    /// Whether a user, or a child they answer for, has upcoming bookings that are paid: those that
    /// they booked, those that they coach, and those that others booked for the child. Of an erased
    /// user nobody asks, so that an erasure is finished whatever else is down.
    pub async fn paid_ahead_of_user(&self, user_id: UserId) -> Result<bool, Status> {
        let user = self.users.load(&user_id.to_string()).await;
        if user.map_err(internal)?.is_some_and(|user| user.is_erased()) {
            return Ok(false);
        }
        let look = |pool| query::children_of(pool, user_id);
        let children = self.tables.children(look).await?;
        let child_ids: Vec<_> = children.iter().map(|child| child.id).collect();
        let paid_ahead = self.upcoming.any_paid(Some(user_id), &child_ids, now());
        Ok(paid_ahead.await?)
    }

    /// The active admins beside a user who may cease to be one. The number is read first: an admin
    /// who leaves after that takes it.
    pub async fn admins_beside(&self, user_id: UserId) -> Result<Admins, LogError> {
        let departures = self.log.claimed(DEPARTURE_SCOPE).await?.len();
        let admins = self.log.claimed(ADMIN_SCOPE).await?;
        let id = user_id.to_string();
        Ok(Admins {
            others: admins.iter().any(|admin| *admin != id),
            next_departure: u64::try_from(departures).unwrap_or(u64::MAX - 1) + 1,
        })
    }

    async fn user(&self, user_id: UserId) -> Result<User, Status> {
        let id = user_id.to_string();
        let user = self.users.load(&id).await.map_err(internal)?;
        user.ok_or_else(|| not_found("user", &id))
    }
}

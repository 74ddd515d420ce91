//! Handing a child over: its guardian offers, the other side accepts.

use chrono::TimeDelta;

use super::{
    Acting, Child, ChildError, ChildEvent, PolicyVersion, Purpose,
    aggregate::{Asked, Decision},
};
use crate::domain::values::{Role, TransferId, UserId};

/// An offer can be accepted for this long.
pub const OFFER: TimeDelta = TimeDelta::days(14);

impl Child {
    /// Offers the child. The same offer again is success while it can be accepted; another offer
    /// replaces it.
    pub(super) fn offer_transfer(
        &self,
        asked: Asked,
        transfer_id: TransferId,
        to: Option<UserId>,
    ) -> Decision {
        let Asked {
            child_id,
            acting,
            now,
        } = asked;
        let guardian_id = self.by_guardian(acting)?;
        if to == Some(guardian_id) {
            return Err(ChildError::SameGuardian);
        }
        self.is_added()?;
        self.takes_data()?;
        let mut events = Vec::new();
        if let Some(open) = self.open {
            if to.is_some() && open.to == to && now < open.expires_at {
                return Ok(events);
            }
            events.push(ChildEvent::GuardianTransferCanceled {
                child_id,
                transfer_id: open.id,
                canceled_at: now,
            });
        }
        events.push(ChildEvent::GuardianTransferRequested {
            child_id,
            transfer_id,
            guardian_id,
            to,
            requested_at: now,
            expires_at: now + OFFER,
        });
        Ok(events)
    }

    /// Accepts the child. Consents are personal: the new guardian gives their own, and what they do
    /// not agree to ends.
    pub(super) fn accept_transfer(
        &self,
        asked: Asked,
        transfer_id: TransferId,
        role: Role,
        policy_version: &PolicyVersion,
        medical: bool,
    ) -> Decision {
        let Asked {
            child_id,
            acting,
            now,
        } = asked;
        let (Acting::Parent(user), Some(former_guardian_id)) = (acting, self.guardian) else {
            return Err(ChildError::NotFound);
        };
        if former_guardian_id == user && self.is_closed(transfer_id, user) {
            return Ok(Vec::new());
        }
        self.is_offered(transfer_id, user)?;
        if self.open.is_none_or(|open| now >= open.expires_at) {
            return Err(ChildError::TransferNotOpen);
        }
        self.takes_data()?;
        if role != Role::Parent {
            return Err(ChildError::NotAParent);
        }
        let consent = |purpose| ChildEvent::ConsentGiven {
            child_id,
            guardian_id: user,
            purpose,
            policy_version: policy_version.clone(),
            given_at: now,
        };
        let mut events = vec![
            ChildEvent::GuardianTransferred {
                child_id,
                transfer_id,
                former_guardian_id,
                guardian_id: user,
                transferred_at: now,
            },
            consent(Purpose::ChildData),
        ];
        if medical {
            events.push(consent(Purpose::MedicalData));
        } else if self.consents.contains_key(&Purpose::MedicalData) {
            events.extend(self.without_medical_data(asked));
        }
        Ok(events)
    }

    /// Ends an offer, which both sides and admins may do. An offer that has ended is success.
    pub(super) fn cancel_transfer(&self, asked: Asked, transfer_id: TransferId) -> Decision {
        let Asked {
            child_id,
            acting,
            now,
        } = asked;
        let is_guardian = self.is_open_to(acting).is_ok();
        if let Acting::Parent(user) = acting
            && !is_guardian
        {
            if self.is_closed(transfer_id, user) {
                return Ok(Vec::new());
            }
            self.is_offered(transfer_id, user)?;
        } else if !is_guardian {
            return Err(ChildError::NotFound);
        }
        match self.open {
            Some(open) if open.id == transfer_id => {
                Ok(vec![ChildEvent::GuardianTransferCanceled {
                    child_id,
                    transfer_id,
                    canceled_at: now,
                }])
            }
            _ => match self.closed {
                Some(closed) if closed.id == transfer_id && closed.to != self.guardian => {
                    Ok(Vec::new())
                }
                _ => Err(ChildError::TransferNotOpen),
            },
        }
    }

    /// Refuses unless the child is offered to this user by this offer. A user to whom the child was
    /// never offered does not learn that there is one.
    fn is_offered(&self, transfer_id: TransferId, user: UserId) -> Result<(), ChildError> {
        match self.open {
            Some(open) if open.to == Some(user) => {
                if open.id == transfer_id {
                    return Ok(());
                }
                Err(ChildError::TransferNotOpen)
            }
            _ if self.guardian == Some(user) || self.is_closed(transfer_id, user) => {
                Err(ChildError::TransferNotOpen)
            }
            _ => Err(ChildError::NotFound),
        }
    }

    fn is_closed(&self, transfer_id: TransferId, user: UserId) -> bool {
        self.closed
            .is_some_and(|closed| closed.id == transfer_id && closed.to == Some(user))
    }
}

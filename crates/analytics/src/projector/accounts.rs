//! Who is an active trainer: an open account of role TRAINER with a profile.

use eventsourcing::FoldError;
use serde::{Deserialize, Serialize};
use values::UserId;

use super::entry::{Account, AccountChange, Count};
use super::metric::Metric;
use super::{Cause, StatisticsTables};

/// What is known of an account that is, or may become, a trainer's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the columns of a table; none follows from the others"
)]
pub struct AccountRow {
    pub user_id: UserId,
    pub active: bool,
    pub is_trainer: bool,
    pub has_profile: bool,
    /// Whether the trainer is in the total now.
    pub counted: bool,
}

eventsourcing::rows! {
    AccountRow in "statistic_accounts" by (user_id: UserId),
}

impl StatisticsTables {
    /// Counts a trainer who comes or goes with a change of their account. A new profile counts by
    /// itself.
    pub(super) fn account(&mut self, cause: Cause<'_>, account: Account) -> Result<(), FoldError> {
        let Account {
            user_id,
            change,
            happened_at,
        } = account;
        let row = self.accounts.upsert(user_id, || AccountRow {
            user_id,
            active: true,
            is_trainer: true,
            has_profile: false,
            counted: false,
        });
        let Some(metric) = row.change(change) else {
            return Ok(());
        };
        self.count(cause, &Count::one(metric, user_id.uuid(), happened_at))
    }
}

impl AccountRow {
    fn change(&mut self, change: AccountChange) -> Option<Metric> {
        match change {
            AccountChange::Profile => {
                (self.has_profile, self.counted) = (true, true);
                return None;
            }
            AccountChange::Trainer(is_trainer) => self.is_trainer = is_trainer,
            AccountChange::Active(active) => self.active = active,
        }
        let counts = self.active && self.is_trainer && self.has_profile;
        match (std::mem::replace(&mut self.counted, counts), counts) {
            (true, false) => Some(Metric::TrainerLeft),
            (false, true) => Some(Metric::TrainerReturned),
            (true, true) | (false, false) => None,
        }
    }
}

use serde::{Deserialize, Serialize};

/// What a fact counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    Signup,
    /// A first trainer profile.
    NewTrainer,
    /// An account that was closed or erased.
    UserLeft,
    /// A closed account that was opened again.
    UserReturned,
    /// A trainer whose account is no active trainer's any more.
    TrainerLeft,
    /// A trainer whose account is an active trainer's again.
    TrainerReturned,
    /// A session that was booked.
    BookedSession,
    /// A session that took place.
    CompletedSession,
    /// An event that was drafted.
    CreatedEvent,
    /// A charge that succeeded.
    SucceededPayment,
    /// A charge that failed.
    FailedPayment,
    /// Money that went back.
    Refund,
    /// A user who has done something; a distinct count.
    ActiveUser,
    /// A trainer with a completed session; a distinct count.
    ActiveTrainer,
}

/// What money was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Product {
    /// Tickets.
    Event,
    Session,
    /// The fact is not about money.
    #[serde(rename = "")]
    None,
}

/// Why a trainer's profile refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrainerError {
    /// The user's role is another one.
    #[error("only a user of role TRAINER can have a trainer profile")]
    NotATrainer,
    /// The user has a profile already.
    #[error("the user has a trainer profile already")]
    Exists,
    /// The user has no profile.
    #[error("there is no such trainer")]
    Unknown,
    /// The trainer was erased.
    #[error("the trainer was erased")]
    Erased,
}

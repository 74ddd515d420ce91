/// Why a command on a trainer's profile is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrainerError {
    #[error("only a user of role TRAINER can have a trainer profile")]
    NotATrainer,
    #[error("the user has a trainer profile already")]
    Exists,
    #[error("there is no such trainer")]
    NotFound,
    #[error("the trainer was erased")]
    Erased,
}

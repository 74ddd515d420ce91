/// Why a trainer's calendar refuses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrainerCalendarError {
    /// One child is no group.
    #[error("a group has two children or more")]
    NotAGroup,
    /// A group pays in the currency in which one child pays.
    #[error("must be {trainer_currency}, that of the trainer's price per hour")]
    OtherCurrency {
        /// The currency of the trainer's price per hour.
        trainer_currency: String,
    },
}

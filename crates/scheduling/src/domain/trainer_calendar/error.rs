/// Why a trainer's calendar refuses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrainerCalendarError {
    /// One child is no group.
    #[error("a group has two children or more")]
    NotAGroup,
}

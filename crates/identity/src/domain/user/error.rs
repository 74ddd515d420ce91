/// Why a command on an account is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UserError {
    /// Only an operator appoints administrators.
    #[error("an administrator cannot be registered by just anyone")]
    AdminByAnyone,
    #[error("there is no such account")]
    NotFound,
    #[error("the account was deactivated")]
    Deactivated,
    /// Nothing more can be stored of an erased user.
    #[error("the user was erased")]
    Erased,
    #[error("paid bookings lie ahead: cancel them first")]
    BookingsAhead,
    /// One active admin must remain.
    #[error("there would be no active admin any more")]
    LastAdmin,
    /// Only a parent answers for children.
    #[error("a user who answers for children remains a parent")]
    HasChildren,
    /// Only a trainer has a profile.
    #[error("a user who has a trainer profile remains a trainer")]
    HasProfile,
    #[error("it is verified already")]
    AlreadyVerified,
    #[error("the account has no telephone number")]
    NoPhoneNumber,
    /// A later code was made, or the address or number that it was sent to has changed.
    #[error("the code can be used no more: ask for a new one")]
    CodeOutdated,
}

/// Why an account refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UserError {
    /// Administrators are appointed by an operator alone.
    #[error("an administrator cannot be registered by just anyone")]
    AdminByAnyone,
    /// There is no such account.
    #[error("there is no such account")]
    NotRegistered,
    /// Its holder must not log in.
    #[error("the account was deactivated")]
    Deactivated,
    /// Nothing more can be stored of its holder.
    #[error("the user was erased")]
    Erased,
    /// Somebody has to run the marketplace.
    #[error("there would be no active admin any more")]
    LastAdmin,
    /// Only a parent has children.
    #[error("a user who answers for children remains a parent")]
    HasChildren,
    /// Only a trainer has a profile.
    #[error("a user who has a trainer profile remains a trainer")]
    HasProfile,
    /// There is nothing to verify.
    #[error("it is verified already")]
    AlreadyVerified,
    /// There is no number to send a code to.
    #[error("the account has no telephone number")]
    NoPhoneNumber,
    /// A later one was made, or what it was about has changed.
    #[error("the code can be used no more: ask for a new one")]
    CodeOutdated,
}

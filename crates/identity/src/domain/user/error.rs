/// Why an account refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UserError {
    /// Administrators are appointed by an operator alone.
    #[error("an administrator cannot be registered by just anyone")]
    AdminByAnyone,
    /// There is no such account.
    #[error("there is no such account")]
    NotRegistered,
}

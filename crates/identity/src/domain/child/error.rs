/// Why a child's record refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChildError {
    /// The user's role is another one.
    #[error("only a user of role PARENT can have children")]
    NotAParent,
    /// Nothing of a child is stored before its guardian agrees.
    #[error("the guardian has not consented to the storing of the child's data")]
    NoConsent,
}

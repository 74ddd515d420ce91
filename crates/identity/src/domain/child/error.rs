/// Why a child's record refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChildError {
    /// There is no such child, or it is not the asker's.
    #[error("there is no such child")]
    NotFound,
    /// The user's role is another one.
    #[error("only a user of role PARENT can have children")]
    NotAParent,
    /// Nothing of a child is stored before its guardian agrees.
    #[error("the guardian has not consented to the storing of these data")]
    ConsentMissing,
    /// The child has as many allergens by other names as it may.
    #[error("a child may have 100 allergens by other names: remove one first")]
    TooManyAllergens,
    /// The child was archived.
    #[error("the child was archived")]
    Archived,
    /// The child was erased.
    #[error("the child was erased")]
    Erased,
    /// Something paid lies ahead of the child.
    #[error("paid bookings of the child lie ahead: cancel them first")]
    BookingsAhead,
    /// No such transfer is open: it was never offered, has ended or expired.
    #[error("this transfer is not open")]
    TransferNotOpen,
}

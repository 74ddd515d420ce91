/// Why a command on a child's record is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChildError {
    /// There is no such child, or whoever acts does not answer for it.
    #[error("there is no such child")]
    NotFound,
    #[error("only a user of role PARENT can have children")]
    NotAParent,
    /// Nothing of a child is stored before its guardian agrees.
    #[error("the guardian has not consented to the storing of these data")]
    ConsentMissing,
    #[error("a child may have 100 allergens by other names: remove one first")]
    TooManyAllergens,
    #[error("the child was archived")]
    Archived,
    #[error("the child was erased")]
    Erased,
    #[error("paid bookings of the child lie ahead: cancel them first")]
    BookingsAhead,
    /// Nobody hands a child over to themselves.
    #[error("must be somebody else")]
    SameGuardian,
    /// The offer was never made, has ended or has expired.
    #[error("this transfer is not open")]
    TransferNotOpen,
}

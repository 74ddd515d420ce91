//! Ids of what only identity knows.

values::ids! {
    /// A mail or text message to a user.
    EmailId,
    /// An allergen that a guardian has named.
    AllergenId,
    /// An offer to hand a child over to another guardian.
    TransferId,
}

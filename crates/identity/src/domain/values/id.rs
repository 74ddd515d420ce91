//! Ids of what only identity knows.

values::ids! {
    /// An allergen that a guardian has named.
    AllergenId,
    /// An offer to hand a child over to another guardian.
    TransferId,
}

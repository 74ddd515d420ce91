//! Ids that cannot be mistaken for one another.

/// A UUID of one kind of thing.
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(uuid::Uuid);

        impl $name {
            /// The UUID itself.
            pub const fn uuid(self) -> uuid::Uuid {
                self.0
            }
        }

        impl From<uuid::Uuid> for $name {
            fn from(id: uuid::Uuid) -> Self {
                Self(id)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

ids! {
    /// An event: a clinic, a camp or a networking event.
    EventId,
    /// A tier of an event.
    TierId,
    /// Tickets taken together.
    HoldId,
    /// One ticket.
    TicketId,
    /// A payment.
    PaymentId,
    /// A user.
    UserId,
    /// A child.
    ChildId,
    /// A trainer, which is a user's id.
    TrainerId,
    /// A venue.
    LocationId,
}

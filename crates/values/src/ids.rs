//! Ids that cannot be mistaken for one another.

/// Defines types of ids, each a UUID of one kind of thing. Stored and shown as the UUID.
///
/// ```
/// values::ids! {
///     /// An allergen that a guardian named.
///     AllergenId,
/// }
/// let id = AllergenId::from(values::uuid::Uuid::from_u128(7));
/// assert_eq!(id.to_string(), "00000000-0000-0000-0000-000000000007");
/// ```
#[macro_export]
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash,
            $crate::serde::Serialize, $crate::serde::Deserialize,
        )]
        #[serde(crate = "values::serde", transparent)]
        pub struct $name($crate::uuid::Uuid);

        impl $name {
            pub const fn uuid(self) -> $crate::uuid::Uuid {
                self.0
            }
        }

        impl From<$crate::uuid::Uuid> for $name {
            fn from(id: $crate::uuid::Uuid) -> Self {
                Self(id)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(formatter)
            }
        }
    )+};
}

ids! {
    /// An account, whatever its role.
    UserId,
    /// A trainer; the id of their user.
    TrainerId,
    ChildId,
    /// A venue.
    LocationId,
    /// A window in which a trainer can be booked.
    ScheduleId,
    /// A time in a window that one session can have.
    SlotId,
    /// A session with a trainer.
    SessionId,
    /// An event: a clinic, a camp or a networking event.
    EventId,
    /// A tier of an event's tickets.
    TierId,
    /// Tickets that were taken together.
    HoldId,
    TicketId,
    PaymentId,
    /// Money that goes back.
    RefundId,
}

impl From<UserId> for TrainerId {
    fn from(user: UserId) -> Self {
        Self(user.0)
    }
}

impl From<TrainerId> for UserId {
    fn from(trainer: TrainerId) -> Self {
        Self(trainer.0)
    }
}

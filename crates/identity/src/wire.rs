//! Identity's values as protobuf writes them.

use contracts::common::v1::{LogPosition, Money, Role as PublicRole};

use crate::{
    NAME,
    domain::values::{Price, Role},
};

/// A role as tokens and other services know it.
pub fn role(role: Role) -> PublicRole {
    match role {
        Role::Admin => PublicRole::Admin,
        Role::Trainer => PublicRole::Trainer,
        Role::Parent => PublicRole::Parent,
    }
}

/// A price as an amount of money.
pub fn price(price: &Price) -> Money {
    contracts::wire::money(price.money())
}

/// A place in identity's log.
pub fn position(position: i64) -> LogPosition {
    contracts::wire::position(NAME, position)
}

//! How far things are. Stored and shown by these names.

use serde::{Deserialize, Serialize};
use strum::{EnumIter, IntoStaticStr};

/// How far an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, EnumIter, IntoStaticStr)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum EventState {
    /// Being prepared; only admins see it.
    Draft,
    /// On sale until it starts.
    Published,
}

/// How far a hold is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum HoldState {
    /// It waits for its payment.
    Held,
    /// Its tickets are paid for, or were free.
    Confirmed,
    /// It ran out; its places are free again.
    Expired,
}

/// How a ticket stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, EnumIter, IntoStaticStr)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum TicketStatus {
    /// It is held and not paid.
    Pending,
    /// It is paid for, or was free.
    Active,
    /// Its hold ran out.
    Canceled,
    /// Its money went back.
    Refunded,
}

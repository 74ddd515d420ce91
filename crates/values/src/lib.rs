#![doc = include_str!("../README.md")]

extern crate self as values;

mod ids;
mod interval;
mod money;
mod price;
mod wall_clock;

pub use ids::{
    ChildId, EventId, HoldId, LocationId, PaymentId, RefundId, ScheduleId, SessionId, SlotId,
    TicketId, TierId, TrainerId, UserId,
};
pub use interval::Interval;
pub use money::{Money, MoneyError};
pub use price::{Price, PriceError};
pub use wall_clock::{Dates, LocalTimeError, LocalTimes, Times, WallTime, instant, resolve};

#[doc(hidden)]
pub use {serde, uuid};

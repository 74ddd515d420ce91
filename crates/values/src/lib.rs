#![doc = include_str!("../README.md")]

extern crate self as values;

mod currency;
mod ids;
mod interval;
mod money;
mod price;
pub mod text;
mod wall_clock;
mod zone;

pub use ids::{
    ChildId, EventId, HoldId, LocationId, PaymentId, RefundId, ScheduleId, SessionId, SlotId,
    TicketId, TierId, TrainerId, UserId,
};
pub use interval::{Interval, is_representable};
pub use money::{Money, MoneyError};
pub use price::{Price, PriceError};
pub use wall_clock::{Dates, Edge, LocalTimeError, LocalTimes, Times, WallTime, instant, resolve};
pub use zone::{UnknownZone, Zone, ZoneOffset, ZoneRules};

#[doc(hidden)]
pub use {serde, uuid};

//! The event logs of those services that have one.

use contracts::log::v1::{HeadRequest, ReadRequest};
use prost::Message as _;

use super::rows::{Row, guarded};

const EVERYWHERE: &[&str] = &["identity", "scheduling", "ticketing", "payments"];

#[rustfmt::skip]
pub const ROWS: &[Row] = &[
    guarded(EVERYWHERE, "/divinetime.log.v1.EventLogService/Head", b"RRRRRAA", |_| HeadRequest {}.encode_to_vec()),
    guarded(EVERYWHERE, "/divinetime.log.v1.EventLogService/Read", b"RRRRRAA", |_| {
        ReadRequest { after_position: 0, limit: 3 }.encode_to_vec()
    }),
];

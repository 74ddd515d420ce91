//! What ends something: called last, about somebody who leaves.

use contracts::identity::v1::EraseChildRequest;
use e2e::people::id;
use prost::Message as _;

use super::rows::{Row, guarded};

const HERE: &[&str] = &["identity"];

#[rustfmt::skip]
pub const ROWS: &[Row] = &[
    guarded(HERE, "/divinetime.identity.v1.ChildService/EraseChild", b"ANNRRAA", |w| {
        EraseChildRequest { request_id: id(), child_id: w.leaver.children[0].clone() }.encode_to_vec()
    }).owned_by(|w| &w.leaver.user),
];

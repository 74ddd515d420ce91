//! What ends something: called last, about somebody who leaves.

use contracts::identity::v1::{
    ArchiveChildRequest, DeactivateUserRequest, EraseChildRequest, EraseSubjectRequest,
    FinishErasureRequest, ReactivateUserRequest,
};
use e2e::people::id;
use prost::Message as _;

use super::rows::{Row, guarded};

const HERE: &[&str] = &["identity"];

#[rustfmt::skip]
pub const ROWS: &[Row] = &[
    guarded(HERE, "/divinetime.identity.v1.ChildService/ArchiveChild", b"ANNRRAR", |w| {
        ArchiveChildRequest { request_id: id(), child_id: w.leaver.children[0].clone() }.encode_to_vec()
    }).owned_by(|w| &w.leaver.user),
    guarded(HERE, "/divinetime.identity.v1.ChildService/EraseChild", b"ANNRRAA", |w| {
        EraseChildRequest { request_id: id(), child_id: w.leaver.children[0].clone() }.encode_to_vec()
    }).owned_by(|w| &w.leaver.user),

    guarded(HERE, "/divinetime.identity.v1.UserService/DeactivateUser", b"RRRRRAR", |w| {
        DeactivateUserRequest { request_id: id(), user_id: w.leaver.user.id.clone() }.encode_to_vec()
    }).owned_by(|w| &w.leaver.user),
    guarded(HERE, "/divinetime.identity.v1.UserService/ReactivateUser", b"RRRRRAR", |w| {
        ReactivateUserRequest { request_id: id(), user_id: w.leaver.user.id.clone() }.encode_to_vec()
    }).owned_by(|w| &w.leaver.user),
    guarded(HERE, "/divinetime.identity.v1.UserService/EraseSubject", b"ANNNNAR", |w| {
        EraseSubjectRequest { request_id: id(), user_id: w.leaver.user.id.clone(), child_id: String::new() }.encode_to_vec()
    }).owned_by(|w| &w.leaver.user),
    guarded(HERE, "/divinetime.identity.v1.UserService/FinishErasure", b"RRRRRRA", |w| {
        FinishErasureRequest { request_id: id(), user_id: w.leaver.user.id.clone(), child_id: String::new() }.encode_to_vec()
    }).owned_by(|w| &w.leaver.user),
];

//! Accounts, trainers and children.

use contracts::{
    common::v1::Role,
    identity::v1::{
        AddChildRequest, GetChildRequest, GetTrainerRequest, GetUserRequest, ListChildrenRequest,
        ListSigningKeysRequest, ListTrainersRequest, LoginRequest, RegisterUserRequest,
        UpdateTrainerRequest,
    },
};
use e2e::people::{self, PASSWORD, id};
use prost::Message as _;

use super::rows::{Row, guarded, public};

const HERE: &[&str] = &["identity"];

fn registration() -> RegisterUserRequest {
    people::registration(&people::address(), Role::Parent)
}

fn child() -> AddChildRequest {
    people::child(id())
}

#[rustfmt::skip]
pub const ROWS: &[Row] = &[
    public(HERE, "/divinetime.identity.v1.KeyService/ListSigningKeys", |_| ListSigningKeysRequest {}.encode_to_vec()),

    public(HERE, "/divinetime.identity.v1.UserService/RegisterUser", |_| registration().encode_to_vec()),
    public(HERE, "/divinetime.identity.v1.UserService/Login", |w| {
        LoginRequest { email: w.owner.user.email.clone(), password: PASSWORD.to_owned() }.encode_to_vec()
    }),
    guarded(HERE, "/divinetime.identity.v1.UserService/GetUser", b"ANNNNAR", |w| {
        GetUserRequest { user_id: w.owner.user.id.clone(), min_position: None }.encode_to_vec()
    }),

    guarded(HERE, "/divinetime.identity.v1.TrainerService/CreateTrainer", b"ARRNNAR", |w| {
        people::profile(&w.newcomer).encode_to_vec()
    }).owned_by(|w| &w.newcomer),
    guarded(HERE, "/divinetime.identity.v1.TrainerService/UpdateTrainer", b"RRRNAAR", |w| {
        UpdateTrainerRequest { request_id: id(), trainer_id: w.coach.id.clone(), bio: Some("Plays".to_owned()), ..Default::default() }.encode_to_vec()
    }),
    public(HERE, "/divinetime.identity.v1.TrainerService/GetTrainer", |w| {
        GetTrainerRequest { trainer_id: w.coach.id.clone(), min_position: None }.encode_to_vec()
    }),
    public(HERE, "/divinetime.identity.v1.TrainerService/ListTrainers", |_| ListTrainersRequest::default().encode_to_vec()),

    guarded(HERE, "/divinetime.identity.v1.ChildService/AddChild", b"AAARRRR", |_| child().encode_to_vec()),
    guarded(HERE, "/divinetime.identity.v1.ChildService/GetChild", b"ANNRRAR", |w| {
        GetChildRequest { child_id: w.child_id(), min_position: None }.encode_to_vec()
    }),
    guarded(HERE, "/divinetime.identity.v1.ChildService/ListChildren", b"ANNRRAR", |w| {
        ListChildrenRequest { guardian_id: w.owner.user.id.clone(), ..Default::default() }.encode_to_vec()
    }),
];

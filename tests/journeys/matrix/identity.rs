//! Accounts and trainers.

use contracts::{
    common::v1::Role,
    identity::v1::{
        ChangeEmailRequest, ChangePasswordRequest, ChangeRoleRequest, ExportSubjectRequest,
        GetTrainerRequest, GetUserRequest, ListSigningKeysRequest, ListTrainersRequest,
        ListUsersRequest, LoginRequest, LogoutEverywhereRequest, LogoutRequest,
        RefreshTokenRequest, RegisterUserRequest, RequestEmailChangeRequest,
        RequestPasswordResetRequest, RequestVerificationRequest, ResetPasswordRequest,
        UpdateTrainerRequest, UpdateUserRequest, VerificationChannel, VerifyEmailRequest,
        VerifyPhoneRequest,
    },
};
use e2e::people::{self, PASSWORD, id};
use prost::Message as _;

use super::rows::{Row, guarded, public};

const HERE: &[&str] = &["identity"];
/// Nobody was sent it, and nobody has it.
const CODE: &str = "000000";
const WRONG: &str = "wrong horse battery staple";

fn registration() -> RegisterUserRequest {
    people::registration(&people::address(), Role::Parent)
}

#[rustfmt::skip]
pub const ROWS: &[Row] = &[
    public(HERE, "/divinetime.identity.v1.KeyService/ListSigningKeys", |_| ListSigningKeysRequest::default().encode_to_vec()),

    public(HERE, "/divinetime.identity.v1.UserService/RegisterUser", |_| registration().encode_to_vec()),
    guarded(HERE, "/divinetime.identity.v1.UserService/GetUser", b"ANNNNAR", |w| {
        GetUserRequest { user_id: w.owner.user.id.clone(), min_position: None }.encode_to_vec()
    }),
    guarded(HERE, "/divinetime.identity.v1.UserService/ListUsers", b"RRRRRAR", |_| ListUsersRequest::default().encode_to_vec()),
    guarded(HERE, "/divinetime.identity.v1.UserService/UpdateUser", b"ANNNNAR", |w| {
        UpdateUserRequest { request_id: id(), user_id: w.owner.user.id.clone(), ..Default::default() }.encode_to_vec()
    }),
    guarded(HERE, "/divinetime.identity.v1.UserService/ChangeRole", b"RRRRRAR", |w| {
        ChangeRoleRequest { request_id: id(), user_id: w.owner.user.id.clone(), role: Role::Parent.into() }.encode_to_vec()
    }),
    guarded(HERE, "/divinetime.identity.v1.UserService/ExportSubject", b"ANNNNAR", |w| {
        ExportSubjectRequest { user_id: w.owner.user.id.clone() }.encode_to_vec()
    }),

    public(HERE, "/divinetime.identity.v1.AuthenticationService/Login", |w| {
        LoginRequest { email: w.owner.user.email.clone(), password: PASSWORD.to_owned() }.encode_to_vec()
    }),
    public(HERE, "/divinetime.identity.v1.AuthenticationService/RefreshToken", |_| {
        RefreshTokenRequest { refresh_token: "nobody's".to_owned() }.encode_to_vec()
    }),
    public(HERE, "/divinetime.identity.v1.AuthenticationService/RequestPasswordReset", |_| {
        RequestPasswordResetRequest { email: people::address() }.encode_to_vec()
    }),
    public(HERE, "/divinetime.identity.v1.AuthenticationService/ResetPassword", |_| {
        ResetPasswordRequest { request_id: id(), token: "nobody's".to_owned(), new_password: PASSWORD.to_owned() }.encode_to_vec()
    }),
    guarded(HERE, "/divinetime.identity.v1.AuthenticationService/RequestVerification", b"AAAAAAR", |_| {
        RequestVerificationRequest { request_id: id(), channel: VerificationChannel::Email.into() }.encode_to_vec()
    }),
    guarded(HERE, "/divinetime.identity.v1.AuthenticationService/VerifyEmail", b"AAAAAAR", |_| {
        VerifyEmailRequest { request_id: id(), code: CODE.to_owned() }.encode_to_vec()
    }),
    guarded(HERE, "/divinetime.identity.v1.AuthenticationService/VerifyPhone", b"AAAAAAR", |_| {
        VerifyPhoneRequest { request_id: id(), code: CODE.to_owned() }.encode_to_vec()
    }),
    guarded(HERE, "/divinetime.identity.v1.AuthenticationService/ChangePassword", b"AAAAAAR", |_| {
        ChangePasswordRequest { request_id: id(), password: WRONG.to_owned(), new_password: PASSWORD.to_owned() }.encode_to_vec()
    }),
    guarded(HERE, "/divinetime.identity.v1.AuthenticationService/RequestEmailChange", b"AAAAAAR", |_| {
        RequestEmailChangeRequest { request_id: id(), email: people::address(), password: WRONG.to_owned() }.encode_to_vec()
    }),
    guarded(HERE, "/divinetime.identity.v1.AuthenticationService/ChangeEmail", b"AAAAAAR", |_| {
        ChangeEmailRequest { request_id: id(), code: CODE.to_owned() }.encode_to_vec()
    }),
    guarded(HERE, "/divinetime.identity.v1.AuthenticationService/Logout", b"ANNNNNR", |w| {
        LogoutRequest { request_id: id(), login_id: w.owner.user.login_id.clone() }.encode_to_vec()
    }),
    guarded(HERE, "/divinetime.identity.v1.AuthenticationService/LogoutEverywhere", b"ANNNNAR", |w| {
        LogoutEverywhereRequest { request_id: id(), user_id: w.owner.user.id.clone() }.encode_to_vec()
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
];

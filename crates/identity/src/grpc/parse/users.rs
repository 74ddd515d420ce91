use contracts::{
    common::v1::{LogPosition, Role as PublicRole},
    identity::v1::{GetUserRequest, RegisterUserRequest},
};
use eventsourcing::Context;
use service::{Call, Fields, context};
use tonic::Status;
use uuid::Uuid;

use super::own_or_admin;
use crate::{
    domain::{
        user::Acting,
        values::{EmailAddress, PhoneNumber, Role},
    },
    personal::ClearRegistration,
    proofs::Password,
};

/// The context covers everything but the password: its fingerprint is stored in the log, where
/// nothing may be that a password could be guessed from.
pub fn register_user(
    call: &Call,
    mut request: RegisterUserRequest,
) -> Result<(Context, ClearRegistration, Password), Status> {
    let password = std::mem::take(&mut request.password);
    let covered = request.clone();
    let RegisterUserRequest {
        request_id: _,
        role,
        email,
        password: _,
        first_name,
        last_name,
        phone_number,
    } = request;
    let mut fields = Fields::of(&covered);
    let role = open_role(&mut fields, role);
    let email = fields.check("email", "EMAIL", EmailAddress::parse(&email));
    let password = fields.check("password", "LENGTH", Password::chosen(password));
    let first_name = fields.text("first_name", &first_name, 1..=100);
    let last_name = fields.text("last_name", &last_name, 1..=100);
    let phone_number = match phone_number.as_str() {
        "" => None,
        number => fields.check("phone_number", "PHONE_NUMBER", PhoneNumber::parse(number)),
    };
    let ((role, email), password) = fields.finish_with(role.zip(email).zip(password))?;
    let context = context(call, &covered)?;
    let registration = ClearRegistration {
        user_id: Uuid::now_v7().into(),
        acting: Acting::Anyone,
        role,
        email,
        first_name,
        last_name,
        phone_number,
        now: service::now(),
    };
    Ok((context, registration, password))
}

/// Somebody else's account does not exist to the caller, unless they are an admin.
pub fn get_user(
    call: &Call,
    request: GetUserRequest,
) -> Result<(Uuid, Option<LogPosition>), Status> {
    let GetUserRequest {
        user_id,
        min_position,
    } = request;
    let mut fields = Fields::new();
    let id = fields.id("user_id", &user_id);
    fields.finish()?;
    own_or_admin(call, id, "user").map(|()| (id, min_position))
}

fn open_role(fields: &mut Fields, role: i32) -> Option<Role> {
    match PublicRole::try_from(role) {
        Ok(PublicRole::Parent) => Some(Role::Parent),
        Ok(PublicRole::Trainer) => Some(Role::Trainer),
        _ => {
            fields.violation("role", "ROLE", "must be ROLE_PARENT or ROLE_TRAINER");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use service::Principal;

    use super::*;

    fn fingerprint(request: &RegisterUserRequest) -> [u8; 32] {
        let call = Call::by(Principal::Anonymous);
        let (context, _, _) = register_user(&call, request.clone()).unwrap();
        context.request.unwrap().fingerprint
    }

    #[test]
    fn the_fingerprint_of_a_registration_covers_everything_but_the_password() {
        let request = RegisterUserRequest {
            request_id: Uuid::from_u128(1).to_string(),
            role: PublicRole::Parent.into(),
            email: "anna@example.com".to_owned(),
            password: "correct horse battery".to_owned(),
            first_name: "Anna".to_owned(),
            last_name: "Berg".to_owned(),
            phone_number: String::new(),
        };
        let base = fingerprint(&request);
        let guess = "incorrect horse".to_owned();
        assert_eq!(
            base,
            fingerprint(&RegisterUserRequest {
                password: guess,
                ..request.clone()
            })
        );
        let other = "Other".to_owned();
        assert_ne!(
            base,
            fingerprint(&RegisterUserRequest {
                last_name: other,
                ..request.clone()
            })
        );
        let role = PublicRole::Trainer.into();
        assert_ne!(base, fingerprint(&RegisterUserRequest { role, ..request }));
    }
}

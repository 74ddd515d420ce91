//! From requests to commands. Every function takes its request apart field by field, so that
//! a new field does not build before it is looked at here, and reports all that is wrong
//! together.

use chrono::{DateTime, SubsecRound, Utc};
use contracts::{
    common::v1::{LogPosition, Money, Role as PublicRole},
    google::r#type::Date,
    identity::v1::{
        AddChildRequest, CreateTrainerRequest, GetChildRequest, GetTrainerRequest, GetUserRequest,
        ListChildrenRequest, ListTrainersRequest, LoginRequest, RegisterUserRequest,
        SkillLevel as PublicSkillLevel,
    },
};
use eventsourcing::Context;
use service::{Call, Fields, Page, not_found};
use tonic::Status;
use uuid::Uuid;

use crate::{
    domain::{
        child::{AddChild, Consent, Player, SkillLevel},
        trainer::{CreateTrainer, Profile},
        user::{Registrar, Registration},
        values::{Birthdate, EmailAddress, PhoneNumber, Price, PriceError, Role, UserId},
    },
    password::Password,
    query::{children, trainers},
};

/// Now, as exactly as the read tables keep it.
pub fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(6)
}

/// The context covers everything but the password: its fingerprint is stored in the log, where
/// nothing may be that a password could be guessed from.
pub fn register_user(
    call: &Call,
    mut request: RegisterUserRequest,
) -> Result<(Context, Registration, Password), Status> {
    let password = std::mem::take(&mut request.password);
    let covered = request.clone();
    let RegisterUserRequest {
        request_id,
        role,
        email,
        password: _,
        first_name,
        last_name,
        phone_number,
    } = request;
    let mut fields = Fields::new();
    let request_id = fields.uuid("request_id", &request_id);
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
    let context = call.context(
        "/divinetime.identity.v1.UserService/RegisterUser",
        request_id,
        &covered,
    );
    let registration = Registration {
        user_id: Uuid::now_v7().into(),
        registrar: Registrar::Anyone,
        role,
        email,
        first_name,
        last_name,
        phone_number,
        now: now(),
    };
    Ok((context, registration, password))
}

/// A login is not repeated but made again, so its context has no request id.
pub fn login(
    call: &Call,
    request: LoginRequest,
) -> Result<(Context, EmailAddress, Password), Status> {
    let LoginRequest { email, password } = request;
    let mut fields = Fields::new();
    let email = fields.check("email", "EMAIL", EmailAddress::parse(&email));
    let password = Password::offered(password).map_err(|_| "must have 1 to 128 characters");
    let password = fields.check("password", "LENGTH", password);
    let (email, password) = fields.finish_with(email.zip(password))?;
    let context = Context {
        correlation_id: call.correlation_id,
        causation_id: call.causation_id,
        trace_context: call.trace_context.clone(),
        ..Context::system()
    };
    Ok((context, email, password))
}

/// Somebody else's account does not exist to the caller, unless she is an admin.
pub fn get_user(
    call: &Call,
    request: GetUserRequest,
) -> Result<(Uuid, Option<LogPosition>), Status> {
    let GetUserRequest {
        user_id,
        min_position,
    } = request;
    let mut fields = Fields::new();
    let id = fields.uuid("user_id", &user_id);
    fields.finish()?;
    own_or_admin(call, id, "user").map(|()| (id, min_position))
}

/// The command lacks the user's role, which the log knows.
pub fn create_trainer(
    call: &Call,
    request: CreateTrainerRequest,
) -> Result<(Context, impl FnOnce(Role) -> CreateTrainer + use<>, UserId), Status> {
    let covered = request.clone();
    let CreateTrainerRequest {
        request_id,
        user_id,
        first_name,
        last_name,
        bio,
        experience,
        photos,
        price_per_hour,
        session_duration_minutes,
        external,
    } = request;
    let mut fields = Fields::new();
    let request_id = fields.uuid("request_id", &request_id);
    let trainer_id = own_unless_admin(&mut fields, call, "user_id", &user_id);
    let first_name = fields.text("first_name", &first_name, 1..=100);
    let last_name = fields.text("last_name", &last_name, 1..=100);
    let bio = fields.text("bio", &bio, 0..=5_000);
    let experience = fields.text("experience", &experience, 0..=5_000);
    let photos = photo_addresses(&mut fields, &photos);
    let price_per_hour = price(&mut fields, "price_per_hour", price_per_hour);
    let session_duration_minutes = fields.int_in(
        "session_duration_minutes",
        session_duration_minutes,
        10..=480,
    );
    let price_per_hour = fields.finish_with(price_per_hour)?;
    own_or_admin(call, trainer_id, "user")?;
    let trainer_id = UserId::from(trainer_id);
    let profile = Profile {
        first_name,
        last_name,
        bio,
        experience,
        photos,
        price_per_hour,
        session_duration_minutes,
        external,
    };
    let context = call.context(
        "/divinetime.identity.v1.TrainerService/CreateTrainer",
        request_id,
        &covered,
    );
    let command = move |role| CreateTrainer {
        trainer_id,
        role,
        profile,
        now: now(),
    };
    Ok((context, command, trainer_id))
}

pub fn get_trainer(request: GetTrainerRequest) -> Result<(Uuid, Option<LogPosition>), Status> {
    let GetTrainerRequest {
        trainer_id,
        min_position,
    } = request;
    let mut fields = Fields::new();
    let id = fields.uuid("trainer_id", &trainer_id);
    fields.finish().map(|()| (id, min_position))
}

pub fn list_trainers(
    request: ListTrainersRequest,
) -> Result<(Page<trainers::Cursor>, Option<LogPosition>), Status> {
    let ListTrainersRequest {
        page_size,
        page_token,
        min_position,
    } = request;
    let mut fields = Fields::new();
    let page = fields.page(page_size, &page_token);
    fields.finish().map(|()| (page, min_position))
}

/// The command lacks the caller's role, which the log knows.
pub fn add_child(
    call: &Call,
    request: AddChildRequest,
) -> Result<(Context, impl FnOnce(Role) -> AddChild + use<>, UserId), Status> {
    let covered = request.clone();
    let AddChildRequest {
        request_id,
        guardian_consent,
        first_name,
        last_name,
        birthdate,
        skill_level,
        specify,
        team,
    } = request;
    let now = now();
    let mut fields = Fields::new();
    let request_id = fields.uuid("request_id", &request_id);
    let consent = if guardian_consent {
        Consent::Given
    } else {
        Consent::Withheld
    };
    if consent == Consent::Withheld {
        fields.violation(
            "guardian_consent",
            "CONSENT",
            "must be true: nothing is stored without consent",
        );
    }
    let first_name = fields.text("first_name", &first_name, 1..=100);
    let last_name = fields.text("last_name", &last_name, 1..=100);
    let birthdate = date_of_birth(&mut fields, birthdate, now);
    let skill_level = skill(&mut fields, skill_level);
    let specify = fields.text("specify", &specify, 0..=500);
    let team = fields.text("team", &team, 0..=100);
    let (birthdate, skill_level) = fields.finish_with(birthdate.zip(skill_level))?;
    let guardian_id = UserId::from(call.user_id().unwrap_or_default());
    let player = Player {
        first_name,
        last_name,
        birthdate,
        skill_level,
        specify,
        team,
    };
    let context = call.context(
        "/divinetime.identity.v1.ChildService/AddChild",
        request_id,
        &covered,
    );
    let command = move |role| AddChild {
        child_id: Uuid::now_v7().into(),
        guardian_id,
        role,
        consent,
        player,
        now,
    };
    Ok((context, command, guardian_id))
}

pub fn get_child(request: GetChildRequest) -> Result<(Uuid, Option<LogPosition>), Status> {
    let GetChildRequest {
        child_id,
        min_position,
    } = request;
    let mut fields = Fields::new();
    let id = fields.uuid("child_id", &child_id);
    fields.finish().map(|()| (id, min_position))
}

/// Somebody else's children do not exist to the caller, unless she is an admin.
pub fn list_children(
    call: &Call,
    request: ListChildrenRequest,
) -> Result<(Uuid, Page<children::Cursor>, Option<LogPosition>), Status> {
    let ListChildrenRequest {
        guardian_id,
        page_size,
        page_token,
        min_position,
    } = request;
    let mut fields = Fields::new();
    let guardian_id = own_unless_admin(&mut fields, call, "guardian_id", &guardian_id);
    let page = fields.page(page_size, &page_token);
    fields.finish()?;
    own_or_admin(call, guardian_id, "guardian").map(|()| (guardian_id, page, min_position))
}

/// `NOT_FOUND` unless the thing is the caller's, or an admin calls.
pub fn own_or_admin(call: &Call, owner_id: Uuid, what: &str) -> Result<(), Status> {
    if call.user_id() == Some(owner_id) || call.is_admin() {
        Ok(())
    } else {
        Err(not_found(what, &owner_id.to_string()))
    }
}

/// A user's id that may be left out by everyone but an admin: it is the caller's then.
fn own_unless_admin(fields: &mut Fields, call: &Call, field: &str, value: &str) -> Uuid {
    match call.user_id() {
        Some(caller) if value.is_empty() && !call.is_admin() => caller,
        _ => fields.uuid(field, value),
    }
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

fn skill(fields: &mut Fields, level: i32) -> Option<SkillLevel> {
    match fields.enum_value("skill_level", level) {
        PublicSkillLevel::Beginner => Some(SkillLevel::Beginner),
        PublicSkillLevel::Intermediate => Some(SkillLevel::Intermediate),
        PublicSkillLevel::Advanced => Some(SkillLevel::Advanced),
        PublicSkillLevel::Unspecified => None,
    }
}

fn price(fields: &mut Fields, field: &str, money: Option<Money>) -> Option<Price> {
    let Some(Money {
        currency_code,
        minor_units,
    }) = money
    else {
        fields.violation(field, "REQUIRED", "is required");
        return None;
    };
    let parsed = Price::parse(&currency_code, minor_units);
    match parsed {
        Err(PriceError::Currency) => {
            fields.check(format!("{field}.currency_code"), "CURRENCY", parsed)
        }
        _ => fields.check(format!("{field}.minor_units"), "RANGE", parsed),
    }
}

fn date_of_birth(fields: &mut Fields, date: Option<Date>, now: DateTime<Utc>) -> Option<Birthdate> {
    let Some(Date { year, month, day }) = date else {
        fields.violation("birthdate", "REQUIRED", "is required");
        return None;
    };
    // 0 is no month and no day, as is anything negative.
    let (month, day) = (
        u32::try_from(month).unwrap_or(0),
        u32::try_from(day).unwrap_or(0),
    );
    fields.check(
        "birthdate",
        "BIRTHDATE",
        Birthdate::parse(year, month, day, now.date_naive()),
    )
}

fn photo_addresses(fields: &mut Fields, photos: &[String]) -> Vec<String> {
    let mut addresses = Vec::new();
    for (index, address) in fields.list("photos", photos, 0..=20).iter().enumerate() {
        let field = format!("photos[{index}]");
        let address = fields.text(&field, address, 1..=2_048);
        if !address.starts_with("https://") || address.contains(char::is_whitespace) {
            fields.violation(field, "URL", "must be an https:// address");
        }
        addresses.push(address);
    }
    addresses
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

use contracts::{
    common::v1::{LogPosition, Money},
    identity::v1::{CreateTrainerRequest, GetTrainerRequest, ListTrainersRequest},
};
use eventsourcing::Context;
use service::{Call, Fields, Page};
use tonic::Status;
use uuid::Uuid;

use super::{now, own_or_admin, own_unless_admin};
use crate::{
    domain::{
        trainer::{CreateTrainer, Profile},
        values::{Price, PriceError, Role, UserId},
    },
    query::trainers,
};

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

use std::collections::HashSet;

use contracts::{
    common::v1::{LogPosition, Money},
    identity::v1::{
        AdditionalSource, CreateTrainerRequest, GetTrainerRequest, ListTrainersRequest,
        TrainerContacts, UpdateTrainerRequest,
    },
};
use eventsourcing::Context;
use service::{Call, Fields, Page};
use tonic::Status;
use uuid::Uuid;

use super::{own_or_admin, own_unless_admin};
use crate::{
    domain::{
        trainer::{Contacts, Source, TermChanges, Terms},
        values::{EmailAddress, PhoneNumber, Price, PriceError, UserId, WebAddress},
    },
    grpc::trainer_profile::ClearProfile,
    query::trainers,
};

/// Most photos of a profile.
const MAX_PHOTOS: usize = 20;
/// Most pages elsewhere that a profile names.
const MAX_SOURCES: usize = 20;

/// A profile to create, not sealed yet.
pub struct CreateTrainer {
    pub context: Context,
    pub trainer_id: UserId,
    pub profile: ClearProfile,
    pub terms: Terms,
}

pub fn create_trainer(call: &Call, request: CreateTrainerRequest) -> Result<CreateTrainer, Status> {
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
        contacts: given_contacts,
        additional_sources,
    } = request;
    let mut fields = Fields::new();
    let request_id = fields.uuid("request_id", &request_id);
    let trainer_id = own_unless_admin(&mut fields, call, "user_id", &user_id);
    let profile = ClearProfile {
        first_name: Some(name(&mut fields, "first_name", &first_name)),
        last_name: Some(name(&mut fields, "last_name", &last_name)),
        bio: Some(prose(&mut fields, "bio", &bio)),
        experience: Some(prose(&mut fields, "experience", &experience)),
        photos: Some(photo_addresses(&mut fields, "photos", &photos)),
        contacts: given_contacts.map(|given| contacts(&mut fields, &given)),
        additional_sources: Some(sources(
            &mut fields,
            "additional_sources",
            additional_sources,
        )),
    };
    let price_per_hour = price(&mut fields, "price_per_hour", price_per_hour);
    let session_duration_minutes = duration(&mut fields, session_duration_minutes);
    let price_per_hour = fields.finish_with(price_per_hour)?;
    own_or_admin(call, trainer_id, "user")?;
    Ok(CreateTrainer {
        context: call.context(
            "/divinetime.identity.v1.TrainerService/CreateTrainer",
            request_id,
            &covered,
        ),
        trainer_id: trainer_id.into(),
        profile,
        terms: Terms {
            price_per_hour,
            session_duration_minutes,
            external,
            accepting_bookings: true,
        },
    })
}

/// Changes of a profile, not sealed yet.
pub struct UpdateTrainer {
    pub context: Context,
    pub trainer_id: UserId,
    pub profile: ClearProfile,
    pub terms: TermChanges,
}

pub fn update_trainer(call: &Call, request: UpdateTrainerRequest) -> Result<UpdateTrainer, Status> {
    let covered = request.clone();
    let UpdateTrainerRequest {
        request_id,
        trainer_id,
        first_name,
        last_name,
        bio,
        experience,
        photos,
        price_per_hour,
        session_duration_minutes,
        contacts: given_contacts,
        additional_sources,
        external,
        accepting_bookings,
    } = request;
    let mut fields = Fields::new();
    let request_id = fields.uuid("request_id", &request_id);
    let trainer_id = own_unless_admin(&mut fields, call, "trainer_id", &trainer_id);
    let profile = ClearProfile {
        first_name: first_name.map(|text| name(&mut fields, "first_name", &text)),
        last_name: last_name.map(|text| name(&mut fields, "last_name", &text)),
        bio: bio.map(|text| prose(&mut fields, "bio", &text)),
        experience: experience.map(|text| prose(&mut fields, "experience", &text)),
        photos: photos
            .map(|photos| photo_addresses(&mut fields, "photos.addresses", &photos.addresses)),
        contacts: given_contacts.map(|given| contacts(&mut fields, &given)),
        additional_sources: additional_sources
            .map(|given| sources(&mut fields, "additional_sources.sources", given.sources)),
    };
    let terms = TermChanges {
        price_per_hour: price_per_hour
            .and_then(|money| price(&mut fields, "price_per_hour", Some(money))),
        session_duration_minutes: session_duration_minutes
            .map(|minutes| duration(&mut fields, minutes)),
        external,
        accepting_bookings,
    };
    fields.finish()?;
    own_or_admin(call, trainer_id, "trainer")?;
    Ok(UpdateTrainer {
        context: call.context(
            "/divinetime.identity.v1.TrainerService/UpdateTrainer",
            request_id,
            &covered,
        ),
        trainer_id: trainer_id.into(),
        profile,
        terms,
    })
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

fn name(fields: &mut Fields, field: &str, text: &str) -> String {
    fields.text(field, text, 1..=100)
}

fn prose(fields: &mut Fields, field: &str, text: &str) -> String {
    fields.text(field, text, 0..=5_000)
}

fn duration(fields: &mut Fields, minutes: i32) -> i32 {
    fields.int_in("session_duration_minutes", minutes, 10..=480)
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

fn photo_addresses(fields: &mut Fields, field: &str, photos: &[String]) -> Vec<WebAddress> {
    let photos = fields.list(field, photos, 0..=MAX_PHOTOS);
    let mut seen = HashSet::new();
    let photos = photos.iter().take(MAX_PHOTOS).enumerate();
    photos
        .filter_map(|(index, photo)| {
            web_address(fields, format!("{field}[{index}]"), photo, &mut seen)
        })
        .collect()
}

fn sources(fields: &mut Fields, field: &str, sources: Vec<AdditionalSource>) -> Vec<Source> {
    fields.list(field, &sources, 0..=MAX_SOURCES);
    let mut seen = HashSet::new();
    let sources = sources.into_iter().take(MAX_SOURCES).enumerate();
    sources
        .filter_map(|(index, AdditionalSource { title, url })| {
            let title = fields.text(format!("{field}[{index}].title"), &title, 1..=100);
            let url = web_address(fields, format!("{field}[{index}].url"), &url, &mut seen)?;
            Some(Source { title, url })
        })
        .collect()
}

/// An address that was not seen before.
fn web_address(
    fields: &mut Fields,
    field: String,
    text: &str,
    seen: &mut HashSet<WebAddress>,
) -> Option<WebAddress> {
    let address = fields.check(field.clone(), "URL", WebAddress::parse(text))?;
    if !seen.insert(address.clone()) {
        fields.violation(field, "DUPLICATE", "must not be given twice");
    }
    Some(address)
}

fn contacts(fields: &mut Fields, given: &TrainerContacts) -> Contacts {
    let TrainerContacts {
        email,
        phone_number,
    } = given;
    let email = (!email.is_empty())
        .then(|| fields.check("contacts.email", "EMAIL", EmailAddress::parse(email)))
        .flatten();
    let phone_number = (!phone_number.is_empty())
        .then(|| {
            let parsed = PhoneNumber::parse(phone_number);
            fields.check("contacts.phone_number", "PHONE_NUMBER", parsed)
        })
        .flatten();
    Contacts {
        email,
        phone_number,
    }
}

//! The requests of `TrainerService`. Every field of a message is taken apart here, so that a new one
//! breaks the build.

mod profile;

use contracts::common::v1::Money;
use contracts::identity::v1 as pb;
use service::{Call, Fields, Page, requests_of_ids};
use tonic::Status;

use self::profile::{contacts, name, photo_addresses, prose, sources};
use crate::domain::trainer::{TermChanges, Terms};
use crate::domain::values::{Price, PriceError, UserId};
use crate::grpc::own_unless_admin;
use crate::personal::{ClearProfile, Profiles};
use crate::query::{TrainerCursor, TrainerFilter, TrainerOrder};

requests_of_ids! {
    read GetTrainer of pb::GetTrainerRequest { trainer_id: UserId }
}

pub struct CreateTrainer {
    pub trainer_id: UserId,
    pub profile: ClearProfile,
    pub terms: Terms,
}

impl CreateTrainer {
    /// Trainers may leave their own id out.
    pub fn of(request: &pb::CreateTrainerRequest, call: &Call) -> Result<Self, Status> {
        let mut fields = Fields::of(request);
        let pb::CreateTrainerRequest {
            request_id: _,
            user_id,
            first_name,
            last_name,
            bio,
            experience,
            photos,
            price_per_hour,
            session_duration_minutes,
            external,
            contacts: given,
            additional_sources,
        } = request;
        let trainer_id = own_unless_admin(&mut fields, call, "user_id", user_id);
        let profile = ClearProfile {
            first_name: Some(name(&mut fields, "first_name", first_name)),
            last_name: Some(name(&mut fields, "last_name", last_name)),
            bio: Some(prose(&mut fields, "bio", bio)),
            experience: Some(prose(&mut fields, "experience", experience)),
            photos: Some(photo_addresses(&mut fields, "photos", photos)),
            contacts: given.as_ref().map(|given| contacts(&mut fields, given)),
            additional_sources: Some(sources(
                &mut fields,
                "additional_sources",
                additional_sources,
            )),
        };
        let price_per_hour = price(&mut fields, "price_per_hour", price_per_hour.as_ref());
        let session_duration_minutes = duration(&mut fields, *session_duration_minutes);
        let price_per_hour = fields.finish_with(price_per_hour)?;
        Ok(Self {
            trainer_id,
            profile,
            terms: Terms {
                price_per_hour,
                session_duration_minutes,
                external: *external,
                accepting_bookings: true,
            },
        })
    }
}

pub struct UpdateTrainer {
    pub trainer_id: UserId,
    pub profile: ClearProfile,
    pub terms: TermChanges,
}

impl UpdateTrainer {
    /// Trainers may leave their own id out.
    pub fn of(request: &pb::UpdateTrainerRequest, call: &Call) -> Result<Self, Status> {
        let mut fields = Fields::of(request);
        let pb::UpdateTrainerRequest {
            request_id: _,
            trainer_id,
            first_name,
            last_name,
            bio,
            experience,
            photos,
            price_per_hour,
            session_duration_minutes,
            contacts: given,
            additional_sources,
            external,
            accepting_bookings,
        } = request;
        let trainer_id = own_unless_admin(&mut fields, call, "trainer_id", trainer_id);
        let first_name = first_name.as_ref();
        let last_name = last_name.as_ref();
        let profile = ClearProfile {
            first_name: first_name.map(|text| name(&mut fields, "first_name", text)),
            last_name: last_name.map(|text| name(&mut fields, "last_name", text)),
            bio: bio.as_ref().map(|text| prose(&mut fields, "bio", text)),
            experience: experience
                .as_ref()
                .map(|text| prose(&mut fields, "experience", text)),
            photos: photos
                .as_ref()
                .map(|photos| photo_addresses(&mut fields, "photos.addresses", &photos.addresses)),
            contacts: given.as_ref().map(|given| contacts(&mut fields, given)),
            additional_sources: additional_sources
                .as_ref()
                .map(|given| sources(&mut fields, "additional_sources.sources", &given.sources)),
        };
        let price_per_hour = price_per_hour.as_ref();
        let terms = TermChanges {
            price_per_hour: price_per_hour
                .and_then(|money| price(&mut fields, "price_per_hour", Some(money))),
            session_duration_minutes: session_duration_minutes
                .map(|minutes| duration(&mut fields, minutes)),
            external: *external,
            accepting_bookings: *accepting_bookings,
        };
        fields.finish()?;
        Ok(Self {
            trainer_id,
            profile,
            terms,
        })
    }
}

pub struct ListTrainers {
    pub filter: TrainerFilter,
    pub page: Page<TrainerCursor>,
}

impl ListTrainers {
    /// Words are looked for by their tokens.
    pub fn of(
        request: &pb::ListTrainersRequest,
        profiles: &Profiles,
        call: &Call,
    ) -> Result<Self, Status> {
        let pb::ListTrainersRequest {
            page_size: _,
            page_token: _,
            min_position: _,
            location_id,
            price_per_hour,
            text,
            available,
            accepting_bookings,
            order,
        } = request;
        let mut fields = Fields::new();
        let location_id = fields.optional_id("location_id", location_id);
        let price = price_per_hour.as_ref();
        if let Some(price) = price {
            check_price_range(&mut fields, price);
        }
        let text = fields.text("text", text, 0..=200);
        let filter = TrainerFilter {
            location_id,
            currency: price.map(|price| price.currency_code.clone()),
            min_price: price.and_then(|price| price.min_minor_units),
            max_price: price.and_then(|price| price.max_minor_units),
            words: profiles.wanted(&text),
            available: *available,
            accepting_bookings: *accepting_bookings,
            order: order_of(&mut fields, *order),
        };
        let page = fields.page(call, request);
        fields.finish()?;
        Ok(Self { filter, page })
    }
}

fn order_of(fields: &mut Fields, order: i32) -> TrainerOrder {
    match pb::TrainerOrder::try_from(order) {
        Ok(pb::TrainerOrder::Unspecified | pb::TrainerOrder::Newest) => TrainerOrder::Newest,
        Ok(pb::TrainerOrder::PriceAsc) => TrainerOrder::PriceAsc,
        Ok(pb::TrainerOrder::PriceDesc) => TrainerOrder::PriceDesc,
        Err(_) => {
            fields.violation("order", "ENUM", "must be one of the documented values");
            TrainerOrder::Newest
        }
    }
}

/// A currency, and prices that some price can have.
fn check_price_range(fields: &mut Fields, range: &pb::PriceRange) {
    let (least, most) = (range.min_minor_units, range.max_minor_units);
    if Price::parse(&range.currency_code, 1).is_err() {
        let reason = match range.currency_code.as_str() {
            "" => "REQUIRED",
            _ => "CURRENCY",
        };
        let advice = "must be an ISO 4217 code of three upper-case letters";
        fields.violation("price_per_hour.currency_code", reason, advice);
    }
    for (field, amount) in [("min_minor_units", least), ("max_minor_units", most)] {
        if amount.is_some_and(|amount| amount < 0) {
            let field = format!("price_per_hour.{field}");
            fields.violation(field, "NEGATIVE", "must not be negative");
        }
    }
    if least.zip(most).is_some_and(|(least, most)| least > most) {
        let advice = "must not be lower than min_minor_units";
        fields.violation("price_per_hour.max_minor_units", "RANGE", advice);
    }
}

fn duration(fields: &mut Fields, minutes: i32) -> i32 {
    fields.int_in("session_duration_minutes", minutes, 10..=480)
}

fn price(fields: &mut Fields, field: &str, money: Option<&Money>) -> Option<Price> {
    let Some(Money {
        currency_code,
        minor_units,
    }) = money
    else {
        fields.violation(field, "REQUIRED", "is required");
        return None;
    };
    let parsed = Price::parse(currency_code, *minor_units);
    match parsed {
        Err(PriceError::Currency) => {
            fields.check(format!("{field}.currency_code"), "CURRENCY", parsed)
        }
        _ => fields.check(format!("{field}.minor_units"), "RANGE", parsed),
    }
}

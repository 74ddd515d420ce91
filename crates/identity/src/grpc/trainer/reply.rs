//! The answers of `TrainerService`.

use contracts::common::v1::Money;
use contracts::identity::v1 as pb;
use contracts::wire::{amount, timestamp};
use eventsourcing::personal::{Opener, PersonalError};
use serde::de::DeserializeOwned;

use crate::domain::trainer::{Contacts, Source, Trainer};
use crate::domain::values::{UserId, WebAddress};
use crate::personal::Column;
use crate::query::TrainerView;
use crate::wire;

pub fn created(trainer_id: UserId, trainer: &Trainer) -> pb::CreateTrainerResponse {
    pb::CreateTrainerResponse {
        trainer_id: trainer_id.to_string(),
        price_per_hour: price_of(trainer),
        position: None,
    }
}

pub fn updated(trainer_id: UserId, trainer: &Trainer) -> pb::UpdateTrainerResponse {
    pb::UpdateTrainerResponse {
        trainer_id: trainer_id.to_string(),
        price_per_hour: price_of(trainer),
        position: None,
    }
}

fn price_of(trainer: &Trainer) -> Option<Money> {
    let terms = trainer.terms();
    terms.map(|terms| wire::price(&terms.price_per_hour))
}

/// A profile, opened; its texts are empty when the trainer was erased.
pub fn trainer(row: TrainerView, opener: &Opener) -> Result<pb::Trainer, PersonalError> {
    let TrainerView {
        user_id,
        first_name,
        last_name,
        bio,
        experience,
        photos,
        contacts,
        additional_sources,
        price_per_hour,
        currency,
        session_duration,
        external,
        accepting_bookings,
        created_at,
        updated_at,
        erased,
    } = row;
    let Contacts {
        email,
        phone_number,
    } = known(opener, &contacts)?;
    let photos: Vec<WebAddress> = known(opener, &photos)?;
    let sources: Vec<Source> = known(opener, &additional_sources)?;
    Ok(pb::Trainer {
        trainer_id: user_id.to_string(),
        first_name: known(opener, &first_name)?,
        last_name: known(opener, &last_name)?,
        bio: known(opener, &bio)?,
        experience: known(opener, &experience)?,
        photos: photos
            .iter()
            .map(|photo| photo.as_str().to_owned())
            .collect(),
        price_per_hour: Some(amount(currency, price_per_hour)),
        session_duration_minutes: session_duration,
        external,
        created_at: Some(timestamp(created_at)),
        contacts: Some(pb::TrainerContacts {
            email: email.map_or_else(String::new, |email| email.as_str().to_owned()),
            phone_number: phone_number.map_or_else(String::new, |it| it.as_str().to_owned()),
        }),
        additional_sources: sources.into_iter().map(additional_source).collect(),
        accepting_bookings,
        updated_at: Some(timestamp(updated_at)),
        erased,
    })
}

/// The value, or an empty one when it was erased.
fn known<T: DeserializeOwned + Default>(
    opener: &Opener,
    column: &Column<T>,
) -> Result<T, PersonalError> {
    Ok(column.open(opener)?.unwrap_or_default())
}

fn additional_source(source: Source) -> pb::AdditionalSource {
    pb::AdditionalSource {
        title: source.title,
        url: source.url.as_str().to_owned(),
    }
}

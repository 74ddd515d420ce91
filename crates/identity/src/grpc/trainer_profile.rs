//! Trainers' profiles are sealed before they become part of a command, and opened when somebody
//! reads them.

use contracts::{
    common::v1::Money,
    identity::v1::{AdditionalSource, Trainer, TrainerContacts},
    wire::timestamp,
};
use eventsourcing::personal::{Keyring, LookupKey, Opener, PersonalError, Sealer};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::{
    domain::{
        trainer::{Contacts, Profile, ProfileChanges, Searchable, Source},
        values::{UserId, WebAddress},
    },
    personal::{Column, search},
    query::trainers::{Filter, TrainerView},
};

/// A profile that is not sealed yet; `None` where nothing was given.
#[derive(Default)]
pub struct ClearProfile {
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub bio: Option<String>,
    pub experience: Option<String>,
    pub photos: Option<Vec<WebAddress>>,
    pub contacts: Option<Contacts>,
    pub additional_sources: Option<Vec<Source>>,
}

/// Seals and opens profiles, and makes the tokens that find them.
#[derive(Clone)]
pub struct Profiles {
    pub(super) keyring: Keyring,
    pub(super) lookup: LookupKey,
}

impl Profiles {
    /// Seals a whole profile; what was not given is empty.
    pub async fn seal_whole(
        &self,
        trainer_id: UserId,
        clear: ClearProfile,
    ) -> Result<Profile, PersonalError> {
        let sealer = self.keyring.sealer(trainer_id.uuid()).await?;
        Ok(Profile {
            first_name: self.name(&sealer, &clear.first_name.unwrap_or_default())?,
            last_name: self.name(&sealer, &clear.last_name.unwrap_or_default())?,
            bio: self.prose(&sealer, &clear.bio.unwrap_or_default())?,
            experience: self.prose(&sealer, &clear.experience.unwrap_or_default())?,
            photos: sealer.seal(&clear.photos.unwrap_or_default())?,
            contacts: sealer.seal(&clear.contacts.unwrap_or_default())?,
            additional_sources: sealer.seal(&clear.additional_sources.unwrap_or_default())?,
        })
    }

    /// Seals changes of a profile; what was not given stays.
    pub async fn seal_changes(
        &self,
        trainer_id: UserId,
        clear: ClearProfile,
    ) -> Result<ProfileChanges, PersonalError> {
        let sealer = self.keyring.sealer(trainer_id.uuid()).await?;
        let name = |text: Option<String>| text.map(|text| self.name(&sealer, &text)).transpose();
        let prose = |text: Option<String>| text.map(|text| self.prose(&sealer, &text)).transpose();
        Ok(ProfileChanges {
            first_name: name(clear.first_name)?,
            last_name: name(clear.last_name)?,
            bio: prose(clear.bio)?,
            experience: prose(clear.experience)?,
            photos: clear
                .photos
                .map(|photos| sealer.seal(&photos))
                .transpose()?,
            contacts: clear
                .contacts
                .map(|contacts| sealer.seal(&contacts))
                .transpose()?,
            additional_sources: clear
                .additional_sources
                .map(|sources| sealer.seal(&sources))
                .transpose()?,
        })
    }

    /// The tokens that a profile must have to be found by this text.
    pub fn wanted(&self, text: &str) -> Vec<i64> {
        search::whole_words(&self.lookup, text)
    }

    /// A keyed token that binds the pages of a list to its filter without revealing it.
    pub fn page_token(&self, filter: &Filter) -> i64 {
        self.lookup.token("trainer.page", &format!("{filter:?}"))
    }

    /// Opens profiles, all with one look at the keys. The profile of an erased trainer is empty.
    pub async fn open(&self, rows: Vec<TrainerView>) -> Result<Vec<Trainer>, PersonalError> {
        let subjects: Vec<Uuid> = rows.iter().map(|row| row.user_id).collect();
        let opener = self.keyring.opener(subjects).await?;
        rows.into_iter().map(|row| opened(&opener, row)).collect()
    }

    fn name(&self, sealer: &Sealer, text: &String) -> Result<Searchable, PersonalError> {
        Ok(Searchable {
            text: sealer.seal(text)?,
            search: search::beginnings(&self.lookup, text),
        })
    }

    fn prose(&self, sealer: &Sealer, text: &String) -> Result<Searchable, PersonalError> {
        Ok(Searchable {
            text: sealer.seal(text)?,
            search: search::whole_words(&self.lookup, text),
        })
    }
}

fn opened(opener: &Opener, row: TrainerView) -> Result<Trainer, PersonalError> {
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
    Ok(Trainer {
        trainer_id: user_id.to_string(),
        first_name: known(opener, &first_name)?,
        last_name: known(opener, &last_name)?,
        bio: known(opener, &bio)?,
        experience: known(opener, &experience)?,
        photos: photos
            .iter()
            .map(|photo| photo.as_str().to_owned())
            .collect(),
        price_per_hour: Some(Money {
            currency_code: currency,
            minor_units: price_per_hour,
        }),
        session_duration_minutes: session_duration,
        external,
        created_at: Some(timestamp(created_at)),
        contacts: Some(TrainerContacts {
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

fn additional_source(source: Source) -> AdditionalSource {
    AdditionalSource {
        title: source.title,
        url: source.url.as_str().to_owned(),
    }
}

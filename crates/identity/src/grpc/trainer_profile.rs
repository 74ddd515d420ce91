//! Trainers' profiles on their way in and out: sealed before they become part of a command,
//! opened when somebody reads them.

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

/// What a profile says, as its trainer said it; `None` where nothing was said.
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

/// Seals profiles and makes what they are found by.
#[derive(Clone)]
pub struct Profiles {
    pub(super) keyring: Keyring,
    pub(super) lookup: LookupKey,
}

impl Profiles {
    /// A whole profile: what was not said is empty.
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

    /// Changes of a profile: what was not said stays.
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

    /// What a text that is searched for has to match.
    pub fn wanted(&self, text: &str) -> Vec<i64> {
        search::wanted(&self.lookup, text)
    }

    /// Binds the pages of a list to what it was asked for by, which the tokens do not show.
    pub fn page_token(&self, filter: &Filter) -> i64 {
        self.lookup.token("trainer.page", &format!("{filter:?}"))
    }

    /// Opens profiles, all with one look at the keys. Of an erased trainer nothing is said.
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

/// Nothing for what was erased.
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

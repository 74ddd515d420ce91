//! Trainers' profiles, and the tokens that find them.

use eventsourcing::personal::{Keyring, LookupKey, PersonalError, Sealer};

use super::search;
use crate::domain::trainer::{Contacts, Profile, ProfileChanges, Searchable, Source};
use crate::domain::values::{UserId, WebAddress};

/// A profile that is not sealed yet; `None` where nothing was given.
pub struct ClearProfile {
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub bio: Option<String>,
    pub experience: Option<String>,
    pub photos: Option<Vec<WebAddress>>,
    pub contacts: Option<Contacts>,
    pub additional_sources: Option<Vec<Source>>,
}

/// Seals profiles, and makes the tokens that find them. Cheap to clone.
#[derive(Clone)]
pub struct Profiles {
    keyring: Keyring,
    lookup: LookupKey,
}

impl Profiles {
    pub fn new(keyring: &Keyring, lookup: &LookupKey) -> Self {
        Self {
            keyring: keyring.clone(),
            lookup: lookup.clone(),
        }
    }

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

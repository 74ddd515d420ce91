//! What a profile tells: texts, photos, pages elsewhere and contacts.

use std::collections::HashSet;

use contracts::identity::v1 as pb;
use service::Fields;

use crate::domain::trainer::{Contacts, Source};
use crate::domain::values::{EmailAddress, PhoneNumber, WebAddress};

/// Most photos of a profile.
const MAX_PHOTOS: usize = 20;
/// Most pages elsewhere that a profile names.
const MAX_SOURCES: usize = 20;

pub fn name(fields: &mut Fields, field: &str, text: &str) -> String {
    fields.text(field, text, 1..=100)
}

pub fn prose(fields: &mut Fields, field: &str, text: &str) -> String {
    fields.lines(field, text, 0..=5_000)
}

pub fn photo_addresses(fields: &mut Fields, field: &str, photos: &[String]) -> Vec<WebAddress> {
    let photos = fields.list(field, photos, 0..=MAX_PHOTOS);
    let mut seen = HashSet::new();
    let photos = photos.iter().take(MAX_PHOTOS).enumerate();
    photos
        .filter_map(|(index, photo)| {
            web_address(fields, format!("{field}[{index}]"), photo, &mut seen)
        })
        .collect()
}

pub fn sources(fields: &mut Fields, field: &str, sources: &[pb::AdditionalSource]) -> Vec<Source> {
    let sources = fields.list(field, sources, 0..=MAX_SOURCES);
    let mut seen = HashSet::new();
    let sources = sources.iter().take(MAX_SOURCES).enumerate();
    sources
        .filter_map(|(index, pb::AdditionalSource { title, url })| {
            let title = fields.text(format!("{field}[{index}].title"), title, 1..=100);
            let url = web_address(fields, format!("{field}[{index}].url"), url, &mut seen)?;
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

pub fn contacts(fields: &mut Fields, given: &pb::TrainerContacts) -> Contacts {
    let pb::TrainerContacts {
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

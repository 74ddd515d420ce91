use eventsourcing::personal::Personal;
use serde::{Deserialize, Serialize};

use crate::domain::values::{EmailAddress, PhoneNumber, Price, WebAddress};

/// What a profile says of its trainer. All of it is sealed with the trainer's key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// Name on the profile.
    pub first_name: Searchable,
    /// Name on the profile.
    pub last_name: Searchable,
    /// Who the trainer is.
    pub bio: Searchable,
    /// What the trainer has done before.
    pub experience: Searchable,
    /// Addresses of photos, distinct.
    pub photos: Personal<Vec<WebAddress>>,
    /// How to reach the trainer.
    pub contacts: Personal<Contacts>,
    /// Where else the trainer can be seen.
    pub additional_sources: Personal<Vec<Source>>,
}

/// A sealed text, and what it is found by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Searchable {
    /// The text.
    pub text: Personal<String>,
    /// Keyed tokens of its words, sorted.
    pub search: Vec<i64>,
}

/// How to reach a trainer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contacts {
    /// By mail.
    pub email: Option<EmailAddress>,
    /// By telephone.
    pub phone_number: Option<PhoneNumber>,
}

/// A page elsewhere that says more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// What it is called, 1 to 100 characters.
    pub title: String,
    /// Where it is.
    pub url: WebAddress,
}

/// On what terms a trainer can be booked. Nothing of it is personal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// Price of one hour of a single session.
    pub price_per_hour: Price,
    /// Usual length of a session, minutes.
    pub session_duration_minutes: i32,
    /// Not employed by the platform.
    pub external: bool,
    /// Takes new bookings.
    pub accepting_bookings: bool,
}

/// What of a profile is to be different; what is `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileChanges {
    /// Name on the profile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_name: Option<Searchable>,
    /// Name on the profile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<Searchable>,
    /// Who the trainer is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bio: Option<Searchable>,
    /// What the trainer has done before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub experience: Option<Searchable>,
    /// Addresses of photos, distinct.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub photos: Option<Personal<Vec<WebAddress>>>,
    /// How to reach the trainer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contacts: Option<Personal<Contacts>>,
    /// Where else the trainer can be seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub additional_sources: Option<Personal<Vec<Source>>>,
}

impl ProfileChanges {
    /// Nothing is to be different.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What of the terms is to be different; what is `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TermChanges {
    /// Price of one hour of a single session.
    pub price_per_hour: Option<Price>,
    /// Usual length of a session, minutes.
    pub session_duration_minutes: Option<i32>,
    /// Not employed by the platform.
    pub external: Option<bool>,
    /// Takes new bookings.
    pub accepting_bookings: Option<bool>,
}

impl TermChanges {
    /// The terms that these make of others.
    pub(super) fn of(self, terms: &Terms) -> Terms {
        Terms {
            price_per_hour: self
                .price_per_hour
                .unwrap_or_else(|| terms.price_per_hour.clone()),
            session_duration_minutes: self
                .session_duration_minutes
                .unwrap_or(terms.session_duration_minutes),
            external: self.external.unwrap_or(terms.external),
            accepting_bookings: self.accepting_bookings.unwrap_or(terms.accepting_bookings),
        }
    }
}

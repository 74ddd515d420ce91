use eventsourcing::personal::Personal;
use serde::{Deserialize, Serialize};

use crate::domain::values::{EmailAddress, PhoneNumber, Price, WebAddress};

/// What a profile says of its trainer. All of it is sealed with the trainer's key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    pub first_name: Searchable,
    pub last_name: Searchable,
    pub bio: Searchable,
    pub experience: Searchable,
    /// The addresses of photos, each once.
    pub photos: Personal<Vec<WebAddress>>,
    pub contacts: Personal<Contacts>,
    pub additional_sources: Personal<Vec<Source>>,
}

/// A sealed text and the tokens that find it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Searchable {
    pub text: Personal<String>,
    /// The keyed tokens of the words, sorted.
    pub search: Vec<i64>,
}

/// How to reach a trainer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contacts {
    pub email: Option<EmailAddress>,
    pub phone_number: Option<PhoneNumber>,
}

/// A page elsewhere that says more about the trainer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// 1 to 100 characters.
    pub title: String,
    pub url: WebAddress,
}

/// The terms on which a trainer can be booked. Nothing in them is personal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// The price of one hour of a session with one child.
    pub price_per_hour: Price,
    /// The usual length of a session.
    pub session_duration_minutes: i32,
    /// Whether the trainer is not employed by the platform.
    pub external: bool,
    /// Whether the trainer takes new bookings.
    pub accepting_bookings: bool,
}

/// Changes of a profile; what is `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileChanges {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_name: Option<Searchable>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<Searchable>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bio: Option<Searchable>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub experience: Option<Searchable>,
    /// The addresses of photos, each once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub photos: Option<Personal<Vec<WebAddress>>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contacts: Option<Personal<Contacts>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub additional_sources: Option<Personal<Vec<Source>>>,
}

impl ProfileChanges {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Changes of the terms; what is `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TermChanges {
    /// The price of one hour of a session with one child.
    pub price_per_hour: Option<Price>,
    /// The usual length of a session.
    pub session_duration_minutes: Option<i32>,
    /// Whether the trainer is not employed by the platform.
    pub external: Option<bool>,
    /// Whether the trainer takes new bookings.
    pub accepting_bookings: Option<bool>,
}

impl TermChanges {
    /// The terms with these changes.
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

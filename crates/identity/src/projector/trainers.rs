use chrono::{DateTime, Utc};
use eventsourcing::{DecodeError, Delivered, FoldError, Keys, Projection, RecordedEvent};
use serde::{Deserialize, Serialize};

use crate::domain::IdentityLogEvent;
use crate::domain::trainer::{
    Contacts, Profile, ProfileChanges, Searchable, Source, Terms, TrainerEvent,
};
use crate::domain::user::UserEvent;
use crate::domain::values::{Role, UserId, WebAddress};
use crate::personal::Column;

/// A row of `trainers`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the columns of a table; none follows from the others"
)]
pub struct TrainerRow {
    pub user_id: UserId,
    /// Blank, like every sealed column, when the trainer was erased.
    pub first_name: Column<String>,
    pub last_name: Column<String>,
    pub bio: Column<String>,
    pub experience: Column<String>,
    pub photos: Column<Vec<WebAddress>>,
    pub contacts: Column<Contacts>,
    pub additional_sources: Column<Vec<Source>>,
    /// The tokens that find the first name.
    pub first_name_search: Vec<i64>,
    pub last_name_search: Vec<i64>,
    pub bio_search: Vec<i64>,
    pub experience_search: Vec<i64>,
    /// The price of one hour of a session with one child, in minor units.
    pub price_per_hour: i64,
    /// The ISO 4217 code of the price.
    pub currency: String,
    /// The usual length of a session, in minutes.
    pub session_duration: i32,
    /// Whether the trainer is not employed by the platform.
    pub external: bool,
    /// Whether the trainer takes new bookings.
    pub accepting_bookings: bool,
    /// Whether the account is open.
    pub active: bool,
    /// Whether the account still has the role TRAINER.
    pub is_trainer: bool,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub erased_at: Option<DateTime<Utc>>,
}

eventsourcing::rows! {
    TrainerRow in "trainers" by (user_id: UserId),
}

eventsourcing::tables! {
    /// The read tables of [`Trainers`].
    pub struct Tables {
        trainers: TrainerRow,
    }
}

/// Something that happened to a profile or to the account behind it.
#[derive(Clone, Debug, PartialEq)]
pub enum TrainersEvent {
    Profile(Box<TrainerEvent>),
    /// The account has this role from now on.
    Role(UserId, Role),
    /// The account was opened or closed.
    Active(UserId, bool),
    Erased(UserId, DateTime<Utc>),
}

impl TrainersEvent {
    fn trainer(&self) -> UserId {
        match self {
            Self::Profile(event) => match &**event {
                TrainerEvent::TrainerCreated { trainer_id, .. }
                | TrainerEvent::TrainerUpdated { trainer_id, .. }
                | TrainerEvent::TrainerErased { trainer_id, .. } => *trainer_id,
            },
            Self::Role(user_id, _) | Self::Active(user_id, _) | Self::Erased(user_id, _) => {
                *user_id
            }
        }
    }
}

/// Folds trainers' profiles, and what happens to the accounts behind them.
pub struct Trainers;

impl Trainers {
    /// Reads an event that the projection folds.
    pub fn decode(event: &RecordedEvent) -> Result<Option<TrainersEvent>, DecodeError> {
        Ok(IdentityLogEvent::decode(event)?.and_then(of_interest))
    }
}

fn of_interest(event: IdentityLogEvent) -> Option<TrainersEvent> {
    match event {
        IdentityLogEvent::Trainer(event) => Some(TrainersEvent::Profile(Box::new(event))),
        IdentityLogEvent::User(UserEvent::UserRoleChanged { user_id, role, .. }) => {
            Some(TrainersEvent::Role(user_id, role))
        }
        IdentityLogEvent::User(UserEvent::UserDeactivated { user_id, .. }) => {
            Some(TrainersEvent::Active(user_id, false))
        }
        IdentityLogEvent::User(UserEvent::UserReactivated { user_id, .. }) => {
            Some(TrainersEvent::Active(user_id, true))
        }
        IdentityLogEvent::User(UserEvent::UserErased {
            user_id, erased_at, ..
        }) => Some(TrainersEvent::Erased(user_id, erased_at)),
        IdentityLogEvent::User(
            UserEvent::UserRegistered { .. }
            | UserEvent::UserLoggedIn { .. }
            | UserEvent::UserUpdated { .. }
            | UserEvent::VerificationRequested { .. }
            | UserEvent::EmailVerified { .. }
            | UserEvent::PhoneVerified { .. }
            | UserEvent::PasswordResetRequested { .. }
            | UserEvent::PasswordReset { .. }
            | UserEvent::PasswordChanged { .. }
            | UserEvent::EmailChanged { .. }
            | UserEvent::LoggedOut { .. }
            | UserEvent::LoggedOutEverywhere { .. }
            | UserEvent::RefreshTokenReused { .. },
        )
        | IdentityLogEvent::Child(_) => None,
    }
}

impl Projection for Trainers {
    const NAME: &'static str = "trainers";
    const FOLD_VERSION: i32 = 2;
    type Event = TrainersEvent;
    type Tables = Tables;

    /// The user, both for the profile and for the account.
    fn keys(&self, event: &Delivered<TrainersEvent>) -> Keys {
        Keys::one(&event.event.trainer())
    }

    fn fold(&self, event: &Delivered<TrainersEvent>, tables: &mut Tables) -> Result<(), FoldError> {
        let id = event.event.trainer();
        let TrainersEvent::Profile(profile) = &event.event else {
            // Most accounts have no profile.
            if let Some(row) = tables.trainers.get_mut(&id) {
                row.fold_account(&event.event);
            }
            return Ok(());
        };
        if let TrainerEvent::TrainerCreated {
            trainer_id: _,
            profile,
            terms,
            created_at,
        } = &**profile
        {
            let row = created(id, profile.clone(), terms, *created_at);
            tables.trainers.insert(row);
            return Ok(());
        }
        let row = tables.trainers.get_mut(&id);
        let row = row.ok_or_else(|| FoldError::missing("trainer", &id))?;
        row.fold(TrainerEvent::clone(profile));
        Ok(())
    }
}

fn created(id: UserId, profile: Profile, terms: &Terms, created_at: DateTime<Utc>) -> TrainerRow {
    let Profile {
        first_name,
        last_name,
        bio,
        experience,
        photos,
        contacts,
        additional_sources,
    } = profile;
    TrainerRow {
        user_id: id,
        first_name: first_name.text.into(),
        last_name: last_name.text.into(),
        bio: bio.text.into(),
        experience: experience.text.into(),
        photos: photos.into(),
        contacts: contacts.into(),
        additional_sources: additional_sources.into(),
        first_name_search: first_name.search,
        last_name_search: last_name.search,
        bio_search: bio.search,
        experience_search: experience.search,
        price_per_hour: terms.price_per_hour.money().minor_units(),
        currency: terms.price_per_hour.money().currency_code().to_owned(),
        session_duration: terms.session_duration_minutes,
        external: terms.external,
        accepting_bookings: terms.accepting_bookings,
        active: true,
        is_trainer: true,
        created_at,
        updated_at: created_at,
        erased_at: None,
    }
}

impl TrainerRow {
    fn fold(&mut self, event: TrainerEvent) {
        match event {
            TrainerEvent::TrainerCreated { .. } => {}
            TrainerEvent::TrainerUpdated {
                trainer_id: _,
                profile,
                terms,
                updated_at,
            } => {
                self.say(profile);
                self.set_terms(terms);
                self.updated_at = updated_at;
            }
            TrainerEvent::TrainerErased { erased_at, .. } => self.blank(erased_at),
        }
    }

    fn fold_account(&mut self, event: &TrainersEvent) {
        match event {
            TrainersEvent::Profile(_) => {}
            TrainersEvent::Role(_, role) => self.is_trainer = *role == Role::Trainer,
            TrainersEvent::Active(_, active) => self.active = *active,
            TrainersEvent::Erased(_, erased_at) => self.blank(*erased_at),
        }
    }

    fn say(&mut self, changes: ProfileChanges) {
        let ProfileChanges {
            first_name,
            last_name,
            bio,
            experience,
            photos,
            contacts,
            additional_sources,
        } = changes;
        let replace =
            |text: &mut Column<String>, search: &mut Vec<i64>, changed: Option<Searchable>| {
                if let Some(changed) = changed {
                    *text = changed.text.into();
                    *search = changed.search;
                }
            };
        replace(
            &mut self.first_name,
            &mut self.first_name_search,
            first_name,
        );
        replace(&mut self.last_name, &mut self.last_name_search, last_name);
        replace(&mut self.bio, &mut self.bio_search, bio);
        replace(
            &mut self.experience,
            &mut self.experience_search,
            experience,
        );
        if let Some(photos) = photos {
            self.photos = photos.into();
        }
        if let Some(contacts) = contacts {
            self.contacts = contacts.into();
        }
        if let Some(additional_sources) = additional_sources {
            self.additional_sources = additional_sources.into();
        }
    }

    fn set_terms(&mut self, terms: Terms) {
        let Terms {
            price_per_hour,
            session_duration_minutes,
            external,
            accepting_bookings,
        } = terms;
        self.price_per_hour = price_per_hour.money().minor_units();
        price_per_hour
            .money()
            .currency_code()
            .clone_into(&mut self.currency);
        self.session_duration = session_duration_minutes;
        self.external = external;
        self.accepting_bookings = accepting_bookings;
    }

    /// Blanks everything that the profile said, and the tokens that found it.
    fn blank(&mut self, erased_at: DateTime<Utc>) {
        self.first_name = Column::blank();
        self.last_name = Column::blank();
        self.bio = Column::blank();
        self.experience = Column::blank();
        self.photos = Column::blank();
        self.contacts = Column::blank();
        self.additional_sources = Column::blank();
        self.first_name_search.clear();
        self.last_name_search.clear();
        self.bio_search.clear();
        self.experience_search.clear();
        self.erased_at = self.erased_at.or(Some(erased_at));
        self.updated_at = erased_at;
    }
}

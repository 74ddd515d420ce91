//! The table `trainers`.

use chrono::{DateTime, Utc};
use eventsourcing::{
    AnyTable, DecodeError, Delivered, FoldError, Projection, RecordedEvent, Row, Table, TableSet,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    domain::{
        IdentityLogEvent,
        trainer::{Contacts, Profile, ProfileChanges, Searchable, Source, Terms, TrainerEvent},
        user::UserEvent,
        values::{Role, UserId, WebAddress},
    },
    personal::Column,
};

/// A row of `trainers`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the columns of a table; none follows from the others"
)]
pub struct TrainerRow {
    /// The trainer, which is the user's id.
    pub user_id: Uuid,
    /// Name on the profile; like all that is sealed blank once the trainer was erased.
    pub first_name: Column<String>,
    /// Name on the profile.
    pub last_name: Column<String>,
    /// Who the trainer is.
    pub bio: Column<String>,
    /// What the trainer has done before.
    pub experience: Column<String>,
    /// Addresses of photos.
    pub photos: Column<Vec<WebAddress>>,
    /// How to reach the trainer.
    pub contacts: Column<Contacts>,
    /// Where else the trainer can be seen.
    pub additional_sources: Column<Vec<Source>>,
    /// What the first name is found by.
    pub first_name_search: Vec<i64>,
    /// What the last name is found by.
    pub last_name_search: Vec<i64>,
    /// What the bio is found by.
    pub bio_search: Vec<i64>,
    /// What the experience is found by.
    pub experience_search: Vec<i64>,
    /// Price of one hour of a single session, minor units.
    pub price_per_hour: i64,
    /// ISO 4217 code of the price.
    pub currency: String,
    /// Usual length of a session, minutes.
    pub session_duration: i32,
    /// Not employed by the platform.
    pub external: bool,
    /// Takes new bookings.
    pub accepting_bookings: bool,
    /// The account is open.
    pub active: bool,
    /// The account is of role TRAINER.
    pub is_trainer: bool,
    /// When the profile was created.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// When the trainer was erased.
    pub erased_at: Option<DateTime<Utc>>,
}

impl Row for TrainerRow {
    const TABLE: &'static str = "trainers";
    const KEY: &'static [&'static str] = &["user_id"];
    type Key = Uuid;

    fn key(&self) -> Uuid {
        self.user_id
    }
}

/// The read tables of [`Trainers`].
#[derive(Default)]
pub struct Tables {
    trainers: Table<TrainerRow>,
}

impl TableSet for Tables {
    fn tables(&mut self) -> Vec<&mut dyn AnyTable> {
        vec![&mut self.trainers]
    }
}

/// What happens to a profile or to the account behind it.
#[derive(Clone, Debug, PartialEq)]
pub enum TrainersEvent {
    /// Something happened to the profile.
    Profile(Box<TrainerEvent>),
    /// The account is of this role from now on.
    Role(UserId, Role),
    /// The account is open from now on, or closed.
    Active(UserId, bool),
    /// The user was erased.
    Erased(UserId, DateTime<Utc>),
}

impl TrainersEvent {
    fn trainer(&self) -> Uuid {
        match self {
            Self::Profile(event) => match &**event {
                TrainerEvent::TrainerCreated { trainer_id, .. }
                | TrainerEvent::TrainerUpdated { trainer_id, .. }
                | TrainerEvent::TrainerErased { trainer_id, .. } => trainer_id.uuid(),
            },
            Self::Role(user_id, _) | Self::Active(user_id, _) | Self::Erased(user_id, _) => {
                user_id.uuid()
            }
        }
    }
}

/// Folds trainer profiles, and what becomes of the accounts behind them.
pub struct Trainers;

impl Trainers {
    /// The events it folds.
    pub fn decode(event: &RecordedEvent) -> Result<Option<TrainersEvent>, DecodeError> {
        Ok(match IdentityLogEvent::decode(event)? {
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
            IdentityLogEvent::User(_) | IdentityLogEvent::Child(_) => None,
        })
    }
}

impl Projection for Trainers {
    const NAME: &'static str = "trainers";
    const FOLD_VERSION: i32 = 2;
    type Event = TrainersEvent;
    type Tables = Tables;

    /// The user, for the profile and for the account.
    fn key(&self, event: &Delivered<TrainersEvent>) -> String {
        event.event.trainer().to_string()
    }

    fn touch(&self, event: &Delivered<TrainersEvent>, tables: &mut Tables) {
        tables.trainers.touch(event.event.trainer());
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

fn created(id: Uuid, profile: Profile, terms: &Terms, created_at: DateTime<Utc>) -> TrainerRow {
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
        price_per_hour: terms.price_per_hour.minor_units(),
        currency: terms.price_per_hour.currency().to_owned(),
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
        self.price_per_hour = price_per_hour.minor_units();
        price_per_hour.currency().clone_into(&mut self.currency);
        self.session_duration = session_duration_minutes;
        self.external = external;
        self.accepting_bookings = accepting_bookings;
    }

    /// Nothing stays of what the profile said, nor of what it was found by.
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

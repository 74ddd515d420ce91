//! What scheduling has to know of identity: trainers with their prices, children with their
//! guardians.

use contracts::identity::events::v1::{IdentityEvent, identity_event::Event};
use contracts::log::v1::Envelope;
use eventsourcing::{
    AnyTable, DecodeError, Delivered, FoldError, Projection, Row, Table, TableSet,
};
use prost::Message;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A trainer that can open windows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownTrainerRow {
    /// The trainer, which is the user's id.
    pub trainer_id: Uuid,
    /// Price of one hour for one child, minor units.
    pub price_per_hour: i64,
    /// ISO 4217.
    pub currency: String,
    /// Usual length of a session, minutes.
    pub session_duration: i32,
}

impl Row for KnownTrainerRow {
    const TABLE: &'static str = "known_trainers";
    const KEY: &'static [&'static str] = &["trainer_id"];
    type Key = Uuid;

    fn key(&self) -> Uuid {
        self.trainer_id
    }
}

/// A child that can be booked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownChildRow {
    /// The child.
    pub child_id: Uuid,
    /// Who may book for it.
    pub guardian_id: Uuid,
}

impl Row for KnownChildRow {
    const TABLE: &'static str = "known_children";
    const KEY: &'static [&'static str] = &["child_id"];
    type Key = Uuid;

    fn key(&self) -> Uuid {
        self.child_id
    }
}

/// What of identity's events matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReferenceEvent {
    /// There is a trainer.
    Trainer(KnownTrainerRow),
    /// There is a child.
    Child(KnownChildRow),
}

impl ReferenceEvent {
    /// Reads an event of identity; `None` when it does not matter here.
    pub fn decode(envelope: &Envelope) -> Result<Option<Self>, DecodeError> {
        let unreadable = |reason: &dyn ToString| DecodeError {
            event_type: envelope.event_type.clone(),
            event_version: "public".to_owned(),
            position: envelope.position,
            reason: reason.to_string(),
        };
        let id = |text: &str| Uuid::parse_str(text).map_err(|error| unreadable(&error));
        let event = IdentityEvent::decode(envelope.payload.as_slice())
            .map_err(|error| unreadable(&error))?;
        match event.event {
            Some(Event::TrainerCreated(created)) => {
                let price = created
                    .price_per_hour
                    .ok_or_else(|| unreadable(&"a trainer without a price"))?;
                Ok(Some(Self::Trainer(KnownTrainerRow {
                    trainer_id: id(&created.trainer_id)?,
                    price_per_hour: price.minor_units,
                    currency: price.currency_code,
                    session_duration: created.session_duration_minutes,
                })))
            }
            Some(Event::ChildAdded(added)) => Ok(Some(Self::Child(KnownChildRow {
                child_id: id(&added.child_id)?,
                guardian_id: id(&added.guardian_id)?,
            }))),
            Some(_) | None => Ok(None),
        }
    }
}

/// The fold.
pub struct Reference;

/// Its tables.
#[derive(Default)]
pub struct ReferenceTables {
    trainers: Table<KnownTrainerRow>,
    children: Table<KnownChildRow>,
}

impl TableSet for ReferenceTables {
    fn tables(&mut self) -> Vec<&mut dyn AnyTable> {
        vec![&mut self.trainers, &mut self.children]
    }
}

impl Projection for Reference {
    const NAME: &'static str = "reference";
    const FOLD_VERSION: i32 = 1;
    type Event = ReferenceEvent;
    type Tables = ReferenceTables;

    fn key(&self, event: &Delivered<ReferenceEvent>) -> String {
        event.aggregate_id.clone()
    }

    fn touch(&self, event: &Delivered<ReferenceEvent>, tables: &mut ReferenceTables) {
        match &event.event {
            ReferenceEvent::Trainer(row) => tables.trainers.touch(row.trainer_id),
            ReferenceEvent::Child(row) => tables.children.touch(row.child_id),
        }
    }

    fn fold(
        &self,
        event: &Delivered<ReferenceEvent>,
        tables: &mut ReferenceTables,
    ) -> Result<(), FoldError> {
        match &event.event {
            ReferenceEvent::Trainer(row) => tables.trainers.insert(row.clone()),
            ReferenceEvent::Child(row) => tables.children.insert(row.clone()),
        }
        Ok(())
    }
}

use chrono::{DateTime, Utc};
use eventsourcing::Decide;
use serde::{Deserialize, Serialize};

use super::{CreateTrainer, Terms, TrainerCommand, TrainerError, TrainerEvent, UpdateTrainer};
use crate::domain::values::{Role, UserId};

/// A trainer's profile as its events made it. It keeps the terms and nothing personal.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Trainer {
    created: Option<Created>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Created {
    trainer_id: UserId,
    terms: Terms,
    erased: bool,
}

impl Trainer {
    /// The terms, `None` before the profile is created.
    pub fn terms(&self) -> Option<&Terms> {
        self.created.as_ref().map(|created| &created.terms)
    }
}

fn create(command: CreateTrainer) -> TrainerEvent {
    let CreateTrainer {
        trainer_id,
        role: _,
        profile,
        terms,
        now,
    } = command;
    TrainerEvent::TrainerCreated {
        trainer_id,
        profile,
        terms,
        created_at: now,
    }
}

impl Created {
    fn update(&self, command: UpdateTrainer) -> Result<Vec<TrainerEvent>, TrainerError> {
        let UpdateTrainer {
            profile,
            terms,
            now,
        } = command;
        if self.erased {
            return Err(TrainerError::Erased);
        }
        let terms = terms.of(&self.terms);
        if profile.is_empty() && terms == self.terms {
            return Ok(Vec::new());
        }
        Ok(vec![TrainerEvent::TrainerUpdated {
            trainer_id: self.trainer_id,
            profile,
            terms,
            updated_at: now,
        }])
    }

    fn erase(&self, now: DateTime<Utc>) -> Vec<TrainerEvent> {
        if self.erased {
            return Vec::new();
        }
        vec![TrainerEvent::TrainerErased {
            trainer_id: self.trainer_id,
            erased_at: now,
        }]
    }
}

impl Decide for Trainer {
    const TYPE: &'static str = "trainer";
    type Command = TrainerCommand;
    type Event = TrainerEvent;
    type Error = TrainerError;

    fn decide(&self, command: TrainerCommand) -> Result<Vec<TrainerEvent>, TrainerError> {
        let created = self.created.as_ref();
        match command {
            TrainerCommand::Create(command) => match created {
                _ if command.role != Role::Trainer => Err(TrainerError::NotATrainer),
                Some(_) => Err(TrainerError::Exists),
                None => Ok(vec![create(*command)]),
            },
            TrainerCommand::Update(command) => {
                created.ok_or(TrainerError::NotFound)?.update(*command)
            }
            TrainerCommand::Erase { now } => Ok(created.ok_or(TrainerError::NotFound)?.erase(now)),
        }
    }

    fn apply(&mut self, event: TrainerEvent) {
        match (event, &mut self.created) {
            (
                TrainerEvent::TrainerCreated {
                    trainer_id, terms, ..
                },
                _,
            ) => {
                self.created = Some(Created {
                    trainer_id,
                    terms,
                    erased: false,
                });
            }
            (TrainerEvent::TrainerUpdated { terms, .. }, Some(created)) => created.terms = terms,
            (TrainerEvent::TrainerErased { .. }, Some(created)) => created.erased = true,
            (TrainerEvent::TrainerUpdated { .. } | TrainerEvent::TrainerErased { .. }, None) => {}
        }
    }
}

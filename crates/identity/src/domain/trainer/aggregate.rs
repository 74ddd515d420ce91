use cqrs_es::{Aggregate, event_sink::EventSink};
use serde::{Deserialize, Serialize};

use super::{CreateTrainer, TrainerCommand, TrainerError, TrainerEvent};
use crate::domain::values::Role;

/// A trainer's profile as its events made it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Trainer {
    exists: bool,
}

impl Trainer {
    fn create(&self, command: CreateTrainer) -> Result<TrainerEvent, TrainerError> {
        let CreateTrainer {
            trainer_id,
            role,
            profile,
            now,
        } = command;
        if role != Role::Trainer {
            return Err(TrainerError::NotATrainer);
        }
        if self.exists {
            return Err(TrainerError::Exists);
        }
        Ok(TrainerEvent::TrainerCreated {
            trainer_id,
            profile,
            created_at: now,
        })
    }
}

impl Aggregate for Trainer {
    const TYPE: &'static str = "trainer";
    type Command = TrainerCommand;
    type Event = TrainerEvent;
    type Error = TrainerError;
    type Services = ();

    async fn handle(
        &mut self,
        command: TrainerCommand,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), TrainerError> {
        let event = match command {
            TrainerCommand::Create(command) => self.create(command)?,
        };
        sink.write(event, self).await;
        Ok(())
    }

    fn apply(&mut self, event: TrainerEvent) {
        match event {
            TrainerEvent::TrainerCreated { .. } => self.exists = true,
        }
    }
}

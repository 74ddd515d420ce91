use cqrs_es::{Aggregate, event_sink::EventSink};
use serde::{Deserialize, Serialize};

use super::{AddChild, ChildCommand, ChildError, ChildEvent, Consent};
use crate::domain::values::Role;

/// A child's record as its events made it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Child {
    added: bool,
}

impl Child {
    /// Adds the child. Its id was made for this command, so a child that is there already was
    /// added by it: that is success.
    fn add(&self, command: AddChild) -> Result<Vec<ChildEvent>, ChildError> {
        let AddChild {
            child_id,
            guardian_id,
            role,
            consent,
            player,
            now,
        } = command;
        if self.added {
            return Ok(Vec::new());
        }
        if role != Role::Parent {
            return Err(ChildError::NotAParent);
        }
        if consent == Consent::Withheld {
            return Err(ChildError::NoConsent);
        }
        Ok(vec![
            ChildEvent::ConsentGiven {
                child_id,
                guardian_id,
                given_at: now,
            },
            ChildEvent::ChildAdded {
                child_id,
                guardian_id,
                player,
                added_at: now,
            },
        ])
    }
}

impl Aggregate for Child {
    const TYPE: &'static str = "child";
    type Command = ChildCommand;
    type Event = ChildEvent;
    type Error = ChildError;
    type Services = ();

    async fn handle(
        &mut self,
        command: ChildCommand,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), ChildError> {
        let events = match command {
            ChildCommand::Add(command) => self.add(command)?,
        };
        for event in events {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: ChildEvent) {
        match event {
            ChildEvent::ConsentGiven { .. } => {}
            ChildEvent::ChildAdded { .. } => self.added = true,
        }
    }
}

mod consents;
mod golden;
mod lifecycle;
mod medical;
mod transfer;

use cqrs_es::test::TestFramework;
use eventsourcing::Root;

use super::{
    Acting, Action, Child, ChildCommand, ChildError, ChildEvent, Purpose,
    samples::{added, consent},
};
use crate::domain::samples;

type Framework = TestFramework<Root<Child>>;

fn guardian() -> Acting {
    Acting::Parent(samples::user_id())
}

fn stranger() -> Acting {
    Acting::Parent(super::samples::other_parent())
}

fn trainer() -> Acting {
    Acting::Trainer(samples::trainer_id())
}

fn admin() -> Acting {
    Acting::Admin(uuid::Uuid::from_u128(9).into())
}

fn asked(acting: Acting, action: Action) -> ChildCommand {
    ChildCommand {
        child_id: samples::child_id(),
        acting,
        now: samples::now(),
        action,
    }
}

/// A child of the sample guardian, and then what is given.
fn child(then: impl IntoIterator<Item = ChildEvent>) -> Vec<ChildEvent> {
    [consent(Purpose::ChildData), added()]
        .into_iter()
        .chain(then)
        .collect()
}

fn accepted(
    given: Vec<ChildEvent>,
    acting: Acting,
    action: Action,
    events: impl IntoIterator<Item = ChildEvent>,
) {
    Framework::with(())
        .given(given)
        .when(asked(acting, action))
        .then_expect_events(events.into_iter().collect());
}

fn refused(given: Vec<ChildEvent>, acting: Acting, action: Action, error: ChildError) {
    Framework::with(())
        .given(given)
        .when(asked(acting, action))
        .then_expect_error(error);
}

/// Everybody to whom the child does not exist.
fn not_found(given: &[ChildEvent], acting: &[Acting], action: &Action) {
    for acting in acting {
        refused(
            given.to_vec(),
            *acting,
            action.clone(),
            ChildError::NotFound,
        );
    }
    refused(vec![], guardian(), action.clone(), ChildError::NotFound);
}

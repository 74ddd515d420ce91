mod consents;
mod lifecycle;
mod medical;
mod transfer;

use cqrs_es::test::TestFramework;

use super::{
    Action, By, Child, ChildCommand, ChildError, ChildEvent, Purpose,
    samples::{added, consent},
};
use crate::domain::samples;

type Framework = TestFramework<Child>;

fn guardian() -> By {
    By::Parent(samples::user_id())
}

fn stranger() -> By {
    By::Parent(super::samples::other_parent())
}

fn trainer() -> By {
    By::Trainer(samples::trainer_id())
}

fn admin() -> By {
    By::Admin(uuid::Uuid::from_u128(9).into())
}

fn asked(by: By, action: Action) -> ChildCommand {
    ChildCommand {
        child_id: samples::child_id(),
        by,
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
    by: By,
    action: Action,
    events: impl IntoIterator<Item = ChildEvent>,
) {
    Framework::with(())
        .given(given)
        .when(asked(by, action))
        .then_expect_events(events.into_iter().collect());
}

fn refused(given: Vec<ChildEvent>, by: By, action: Action, error: ChildError) {
    Framework::with(())
        .given(given)
        .when(asked(by, action))
        .then_expect_error(error);
}

/// Everybody to whom the child does not exist.
fn not_found(given: &[ChildEvent], by: &[By], action: &Action) {
    for by in by {
        refused(given.to_vec(), *by, action.clone(), ChildError::NotFound);
    }
    refused(vec![], guardian(), action.clone(), ChildError::NotFound);
}

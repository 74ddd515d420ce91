use cqrs_es::test::TestFramework;

use super::{CreateTrainer, Trainer, TrainerCommand, TrainerError, TrainerEvent};
use crate::domain::{samples, values::Role};

type Framework = TestFramework<Trainer>;

fn create(role: Role) -> TrainerCommand {
    TrainerCommand::Create(CreateTrainer {
        trainer_id: samples::trainer_id(),
        role,
        profile: samples::profile(),
        now: samples::now(),
    })
}

fn created() -> TrainerEvent {
    samples::trainer_events().swap_remove(0)
}

#[test]
fn a_trainer_gets_a_profile() {
    Framework::with(())
        .given_no_previous_events()
        .when(create(Role::Trainer))
        .then_expect_events(vec![created()]);
}

#[test]
fn nobody_else_gets_a_profile() {
    for role in [Role::Parent, Role::Admin] {
        Framework::with(())
            .given_no_previous_events()
            .when(create(role))
            .then_expect_error(TrainerError::NotATrainer);
    }
}

#[test]
fn a_trainer_has_one_profile_only() {
    Framework::with(())
        .given(vec![created()])
        .when(create(Role::Trainer))
        .then_expect_error(TrainerError::Exists);
}

mod golden;

use cqrs_es::test::TestFramework;
use eventsourcing::Root;

use super::{
    CreateTrainer, ProfileChanges, TermChanges, Terms, Trainer, TrainerCommand, TrainerError,
    TrainerEvent, UpdateTrainer,
};
use crate::domain::{
    samples,
    values::{Price, Role},
};

type Framework = TestFramework<Root<Trainer>>;

fn create(role: Role) -> TrainerCommand {
    TrainerCommand::Create(Box::new(CreateTrainer {
        trainer_id: samples::trainer_id(),
        role,
        profile: samples::profile(),
        terms: samples::terms(),
        now: samples::now(),
    }))
}

fn update(profile: ProfileChanges, terms: TermChanges) -> TrainerCommand {
    TrainerCommand::Update(Box::new(UpdateTrainer {
        profile,
        terms,
        now: samples::now(),
    }))
}

fn nothing() -> TermChanges {
    TermChanges::default()
}

fn erase() -> TrainerCommand {
    TrainerCommand::Erase {
        now: samples::now(),
    }
}

fn created() -> TrainerEvent {
    samples::trainer_events().swap_remove(0)
}

fn erased() -> TrainerEvent {
    samples::trainer_events().swap_remove(2)
}

fn updated(profile: ProfileChanges, terms: Terms) -> TrainerEvent {
    TrainerEvent::TrainerUpdated {
        trainer_id: samples::trainer_id(),
        profile,
        terms,
        updated_at: samples::now(),
    }
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

#[test]
fn what_a_profile_says_changes_and_the_terms_stay() {
    Framework::with(())
        .given(vec![created()])
        .when(update(samples::bio(), nothing()))
        .then_expect_events(vec![updated(samples::bio(), samples::terms())]);
}

#[test]
fn each_of_the_terms_changes_by_itself() {
    let price = Price::parse("EUR", 9_000).unwrap();
    let cases = [
        (
            TermChanges {
                price_per_hour: Some(price.clone()),
                ..nothing()
            },
            Terms {
                price_per_hour: price,
                ..samples::terms()
            },
        ),
        (
            TermChanges {
                session_duration_minutes: Some(90),
                ..nothing()
            },
            Terms {
                session_duration_minutes: 90,
                ..samples::terms()
            },
        ),
        (
            TermChanges {
                external: Some(true),
                ..nothing()
            },
            Terms {
                external: true,
                ..samples::terms()
            },
        ),
        (
            TermChanges {
                accepting_bookings: Some(false),
                ..nothing()
            },
            Terms {
                accepting_bookings: false,
                ..samples::terms()
            },
        ),
    ];
    for (changes, terms) in cases {
        Framework::with(())
            .given(vec![created()])
            .when(update(ProfileChanges::default(), changes))
            .then_expect_events(vec![updated(ProfileChanges::default(), terms)]);
    }
}

#[test]
fn a_change_builds_on_the_changes_before() {
    let paused = Terms {
        accepting_bookings: false,
        ..samples::terms()
    };
    let longer = TermChanges {
        session_duration_minutes: Some(90),
        ..nothing()
    };
    let both = Terms {
        session_duration_minutes: 90,
        ..paused.clone()
    };
    Framework::with(())
        .given(vec![created(), updated(samples::bio(), paused)])
        .when(update(ProfileChanges::default(), longer))
        .then_expect_events(vec![updated(ProfileChanges::default(), both)]);
}

#[test]
fn a_change_of_nothing_is_done_already() {
    let same = TermChanges {
        session_duration_minutes: Some(60),
        accepting_bookings: Some(true),
        ..nothing()
    };
    for terms in [nothing(), same] {
        Framework::with(())
            .given(vec![created()])
            .when(update(ProfileChanges::default(), terms))
            .then_expect_events(vec![]);
    }
}

#[test]
fn a_profile_is_erased_once() {
    Framework::with(())
        .given(vec![created()])
        .when(erase())
        .then_expect_events(vec![erased()]);
    Framework::with(())
        .given(vec![created(), erased()])
        .when(erase())
        .then_expect_events(vec![]);
}

#[test]
fn an_erased_profile_neither_changes_nor_begins_anew() {
    Framework::with(())
        .given(vec![created(), erased()])
        .when(update(samples::bio(), nothing()))
        .then_expect_error(TrainerError::Erased);
    Framework::with(())
        .given(vec![created(), erased()])
        .when(create(Role::Trainer))
        .then_expect_error(TrainerError::Exists);
}

#[test]
fn who_has_no_profile_can_neither_change_nor_lose_it() {
    for command in [update(samples::bio(), nothing()), erase()] {
        Framework::with(())
            .given_no_previous_events()
            .when(command)
            .then_expect_error(TrainerError::NotFound);
    }
}

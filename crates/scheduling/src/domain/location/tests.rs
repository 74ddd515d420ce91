mod golden;

use chrono::DateTime;
use cqrs_es::test::TestFramework;
use eventsourcing::{Claim, ClaimChange, ClaimingEvent, Root};
use values::{LocationId, uuid::Uuid};

use super::{Location, LocationCommand, LocationError, LocationEvent};

fn create(name: &str) -> LocationCommand {
    LocationCommand::Create {
        location_id: LocationId::from(Uuid::from_u128(7)),
        name: name.to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
        now: DateTime::UNIX_EPOCH,
    }
}

fn created(name: &str) -> LocationEvent {
    LocationEvent::LocationCreated {
        location_id: LocationId::from(Uuid::from_u128(7)),
        name: name.to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
        created_at: DateTime::UNIX_EPOCH,
    }
}

#[test]
fn a_location_is_created() {
    TestFramework::<Root<Location>>::with(())
        .given_no_previous_events()
        .when(create("Court 1"))
        .then_expect_events(vec![created("Court 1")]);
}

#[test]
fn creating_the_same_again_is_success() {
    TestFramework::<Root<Location>>::with(())
        .given(vec![created("Court 1")])
        .when(create("Court 1"))
        .then_expect_events(vec![]);
}

#[test]
fn an_id_in_use_is_refused_for_another_name() {
    TestFramework::<Root<Location>>::with(())
        .given(vec![created("Court 1")])
        .when(create("Court 2"))
        .then_expect_error(LocationError::Exists);
}

#[test]
fn names_that_differ_in_case_or_spacing_claim_the_same() {
    let expected = vec![ClaimChange::Acquire(Claim::Unique {
        scope: "location.name",
        key: "münchen court 1".to_owned(),
    })];
    assert_eq!(created("MÜNCHEN  Court 1").claims("any"), expected);
    assert_eq!(created("München court 1").claims("any"), expected);
}

//! From rows of children to messages, opened.

use chrono::{Datelike, NaiveDate};
use contracts::{
    google::r#type::Date,
    identity::v1::{Child, SkillLevel},
};
use eventsourcing::personal::{Opener, PersonalError};

use super::timestamp;
use crate::{domain::values::Birthdate, projector::children::ChildRow};

/// A child as its guardian sees it. What was erased is empty.
pub fn child(row: ChildRow, opener: &Opener) -> Result<Child, PersonalError> {
    let ChildRow {
        id,
        first_name,
        last_name,
        parent_id,
        birthdate,
        skill_level,
        team,
        specify,
        allergies: _,
        medical_conditions: _,
        emergency_contact: _,
        created_at,
        updated_at,
        archived_at,
        erased_at,
    } = row;
    let level = SkillLevel::from_str_name(&format!("SKILL_LEVEL_{skill_level}"));
    let first_name = first_name.open(opener)?;
    Ok(Child {
        child_id: id.to_string(),
        guardian_id: parent_id.to_string(),
        erased: erased_at.is_some() || first_name.is_none(),
        first_name: first_name.unwrap_or_default(),
        last_name: last_name.open(opener)?.unwrap_or_default(),
        birthdate: birthdate.open(opener)?.map(Birthdate::date).map(date),
        skill_level: level.unwrap_or_default().into(),
        specify: specify.open(opener)?.unwrap_or_default(),
        team: team.open(opener)?.unwrap_or_default(),
        created_at: Some(timestamp(created_at)),
        updated_at: Some(timestamp(updated_at)),
        archived_at: archived_at.map(timestamp),
    })
}

fn date(date: NaiveDate) -> Date {
    Date {
        year: date.year(),
        month: i32::try_from(date.month()).unwrap_or_default(),
        day: i32::try_from(date.day()).unwrap_or_default(),
    }
}

use chrono::{DateTime, Utc};
use contracts::{
    common::v1::LogPosition,
    google::r#type::Date,
    identity::v1::{
        AddChildRequest, GetChildRequest, ListChildrenRequest, SkillLevel as PublicSkillLevel,
    },
};
use eventsourcing::Context;
use service::{Call, Fields, Page};
use tonic::Status;
use uuid::Uuid;

use super::{now, own_or_admin, own_unless_admin};
use crate::{
    domain::{
        child::{AddChild, Consent, Player, SkillLevel},
        values::{Birthdate, Role, UserId},
    },
    query::children,
};

/// The command lacks the caller's role, which the log knows.
pub fn add_child(
    call: &Call,
    request: AddChildRequest,
) -> Result<(Context, impl FnOnce(Role) -> AddChild + use<>, UserId), Status> {
    let covered = request.clone();
    let AddChildRequest {
        request_id,
        guardian_consent,
        first_name,
        last_name,
        birthdate,
        skill_level,
        specify,
        team,
    } = request;
    let now = now();
    let mut fields = Fields::new();
    let request_id = fields.uuid("request_id", &request_id);
    let consent = if guardian_consent {
        Consent::Given
    } else {
        Consent::Withheld
    };
    if consent == Consent::Withheld {
        fields.violation(
            "guardian_consent",
            "CONSENT",
            "must be true: nothing is stored without consent",
        );
    }
    let first_name = fields.text("first_name", &first_name, 1..=100);
    let last_name = fields.text("last_name", &last_name, 1..=100);
    let birthdate = date_of_birth(&mut fields, birthdate, now);
    let skill_level = skill(&mut fields, skill_level);
    let specify = fields.text("specify", &specify, 0..=500);
    let team = fields.text("team", &team, 0..=100);
    let (birthdate, skill_level) = fields.finish_with(birthdate.zip(skill_level))?;
    let guardian_id = UserId::from(call.user_id().unwrap_or_default());
    let player = Player {
        first_name,
        last_name,
        birthdate,
        skill_level,
        specify,
        team,
    };
    let context = call.context(
        "/divinetime.identity.v1.ChildService/AddChild",
        request_id,
        &covered,
    );
    let command = move |role| AddChild {
        child_id: Uuid::now_v7().into(),
        guardian_id,
        role,
        consent,
        player,
        now,
    };
    Ok((context, command, guardian_id))
}

pub fn get_child(request: GetChildRequest) -> Result<(Uuid, Option<LogPosition>), Status> {
    let GetChildRequest {
        child_id,
        min_position,
    } = request;
    let mut fields = Fields::new();
    let id = fields.uuid("child_id", &child_id);
    fields.finish().map(|()| (id, min_position))
}

/// Somebody else's children do not exist to the caller, unless she is an admin.
pub fn list_children(
    call: &Call,
    request: ListChildrenRequest,
) -> Result<(Uuid, Page<children::Cursor>, Option<LogPosition>), Status> {
    let ListChildrenRequest {
        guardian_id,
        page_size,
        page_token,
        min_position,
    } = request;
    let mut fields = Fields::new();
    let guardian_id = own_unless_admin(&mut fields, call, "guardian_id", &guardian_id);
    let page = fields.page(page_size, &page_token);
    fields.finish()?;
    own_or_admin(call, guardian_id, "guardian").map(|()| (guardian_id, page, min_position))
}

fn skill(fields: &mut Fields, level: i32) -> Option<SkillLevel> {
    match fields.enum_value("skill_level", level) {
        PublicSkillLevel::Beginner => Some(SkillLevel::Beginner),
        PublicSkillLevel::Intermediate => Some(SkillLevel::Intermediate),
        PublicSkillLevel::Advanced => Some(SkillLevel::Advanced),
        PublicSkillLevel::Unspecified => None,
    }
}

fn date_of_birth(fields: &mut Fields, date: Option<Date>, now: DateTime<Utc>) -> Option<Birthdate> {
    let Some(Date { year, month, day }) = date else {
        fields.violation("birthdate", "REQUIRED", "is required");
        return None;
    };
    // 0 is no month and no day, as is anything negative.
    let (month, day) = (
        u32::try_from(month).unwrap_or(0),
        u32::try_from(day).unwrap_or(0),
    );
    fields.check(
        "birthdate",
        "BIRTHDATE",
        Birthdate::parse(year, month, day, now.date_naive()),
    )
}

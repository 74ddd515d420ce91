use chrono::{DateTime, Utc};
use contracts::{
    common::v1::{LogPosition, Role as PublicRole},
    google::r#type::Date,
    identity::v1::{
        AddChildRequest, ArchiveChildRequest, ConsentPurpose, DestroyChildKeysRequest,
        EraseChildRequest, GetChildRequest, ListChildrenRequest, RecordConsentRequest,
        SkillLevel as PublicSkillLevel, UpdateChildRequest, WithdrawConsentRequest,
    },
};
use eventsourcing::{
    Context,
    personal::{PersonalError, Sealer},
};
use service::{Call, Fields, Page, context};
use tonic::Status;
use uuid::Uuid;

use super::{own_or_admin, own_unless_admin};
use crate::{
    domain::{
        child::{Acting, Player, PlayerChanges, PolicyVersion, Purpose, SkillLevel},
        values::{Birthdate, ChildId},
    },
    query::children,
};

/// Who a child is, before it is sealed.
pub struct ClearPlayer {
    first_name: String,
    last_name: String,
    birthdate: Birthdate,
    skill_level: SkillLevel,
    specify: String,
    team: String,
}

impl ClearPlayer {
    /// Seals everything personal for the child.
    pub fn seal(&self, sealer: &Sealer) -> Result<Player, PersonalError> {
        Ok(Player {
            first_name: sealer.seal(&self.first_name)?,
            last_name: sealer.seal(&self.last_name)?,
            birthdate: sealer.seal(&self.birthdate)?,
            skill_level: self.skill_level,
            specify: sealer.seal(&self.specify)?,
            team: sealer.seal(&self.team)?,
        })
    }
}

/// A child that is to be added.
pub struct NewChild {
    pub context: Context,
    /// Given, or made of caller and request: the same for the same request.
    pub child_id: ChildId,
    /// Consents of this child may have been recorded.
    pub is_known: bool,
    /// `None` when the consent was recorded before.
    pub consent: Option<PolicyVersion>,
    pub player: ClearPlayer,
}

pub fn add_child(
    call: &Call,
    request: AddChildRequest,
    now: DateTime<Utc>,
) -> Result<NewChild, Status> {
    let covered = request.clone();
    let AddChildRequest {
        request_id: _,
        guardian_consent,
        first_name,
        last_name,
        birthdate,
        skill_level,
        specify,
        team,
        child_id,
        policy_version,
    } = request;
    let mut fields = Fields::of(&covered);
    let known = fields.optional_id("child_id", &child_id);
    let policy_version = policy(&mut fields, &policy_version);
    if !guardian_consent && known.is_none() {
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
    let parts = birthdate.zip(skill_level).zip(policy_version);
    let ((birthdate, skill_level), policy_version) = fields.finish_with(parts)?;
    let context = context(call, &covered)?;
    Ok(NewChild {
        child_id: known.unwrap_or_else(|| made_id(call, &context)).into(),
        context,
        is_known: known.is_some(),
        consent: guardian_consent.then_some(policy_version),
        player: ClearPlayer {
            first_name,
            last_name,
            birthdate,
            skill_level,
            specify,
            team,
        },
    })
}

/// A consent that is to be recorded.
pub struct NewConsent {
    pub context: Context,
    /// Given, or made of caller and request.
    pub child_id: ChildId,
    /// Something of this child was recorded before.
    pub is_known: bool,
    pub purpose: Purpose,
    pub policy_version: PolicyVersion,
}

pub fn record_consent(call: &Call, request: RecordConsentRequest) -> Result<NewConsent, Status> {
    let covered = request.clone();
    let RecordConsentRequest {
        request_id: _,
        child_id,
        purpose,
        policy_version,
    } = request;
    let mut fields = Fields::of(&covered);
    let known = fields.optional_id("child_id", &child_id);
    let purpose = consent_purpose(&mut fields, purpose);
    let policy_version = required_policy(&mut fields, &policy_version);
    let (purpose, policy_version) = fields.finish_with(purpose.zip(policy_version))?;
    let context = context(call, &covered)?;
    Ok(NewConsent {
        child_id: known.unwrap_or_else(|| made_id(call, &context)).into(),
        context,
        is_known: known.is_some(),
        purpose,
        policy_version,
    })
}

pub fn withdraw_consent(
    call: &Call,
    request: WithdrawConsentRequest,
) -> Result<(Context, ChildId, Purpose), Status> {
    let covered = request.clone();
    let WithdrawConsentRequest {
        request_id: _,
        child_id,
        purpose,
    } = request;
    let mut fields = Fields::of(&covered);
    let child_id = fields.id::<ChildId>("child_id", &child_id);
    let purpose = consent_purpose(&mut fields, purpose);
    let purpose = fields.finish_with(purpose)?;
    let context = context(call, &covered)?;
    Ok((context, child_id, purpose))
}

/// What of a child becomes another, before it is sealed.
#[derive(Default)]
pub struct ClearChanges {
    first_name: Option<String>,
    last_name: Option<String>,
    birthdate: Option<Birthdate>,
    skill_level: Option<SkillLevel>,
    specify: Option<String>,
    team: Option<String>,
}

impl ClearChanges {
    /// Seals everything personal for the child.
    pub fn seal(&self, sealer: &Sealer) -> Result<PlayerChanges, PersonalError> {
        let text =
            |value: &Option<String>| value.as_ref().map(|text| sealer.seal(text)).transpose();
        let birthdate = self.birthdate.as_ref();
        Ok(PlayerChanges {
            first_name: text(&self.first_name)?,
            last_name: text(&self.last_name)?,
            birthdate: birthdate.map(|date| sealer.seal(date)).transpose()?,
            skill_level: self.skill_level,
            specify: text(&self.specify)?,
            team: text(&self.team)?,
        })
    }
}

pub fn update_child(
    call: &Call,
    request: UpdateChildRequest,
    now: DateTime<Utc>,
) -> Result<(Context, ChildId, ClearChanges), Status> {
    let covered = request.clone();
    let UpdateChildRequest {
        request_id: _,
        child_id,
        first_name,
        last_name,
        birthdate,
        skill_level,
        specify,
        team,
    } = request;
    let mut fields = Fields::of(&covered);
    let child_id = fields.id::<ChildId>("child_id", &child_id);
    let changes = ClearChanges {
        first_name: first_name.map(|name| fields.text("first_name", &name, 1..=100)),
        last_name: last_name.map(|name| fields.text("last_name", &name, 1..=100)),
        birthdate: birthdate.and_then(|date| date_of_birth(&mut fields, Some(date), now)),
        skill_level: skill_level.and_then(|level| skill(&mut fields, level)),
        specify: specify.map(|text| fields.text("specify", &text, 0..=500)),
        team: team.map(|name| fields.text("team", &name, 0..=100)),
    };
    fields.finish()?;
    let context = context(call, &covered)?;
    Ok((context, child_id, changes))
}

pub fn archive_child(
    call: &Call,
    request: ArchiveChildRequest,
) -> Result<(Context, ChildId), Status> {
    let covered = request.clone();
    let ArchiveChildRequest {
        request_id: _,
        child_id,
    } = request;
    let mut fields = Fields::of(&covered);
    let child_id = fields.id("child_id", &child_id);
    fields.finish()?;
    let context = context(call, &covered)?;
    Ok((context, child_id))
}

pub fn erase_child(call: &Call, request: EraseChildRequest) -> Result<(Context, ChildId), Status> {
    let covered = request.clone();
    let EraseChildRequest {
        request_id: _,
        child_id,
    } = request;
    let mut fields = Fields::of(&covered);
    let child_id = fields.id("child_id", &child_id);
    fields.finish()?;
    let context = context(call, &covered)?;
    Ok((context, child_id))
}

/// Nothing is recorded by it, so that the request id is for the sender alone.
pub fn destroy_child_keys(request: DestroyChildKeysRequest) -> Result<ChildId, Status> {
    let DestroyChildKeysRequest {
        request_id,
        child_id,
    } = request;
    let mut fields = Fields::new();
    let _: Uuid = fields.id("request_id", &request_id);
    let child_id = fields.id("child_id", &child_id);
    fields.finish().map(|()| child_id)
}

pub fn get_child(request: GetChildRequest) -> Result<(Uuid, Option<LogPosition>), Status> {
    let GetChildRequest {
        child_id,
        min_position,
    } = request;
    let mut fields = Fields::new();
    let id = fields.id("child_id", &child_id);
    fields.finish().map(|()| (id, min_position))
}

/// Somebody else's children do not exist to the caller, unless they are an admin.
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

/// The id of a child that the caller did not name. Made of caller and request, so that a
/// repeated request seals with the key of the first one.
fn made_id(call: &Call, context: &Context) -> Uuid {
    let caller = call.user_id().unwrap_or_default();
    let request_id = context.request.as_ref().map_or(Uuid::nil(), |it| it.id);
    Uuid::new_v5(&caller, format!("child:{request_id}").as_bytes())
}

/// Empty for callers that do not say which text was shown.
fn policy(fields: &mut Fields, version: &str) -> Option<PolicyVersion> {
    let version = if version.is_empty() {
        "unversioned"
    } else {
        version
    };
    required_policy(fields, version)
}

pub fn required_policy(fields: &mut Fields, version: &str) -> Option<PolicyVersion> {
    fields.check(
        "policy_version",
        "POLICY_VERSION",
        PolicyVersion::parse(version),
    )
}

fn consent_purpose(fields: &mut Fields, purpose: i32) -> Option<Purpose> {
    match fields.enum_value("purpose", purpose) {
        ConsentPurpose::ChildData => Some(Purpose::ChildData),
        ConsentPurpose::MedicalData => Some(Purpose::MedicalData),
        ConsentPurpose::Unspecified => None,
    }
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

/// Who asks something of a child's record. Trainers ask for medical data only, and are let in
/// by what lies ahead.
pub fn acting(call: &Call) -> Acting {
    match (call.user_id(), call.principal.role()) {
        (Some(id), PublicRole::Parent) => Acting::Parent(id.into()),
        (Some(id), PublicRole::Trainer) => Acting::Trainer(id.into()),
        (Some(id), PublicRole::Admin) => Acting::Admin(id.into()),
        _ => Acting::System,
    }
}

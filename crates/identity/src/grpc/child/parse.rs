//! The requests of `ChildService`. Every field of a message is taken apart here, so that a new one
//! breaks the build.

mod transfer;

use contracts::google::r#type::Date;
use contracts::identity::v1 as pb;
use service::{Call, Fields, Page, now, requests_of_ids};
use tonic::Status;
use uuid::Uuid;

pub use self::transfer::{
    AcceptGuardianTransfer, CancelGuardianTransfer, ListGuardianTransfers, TransferGuardian,
};

use crate::domain::child::{PolicyVersion, Purpose, SkillLevel};
use crate::domain::values::{Birthdate, ChildId, UserId};
use crate::grpc::own_unless_admin;
use crate::personal::{ClearPlayer, ClearPlayerChanges};
use crate::query::ChildCursor;
use crate::wire;

requests_of_ids! {
    write ArchiveChild of pb::ArchiveChildRequest { child_id: ChildId }
    write EraseChild of pb::EraseChildRequest { child_id: ChildId }
    unrecorded DestroyChildKeys of pb::DestroyChildKeysRequest { child_id: ChildId }
    read GetChild of pb::GetChildRequest { child_id: ChildId }
}

pub struct RecordConsent {
    pub request_id: Uuid,
    /// Of whom something was recorded before.
    pub child_id: Option<ChildId>,
    pub purpose: Purpose,
    pub policy_version: PolicyVersion,
}

impl TryFrom<&pb::RecordConsentRequest> for RecordConsent {
    type Error = Status;

    fn try_from(request: &pb::RecordConsentRequest) -> Result<Self, Status> {
        let (mut fields, request_id) = Fields::with_request_id(request);
        let pb::RecordConsentRequest {
            request_id: _,
            child_id,
            purpose,
            policy_version,
        } = request;
        let child_id = fields.optional_id("child_id", child_id);
        let purpose = consent_purpose(&mut fields, *purpose);
        let policy_version = policy(&mut fields, policy_version);
        let (purpose, policy_version) = fields.finish_with(purpose.zip(policy_version))?;
        Ok(Self {
            request_id,
            child_id,
            purpose,
            policy_version,
        })
    }
}

pub struct WithdrawConsent {
    pub child_id: ChildId,
    pub purpose: Purpose,
}

impl TryFrom<&pb::WithdrawConsentRequest> for WithdrawConsent {
    type Error = Status;

    fn try_from(request: &pb::WithdrawConsentRequest) -> Result<Self, Status> {
        let mut fields = Fields::of(request);
        let pb::WithdrawConsentRequest {
            request_id: _,
            child_id,
            purpose,
        } = request;
        let child_id = fields.id("child_id", child_id);
        let purpose = consent_purpose(&mut fields, *purpose);
        let purpose = fields.finish_with(purpose)?;
        Ok(Self { child_id, purpose })
    }
}

pub struct AddChild {
    pub request_id: Uuid,
    /// Of whom a consent was recorded before.
    pub child_id: Option<ChildId>,
    /// `None` when the consent was recorded before.
    pub consent: Option<PolicyVersion>,
    pub player: ClearPlayer,
}

impl TryFrom<&pb::AddChildRequest> for AddChild {
    type Error = Status;

    fn try_from(request: &pb::AddChildRequest) -> Result<Self, Status> {
        let (mut fields, request_id) = Fields::with_request_id(request);
        let pb::AddChildRequest {
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
        let child_id = fields.optional_id("child_id", child_id);
        // Empty for callers that do not say which text was shown.
        let policy_version = match policy_version.as_str() {
            "" => policy(&mut fields, "unversioned"),
            version => policy(&mut fields, version),
        };
        if !guardian_consent && child_id.is_none() {
            let expected = "must be true: nothing is stored without consent";
            fields.violation("guardian_consent", "CONSENT", expected);
        }
        let first_name = fields.text("first_name", first_name, 1..=100);
        let last_name = fields.text("last_name", last_name, 1..=100);
        if birthdate.is_none() {
            fields.violation("birthdate", "REQUIRED", "is required");
        }
        let birthdate = birthdate.and_then(|date| date_of_birth(&mut fields, date));
        let skill_level = skill(&mut fields, *skill_level);
        let specify = fields.text("specify", specify, 0..=500);
        let team = fields.text("team", team, 0..=100);
        let parts = birthdate.zip(skill_level).zip(policy_version);
        let ((birthdate, skill_level), policy_version) = fields.finish_with(parts)?;
        Ok(Self {
            request_id,
            child_id,
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
}

pub struct UpdateChild {
    pub child_id: ChildId,
    pub changes: ClearPlayerChanges,
}

impl TryFrom<&pb::UpdateChildRequest> for UpdateChild {
    type Error = Status;

    fn try_from(request: &pb::UpdateChildRequest) -> Result<Self, Status> {
        let mut fields = Fields::of(request);
        let pb::UpdateChildRequest {
            request_id: _,
            child_id,
            first_name,
            last_name,
            birthdate,
            skill_level,
            specify,
            team,
        } = request;
        let child_id = fields.id("child_id", child_id);
        let text = |fields: &mut Fields, field, text: &Option<String>, length| {
            let text = text.as_ref();
            text.map(|text| fields.text(field, text, length))
        };
        let changes = ClearPlayerChanges {
            first_name: text(&mut fields, "first_name", first_name, 1..=100),
            last_name: text(&mut fields, "last_name", last_name, 1..=100),
            birthdate: birthdate.and_then(|date| date_of_birth(&mut fields, date)),
            skill_level: skill_level.and_then(|level| skill(&mut fields, level)),
            specify: text(&mut fields, "specify", specify, 0..=500),
            team: text(&mut fields, "team", team, 0..=100),
        };
        fields.finish()?;
        Ok(Self { child_id, changes })
    }
}

pub struct ListChildren {
    pub guardian_id: UserId,
    pub page: Page<ChildCursor>,
}

impl ListChildren {
    /// Guardians may leave their own id out.
    pub fn of(request: &pb::ListChildrenRequest, call: &Call) -> Result<Self, Status> {
        let pb::ListChildrenRequest {
            guardian_id,
            page_size: _,
            page_token: _,
            min_position: _,
        } = request;
        let mut fields = Fields::new();
        let list = Self {
            guardian_id: own_unless_admin(&mut fields, call, "guardian_id", guardian_id),
            page: fields.page(call, request),
        };
        fields.finish()?;
        Ok(list)
    }
}

fn policy(fields: &mut Fields, version: &str) -> Option<PolicyVersion> {
    let version = PolicyVersion::parse(version);
    fields.check("policy_version", "POLICY_VERSION", version)
}

fn consent_purpose(fields: &mut Fields, purpose: i32) -> Option<Purpose> {
    wire::consent_purpose_of(fields.enum_value("purpose", purpose))
}

fn skill(fields: &mut Fields, level: i32) -> Option<SkillLevel> {
    wire::skill_level_of(fields.enum_value("skill_level", level))
}

fn date_of_birth(fields: &mut Fields, date: Date) -> Option<Birthdate> {
    let Date { year, month, day } = date;
    // 0 is no month and no day, as is anything negative.
    let part = |number: i32| u32::try_from(number).unwrap_or(0);
    let today = now().date_naive();
    let birthdate = Birthdate::parse(year, part(month), part(day), today);
    fields.check("birthdate", "BIRTHDATE", birthdate)
}

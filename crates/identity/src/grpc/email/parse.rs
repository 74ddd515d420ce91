//! The requests of `EmailService`. Every field of a message is taken apart here, so that a new one
//! breaks the build.

use chrono::{DateTime, Utc};
use contracts::identity::v1 as pb;
use eventsourcing::personal::Personal;
use service::{Call, Fields, Page};
use tonic::Status;
use uuid::Uuid;

use crate::domain::values::{EmailAddress, EmailId, UserId};
use crate::mail::{EmailCursor, MailStatus, Template};
use crate::wire;

pub struct ListEmails {
    pub user_id: Option<UserId>,
    pub status: Option<MailStatus>,
    pub page: Page<EmailCursor>,
}

impl ListEmails {
    pub fn of(request: &pb::ListEmailsRequest, call: &Call) -> Result<Self, Status> {
        let pb::ListEmailsRequest {
            user_id,
            status,
            page_size: _,
            page_token: _,
        } = request;
        let mut fields = Fields::new();
        let user_id = fields.optional_id("user_id", user_id);
        let status = (*status != 0).then(|| fields.enum_value("status", *status));
        let page = fields.page(call, request);
        fields.finish()?;
        Ok(Self {
            user_id,
            status: status.and_then(wire::email_status_of),
            page,
        })
    }
}

pub struct ResendEmail {
    pub request_id: Uuid,
    pub email_id: EmailId,
}

impl TryFrom<&pb::ResendEmailRequest> for ResendEmail {
    type Error = Status;

    fn try_from(request: &pb::ResendEmailRequest) -> Result<Self, Status> {
        let pb::ResendEmailRequest {
            request_id,
            email_id,
        } = request;
        let (mut fields, request_id) = Fields::unrecorded(request_id);
        let email_id = fields.id("email_id", email_id);
        fields.finish()?;
        Ok(Self {
            request_id,
            email_id,
        })
    }
}

/// A mail about something that has happened.
pub struct QueueEmail {
    pub cause: Uuid,
    pub template: Template,
    pub user_id: UserId,
    /// `None`: the user's address of now.
    pub to: Option<Personal<EmailAddress>>,
    pub occurred_at: DateTime<Utc>,
}

impl TryFrom<&pb::QueueEmailRequest> for QueueEmail {
    type Error = Status;

    fn try_from(request: &pb::QueueEmailRequest) -> Result<Self, Status> {
        let pb::QueueEmailRequest {
            request_id,
            cause_event_id,
            template,
            user_id,
            sealed_recipient,
            occurred_at,
            min_position: _,
        } = request;
        let (mut fields, _) = Fields::unrecorded(request_id);
        let cause = fields.id("cause_event_id", cause_event_id);
        let template = fields.check("template", "ENUM", notice(*template));
        let user_id = fields.id("user_id", user_id);
        let to = match sealed_recipient.as_str() {
            "" => None,
            sealed => fields.check("sealed_recipient", "SEALED", sealed_under(user_id, sealed)),
        };
        let occurred_at = fields.timestamp("occurred_at", occurred_at.as_ref());
        let template = fields.finish_with(template)?;
        Ok(Self {
            cause,
            template,
            user_id,
            to,
            occurred_at,
        })
    }
}

/// A template of a notice, which carries no code.
fn notice(template: i32) -> Result<Template, &'static str> {
    pb::EmailTemplate::try_from(template)
        .ok()
        .and_then(wire::email_template_of)
        .filter(|template| !template.carries_code())
        .ok_or("must be the template of a mail without a code")
}

fn sealed_under(user_id: UserId, sealed: &str) -> Result<Personal<EmailAddress>, &'static str> {
    Personal::from_sealed(sealed)
        .ok()
        .filter(|personal: &Personal<EmailAddress>| personal.subject() == user_id.uuid())
        .ok_or("must be sealed under the user")
}

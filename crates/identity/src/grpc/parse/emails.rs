use std::str::FromStr as _;

use chrono::{DateTime, Utc};
use contracts::{
    common::v1::LogPosition,
    identity::v1::{
        EmailStatus, EmailTemplate, ListEmailsRequest, QueueEmailRequest, ResendEmailRequest,
    },
};
use eventsourcing::personal::Personal;
use service::{Call, Fields, Page};
use tonic::Status;
use uuid::Uuid;

use super::own_or_admin;
use crate::{
    domain::values::EmailAddress,
    mail::Template,
    query::emails::{Cursor, Filter},
};

/// Somebody else's messages do not exist to the caller, unless they are an admin.
pub fn list_emails(
    call: &Call,
    request: ListEmailsRequest,
) -> Result<(Filter, Page<Cursor>), Status> {
    let ListEmailsRequest {
        user_id,
        status,
        page_size,
        page_token,
    } = request;
    let mut fields = Fields::new();
    let user_id = fields.optional_id("user_id", &user_id);
    let status = match status {
        0 => None,
        status => Some(fields.enum_value::<EmailStatus>("status", status)),
    };
    let page = fields.page(page_size, &page_token);
    fields.finish()?;
    let user_id = match user_id {
        None if call.is_admin() => None,
        None => call.user_id(),
        Some(user_id) => own_or_admin(call, user_id, "user").map(|()| Some(user_id))?,
    };
    let status = status.map(|status| {
        let name = status.as_str_name();
        name.strip_prefix("EMAIL_STATUS_").unwrap_or(name)
    });
    Ok((Filter { user_id, status }, page))
}

/// The request and the message.
pub fn resend_email(request: ResendEmailRequest) -> Result<(Uuid, Uuid), Status> {
    let ResendEmailRequest {
        request_id,
        email_id,
    } = request;
    let mut fields = Fields::new();
    let request_id = fields.id("request_id", &request_id);
    let email_id = fields.id("email_id", &email_id);
    fields.finish().map(|()| (request_id, email_id))
}

/// A mail about something that has happened.
pub struct Notice {
    pub cause: Uuid,
    pub template: Template,
    pub user_id: Uuid,
    /// `None`: the user's address of now.
    pub to: Option<Personal<EmailAddress>>,
    pub occurred_at: DateTime<Utc>,
    pub min_position: Option<LogPosition>,
}

pub fn queue_email(request: QueueEmailRequest) -> Result<Notice, Status> {
    let QueueEmailRequest {
        request_id,
        cause_event_id,
        template,
        user_id,
        sealed_recipient,
        occurred_at,
        min_position,
    } = request;
    let mut fields = Fields::new();
    fields.id::<Uuid>("request_id", &request_id);
    let cause = fields.id("cause_event_id", &cause_event_id);
    let template = fields.check("template", "ENUM", notice(template));
    let user_id = fields.id("user_id", &user_id);
    let to = match sealed_recipient.as_str() {
        "" => None,
        sealed => fields.check("sealed_recipient", "SEALED", sealed_under(user_id, sealed)),
    };
    let occurred_at = fields.timestamp("occurred_at", occurred_at.as_ref());
    let template = fields.finish_with(template)?;
    Ok(Notice {
        cause,
        template,
        user_id,
        to,
        occurred_at,
        min_position,
    })
}

/// A template of a notice, which carries no code.
fn notice(template: i32) -> Result<Template, &'static str> {
    EmailTemplate::try_from(template)
        .ok()
        .and_then(|template| {
            let name = template.as_str_name().strip_prefix("EMAIL_TEMPLATE_")?;
            Template::from_str(name).ok()
        })
        .filter(|template| !template.carries_code())
        .ok_or("must be the template of a mail without a code")
}

fn sealed_under(user_id: Uuid, sealed: &str) -> Result<Personal<EmailAddress>, &'static str> {
    Personal::from_sealed(sealed)
        .ok()
        .filter(|personal: &Personal<EmailAddress>| personal.subject() == user_id)
        .ok_or("must be sealed under the user")
}

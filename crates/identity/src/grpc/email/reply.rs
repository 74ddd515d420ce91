//! The answers of `EmailService`.

use contracts::identity::v1 as pb;
use contracts::wire::timestamp;
use eventsourcing::personal::{Opener, PersonalError};

use crate::mail::EmailRow;
use crate::wire;

/// A message, opened. One that waits where nothing `sends` says so.
pub fn email(row: EmailRow, opener: &Opener, sends: bool) -> Result<pb::Email, PersonalError> {
    let EmailRow {
        id,
        user_id,
        cause,
        template,
        recipient,
        subject,
        body,
        status,
        attempts,
        last_error,
        created_at,
        next_attempt_at,
        sent_at,
    } = row;
    let template = template.map_or(pb::EmailTemplate::TextMessage, wire::email_template);
    let waits = status.waits();
    let failure = if waits && !sends {
        "no mail server and no directory is set".to_owned()
    } else {
        last_error
    };
    Ok(pb::Email {
        email_id: id.to_string(),
        user_id: user_id.to_string(),
        cause_id: cause.to_string(),
        template: template.into(),
        recipient: recipient.open(opener)?.unwrap_or_default(),
        subject: subject.open(opener)?.unwrap_or_default(),
        body: body.open(opener)?.unwrap_or_default(),
        status: wire::email_status(status).into(),
        attempts,
        failure,
        created_at: Some(timestamp(created_at)),
        next_attempt_at: waits.then(|| timestamp(next_attempt_at)),
        sent_at: sent_at.map(timestamp),
    })
}

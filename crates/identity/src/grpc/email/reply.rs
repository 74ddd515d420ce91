//! The answers of `EmailService`.

use contracts::identity::v1 as pb;
use contracts::wire::timestamp;
use eventsourcing::personal::{Opener, PersonalError};

use crate::mail::EmailRow;

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
    let status = pb::EmailStatus::from_str_name(&format!("EMAIL_STATUS_{status}"));
    let status = status.unwrap_or_default();
    let template = pb::EmailTemplate::from_str_name(&format!("EMAIL_TEMPLATE_{template}"));
    let waits = matches!(
        status,
        pb::EmailStatus::Queued | pb::EmailStatus::Sending | pb::EmailStatus::Retrying
    );
    let failure = if waits && !sends {
        "no mail server and no directory is set".to_owned()
    } else {
        last_error
    };
    Ok(pb::Email {
        email_id: id.to_string(),
        user_id: user_id.to_string(),
        cause_id: cause.to_string(),
        template: template.unwrap_or_default().into(),
        recipient: recipient.open(opener)?.unwrap_or_default(),
        subject: subject.open(opener)?.unwrap_or_default(),
        body: body.open(opener)?.unwrap_or_default(),
        status: status.into(),
        attempts,
        failure,
        created_at: Some(timestamp(created_at)),
        next_attempt_at: waits.then(|| timestamp(next_attempt_at)),
        sent_at: sent_at.map(timestamp),
    })
}

//! Templates and states of messages as protobuf has them.

use contracts::identity::v1 as pb;
use strum::IntoEnumIterator as _;

use crate::mail::{MailStatus, Template};

pub fn template(template: Template) -> pb::EmailTemplate {
    match template {
        Template::VerifyEmail => pb::EmailTemplate::VerifyEmail,
        Template::ResetPassword => pb::EmailTemplate::ResetPassword,
        Template::ConfirmNewEmail => pb::EmailTemplate::ConfirmNewEmail,
        Template::EmailChanged => pb::EmailTemplate::EmailChanged,
        Template::PasswordChanged => pb::EmailTemplate::PasswordChanged,
        Template::RefreshTokenReused => pb::EmailTemplate::RefreshTokenReused,
        Template::Welcome => pb::EmailTemplate::Welcome,
        Template::GuardianTransferOffered => pb::EmailTemplate::GuardianTransferOffered,
        Template::AccountErased => pb::EmailTemplate::AccountErased,
    }
}

/// The template that a message means; `None` for the unspecified one and that of text messages.
pub fn template_of(message: pb::EmailTemplate) -> Option<Template> {
    Template::iter().find(|known| template(*known) == message)
}

pub fn status(status: MailStatus) -> pb::EmailStatus {
    match status {
        MailStatus::Queued => pb::EmailStatus::Queued,
        MailStatus::Sending => pb::EmailStatus::Sending,
        MailStatus::Retrying => pb::EmailStatus::Retrying,
        MailStatus::Sent => pb::EmailStatus::Sent,
        MailStatus::Failed => pb::EmailStatus::Failed,
        MailStatus::Erased => pb::EmailStatus::Erased,
    }
}

/// The state that a message means; `None` for the unspecified one.
pub fn status_of(message: pb::EmailStatus) -> Option<MailStatus> {
    MailStatus::iter().find(|known| status(*known) == message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_has_its_public_name() {
        for known in Template::iter() {
            let name = template(known).as_str_name();
            assert_eq!(name, format!("EMAIL_TEMPLATE_{}", known.name()));
        }
        for known in MailStatus::iter() {
            let name = status(known).as_str_name();
            assert_eq!(name, format!("EMAIL_STATUS_{}", known.as_str()));
        }
    }
}

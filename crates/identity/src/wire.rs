//! Identity's values as protobuf writes them.

use contracts::common::v1::{LogPosition, Money, Role as PublicRole};
use contracts::identity::v1 as pb;
use strum::IntoEnumIterator as _;

use crate::NAME;
use crate::domain::child::{MedicalField, Purpose, SkillLevel};
use crate::domain::user::Channel;
use crate::domain::values::{Allergen, Price, Role};
use crate::mail::{MailStatus, Template};

/// A role as tokens and other services know it.
pub fn role(role: Role) -> PublicRole {
    match role {
        Role::Admin => PublicRole::Admin,
        Role::Trainer => PublicRole::Trainer,
        Role::Parent => PublicRole::Parent,
    }
}

/// The role of a user that a message means; `None` for the unspecified one and that of services.
pub fn role_of(message: PublicRole) -> Option<Role> {
    Role::iter().find(|known| role(*known) == message)
}

pub fn consent_purpose(purpose: Purpose) -> pb::ConsentPurpose {
    match purpose {
        Purpose::ChildData => pb::ConsentPurpose::ChildData,
        Purpose::MedicalData => pb::ConsentPurpose::MedicalData,
    }
}

/// The purpose that a message means; `None` for the unspecified one.
pub fn consent_purpose_of(message: pb::ConsentPurpose) -> Option<Purpose> {
    Purpose::iter().find(|known| consent_purpose(*known) == message)
}

pub fn skill_level(level: SkillLevel) -> pb::SkillLevel {
    match level {
        SkillLevel::Beginner => pb::SkillLevel::Beginner,
        SkillLevel::Intermediate => pb::SkillLevel::Intermediate,
        SkillLevel::Advanced => pb::SkillLevel::Advanced,
    }
}

/// The level that a message means; `None` for the unspecified one.
pub fn skill_level_of(message: pb::SkillLevel) -> Option<SkillLevel> {
    SkillLevel::iter().find(|known| skill_level(*known) == message)
}

pub fn verification_channel(channel: Channel) -> pb::VerificationChannel {
    match channel {
        Channel::Email => pb::VerificationChannel::Email,
        Channel::Phone => pb::VerificationChannel::Phone,
    }
}

/// The channel that a message means; `None` for the unspecified one.
pub fn verification_channel_of(message: pb::VerificationChannel) -> Option<Channel> {
    Channel::iter().find(|known| verification_channel(*known) == message)
}

pub fn allergen(allergen: Allergen) -> pb::Allergen {
    match allergen {
        Allergen::Celery => pb::Allergen::Celery,
        Allergen::Gluten => pb::Allergen::Gluten,
        Allergen::Crustaceans => pb::Allergen::Crustaceans,
        Allergen::Eggs => pb::Allergen::Eggs,
        Allergen::Fish => pb::Allergen::Fish,
        Allergen::Lupin => pb::Allergen::Lupin,
        Allergen::Milk => pb::Allergen::Milk,
        Allergen::Molluscs => pb::Allergen::Molluscs,
        Allergen::Mustard => pb::Allergen::Mustard,
        Allergen::TreeNuts => pb::Allergen::TreeNuts,
        Allergen::Peanuts => pb::Allergen::Peanuts,
        Allergen::Sesame => pb::Allergen::Sesame,
        Allergen::Soybeans => pb::Allergen::Soybeans,
        Allergen::Sulphites => pb::Allergen::Sulphites,
        Allergen::Pollen => pb::Allergen::Pollen,
        Allergen::InsectStings => pb::Allergen::InsectStings,
        Allergen::Latex => pb::Allergen::Latex,
        Allergen::Medication => pb::Allergen::Medication,
    }
}

pub fn medical_field(field: MedicalField) -> pb::MedicalField {
    match field {
        MedicalField::Allergies => pb::MedicalField::Allergies,
        MedicalField::CustomAllergens => pb::MedicalField::CustomAllergens,
        MedicalField::MedicalConditions => pb::MedicalField::MedicalConditions,
        MedicalField::EmergencyContact => pb::MedicalField::EmergencyContact,
    }
}

pub fn email_template(template: Template) -> pb::EmailTemplate {
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
pub fn email_template_of(message: pb::EmailTemplate) -> Option<Template> {
    Template::iter().find(|known| email_template(*known) == message)
}

pub fn email_status(status: MailStatus) -> pb::EmailStatus {
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
pub fn email_status_of(message: pb::EmailStatus) -> Option<MailStatus> {
    MailStatus::iter().find(|known| email_status(*known) == message)
}

/// A price as an amount of money.
pub fn price(price: &Price) -> Money {
    contracts::wire::money(price.money())
}

/// A place in identity's log.
pub fn position(position: i64) -> LogPosition {
    contracts::wire::position(NAME, position)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_has_its_public_name() {
        for known in Role::iter() {
            let name = role(known).as_str_name();
            assert_eq!(name, format!("ROLE_{}", known.as_str()));
        }
        for known in Purpose::iter() {
            let name = consent_purpose(known).as_str_name();
            assert_eq!(name, format!("CONSENT_PURPOSE_{}", known.as_str()));
        }
        for known in SkillLevel::iter() {
            let name = skill_level(known).as_str_name();
            assert_eq!(name, format!("SKILL_LEVEL_{}", known.as_str()));
        }
        for known in Allergen::iter() {
            let name = allergen(known).as_str_name();
            assert_eq!(name, format!("ALLERGEN_{}", known.as_str()));
        }
        for known in MedicalField::iter() {
            let name = medical_field(known).as_str_name();
            assert_eq!(name, format!("MEDICAL_FIELD_{}", known.as_str()));
        }
        for known in Template::iter() {
            let name = email_template(known).as_str_name();
            assert_eq!(name, format!("EMAIL_TEMPLATE_{}", known.name()));
        }
        for known in MailStatus::iter() {
            let name = email_status(known).as_str_name();
            assert_eq!(name, format!("EMAIL_STATUS_{}", known.as_str()));
        }
    }

    #[test]
    fn what_is_no_value_of_the_domain_means_none() {
        assert_eq!(role_of(PublicRole::Service), None);
        assert_eq!(role_of(PublicRole::Unspecified), None);
        assert_eq!(role_of(PublicRole::Trainer), Some(Role::Trainer));
        let unspecified = pb::VerificationChannel::Unspecified;
        assert_eq!(verification_channel_of(unspecified), None);
    }
}

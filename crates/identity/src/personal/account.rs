use chrono::{DateTime, Utc};
use eventsourcing::personal::{Keyring, LookupKey, PersonalError};

use crate::domain::user::{Acting, EMAIL_SCOPE, PhoneChange, Registration, Update};
use crate::domain::values::{EmailAddress, PhoneNumber, Role, UserId};

/// The keyed fingerprint of an address' folded form, which finds the address.
pub fn email_key(lookup: &LookupKey, email: &EmailAddress) -> String {
    lookup.fingerprint(EMAIL_SCOPE, &email.folded())
}

/// A registration whose personal values are not sealed yet.
pub struct ClearRegistration {
    /// The id is made for this registration.
    pub user_id: UserId,
    pub acting: Acting,
    pub role: Role,
    pub email: EmailAddress,
    /// 1 to 100 characters, trimmed.
    pub first_name: String,
    /// 1 to 100 characters, trimmed.
    pub last_name: String,
    pub phone_number: Option<PhoneNumber>,
    pub now: DateTime<Utc>,
}

impl ClearRegistration {
    /// The command, with everything personal sealed by the user's new key.
    pub async fn seal(
        self,
        keyring: &Keyring,
        lookup: &LookupKey,
    ) -> Result<Registration, PersonalError> {
        let Self {
            user_id,
            acting,
            role,
            email,
            first_name,
            last_name,
            phone_number,
            now,
        } = self;
        let sealer = keyring.sealer(user_id.uuid()).await?;
        let phone_number = phone_number
            .map(|number| sealer.seal(&number))
            .transpose()?;
        Ok(Registration {
            user_id,
            acting,
            role,
            email_key: email_key(lookup, &email),
            email: sealer.seal(&email)?,
            first_name: sealer.seal(&first_name)?,
            last_name: sealer.seal(&last_name)?,
            phone_number,
            now,
        })
    }
}

/// An update whose personal values are not sealed yet; what is `None` stays.
#[derive(Debug)]
pub struct ClearUpdate {
    /// 1 to 100 characters, trimmed.
    pub first_name: Option<String>,
    /// 1 to 100 characters, trimmed.
    pub last_name: Option<String>,
    pub phone_number: Option<ClearPhoneChange>,
}

/// A change of the telephone number that is not sealed yet.
#[derive(Debug)]
pub enum ClearPhoneChange {
    Changed(PhoneNumber),
    Cleared,
}

impl ClearUpdate {
    /// The command, with everything personal sealed by the user's key.
    pub async fn seal(
        self,
        keyring: &Keyring,
        user_id: UserId,
        now: DateTime<Utc>,
    ) -> Result<Update, PersonalError> {
        let sealer = keyring.sealer(user_id.uuid()).await?;
        let name = |text: Option<String>| text.map(|text| sealer.seal(&text)).transpose();
        let phone_number = match self.phone_number {
            Some(ClearPhoneChange::Changed(number)) => {
                Some(PhoneChange::Changed(sealer.seal(&number)?))
            }
            Some(ClearPhoneChange::Cleared) => Some(PhoneChange::Cleared),
            None => None,
        };
        Ok(Update {
            first_name: name(self.first_name)?,
            last_name: name(self.last_name)?,
            phone_number,
            now,
        })
    }
}

use chrono::{DateTime, Utc};
use eventsourcing::personal::{Keyring, LookupKey, PersonalError};

use crate::domain::{
    user::{Acting, EMAIL_SCOPE, PhoneChange, Registration, Update},
    values::{EmailAddress, PhoneNumber, Role, UserId},
};

/// What an address is found by: a keyed fingerprint of its folded form.
pub fn email_key(lookup: &LookupKey, email: &EmailAddress) -> String {
    lookup.fingerprint(EMAIL_SCOPE, &email.folded())
}

/// A registration before its personal values are sealed.
pub struct ClearRegistration {
    /// An id made for this registration.
    pub user_id: UserId,
    /// Who opens the account.
    pub acting: Acting,
    /// What the user may do.
    pub role: Role,
    /// Login address.
    pub email: EmailAddress,
    /// First name, trimmed, 1 to 100 characters.
    pub first_name: String,
    /// Last name, trimmed, 1 to 100 characters.
    pub last_name: String,
    /// Telephone number, if one was given.
    pub phone_number: Option<PhoneNumber>,
    /// When.
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

/// An update before its personal values are sealed.
#[derive(Debug)]
pub struct ClearUpdate {
    /// First name from now on, trimmed, 1 to 100 characters.
    pub first_name: Option<String>,
    /// Last name from now on, trimmed, 1 to 100 characters.
    pub last_name: Option<String>,
    /// What becomes of the telephone number, if anything.
    pub phone_number: Option<ClearPhoneChange>,
}

/// What becomes of a telephone number.
#[derive(Debug)]
pub enum ClearPhoneChange {
    /// There is another one.
    Changed(PhoneNumber),
    /// There is none any more.
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

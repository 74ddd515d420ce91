//! Between clear values and sealed ones: at the edge alone.

use std::fmt;

use chrono::{DateTime, Utc};
use eventsourcing::personal::{Keyring, LookupKey, Opened, Opener, Personal, PersonalError};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned};
use sqlx::{
    Decode, Postgres, Type,
    error::BoxDynError,
    postgres::{PgTypeInfo, PgValueRef},
};

use crate::domain::{
    user::{EMAIL_SCOPE, PhoneChange, Registrar, Registration, Update},
    values::{EmailAddress, PhoneNumber, Role, UserId},
};

/// A sealed value in a column of a read table; the empty text once its subject was erased.
pub struct Column<T>(Option<Personal<T>>);

impl<T> Column<T> {
    /// Without a value.
    pub fn blank() -> Self {
        Self(None)
    }

    /// From the text of a column: sealed, or empty.
    pub fn from_text(text: &str) -> Result<Self, PersonalError> {
        match text {
            "" => Ok(Self(None)),
            sealed => Personal::from_sealed(sealed).map(|personal| Self(Some(personal))),
        }
    }

    /// The sealed value, if there is one.
    pub fn personal(&self) -> Option<&Personal<T>> {
        self.0.as_ref()
    }
}

impl<T: DeserializeOwned> Column<T> {
    /// The value; `None` when it is blank or its subject was erased.
    pub fn open(&self, opener: &Opener) -> Result<Option<T>, PersonalError> {
        let value = self.0.as_ref().map(|personal| opener.open(personal));
        Ok(value.transpose()?.and_then(Opened::known))
    }
}

impl<T> From<Personal<T>> for Column<T> {
    fn from(personal: Personal<T>) -> Self {
        Self(Some(personal))
    }
}

impl<T> Clone for Column<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> PartialEq for Column<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<T> Eq for Column<T> {}

impl<T> fmt::Debug for Column<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl<T> Serialize for Column<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.as_ref().map_or("", Personal::as_sealed))
    }
}

impl<'de, T> Deserialize<'de> for Column<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::from_text(&text).map_err(serde::de::Error::custom)
    }
}

impl<T> Type<Postgres> for Column<T> {
    fn type_info() -> PgTypeInfo {
        <&str as Type<Postgres>>::type_info()
    }

    fn compatible(info: &PgTypeInfo) -> bool {
        <&str as Type<Postgres>>::compatible(info)
    }
}

impl<'r, T> Decode<'r, Postgres> for Column<T> {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        Ok(Self::from_text(<&str as Decode<Postgres>>::decode(value)?)?)
    }
}

/// What an address is found by: a keyed fingerprint of its folded form.
pub fn email_key(lookup: &LookupKey, email: &EmailAddress) -> String {
    lookup.fingerprint(EMAIL_SCOPE, &email.folded())
}

/// A registration before its personal values are sealed.
pub struct ClearRegistration {
    /// An id made for this registration.
    pub user_id: UserId,
    /// Who opens the account.
    pub registrar: Registrar,
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
            registrar,
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
            registrar,
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

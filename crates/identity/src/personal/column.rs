use std::fmt;

use eventsourcing::personal::{Opened, Opener, Personal, PersonalError};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgTypeInfo, PgValueRef};
use sqlx::{Decode, Postgres, Type};

/// A sealed value in a column of a read table; the empty text when its subject was erased.
pub struct Column<T>(Option<Personal<T>>);

impl<T> Column<T> {
    /// A column without a value.
    pub fn blank() -> Self {
        Self(None)
    }

    /// Reads the text of a column: sealed, or empty.
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

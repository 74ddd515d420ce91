use serde::{Deserialize, Serialize};

/// A telephone number in E.164 form: "+" and 8 to 15 digits, the first not 0.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PhoneNumber(String);

/// The text is no telephone number in E.164 form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a + and 8 to 15 digits, for example +12025550123")]
pub struct PhoneError;

impl PhoneNumber {
    /// Parses a number.
    pub fn parse(text: &str) -> Result<Self, PhoneError> {
        let digits = text.strip_prefix('+').ok_or(PhoneError)?;
        let well_formed = (8..=15).contains(&digits.len())
            && !digits.starts_with('0')
            && digits.bytes().all(|byte| byte.is_ascii_digit());
        well_formed.then(|| Self(text.to_owned())).ok_or(PhoneError)
    }

    /// The number in E.164 form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_international_form_is_accepted() {
        assert_eq!(
            PhoneNumber::parse("+12025550123").unwrap().as_str(),
            "+12025550123"
        );
        for text in [
            "",
            "+",
            "12025550123",
            "+1202555",
            "+1234567890123456",
            "+02025550123",
            "+1 202 555 0123",
        ] {
            assert_eq!(PhoneNumber::parse(text), Err(PhoneError), "{text:?}");
        }
    }
}

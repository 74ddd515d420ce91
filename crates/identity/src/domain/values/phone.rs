use phonenumber::Mode;
use serde::{Deserialize, Serialize};

/// Longer texts are not looked at: no number is that long, with its punctuation.
const MAX_LENGTH: usize = 40;

/// A telephone number that can exist under the numbering plan of its country, in E.164 form:
/// "+" and at most 15 digits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PhoneNumber(String);

/// The text is no telephone number in international form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a telephone number with its country code, for example +12025550123")]
pub struct PhoneError;

impl PhoneNumber {
    /// Parses a number in international form, with or without the usual punctuation.
    pub fn parse(text: &str) -> Result<Self, PhoneError> {
        let text = text.trim();
        if text.len() > MAX_LENGTH || !text.starts_with('+') {
            return Err(PhoneError);
        }
        let number = phonenumber::parse(None, text).map_err(|_| PhoneError)?;
        if number.extension().is_some() || !number.is_valid() {
            return Err(PhoneError);
        }
        Ok(Self(number.format().mode(Mode::E164).to_string()))
    }

    /// The number in E.164 form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_number_is_kept_in_its_international_form() {
        for (text, kept) in [
            ("+12025550123", "+12025550123"),
            (" +1 (202) 555-0123 ", "+12025550123"),
            ("+49 30 901820", "+4930901820"),
            ("+44 20 7946 0018", "+442079460018"),
        ] {
            assert_eq!(PhoneNumber::parse(text).unwrap().as_str(), kept, "{text:?}");
        }
    }

    #[test]
    fn what_nobody_could_call_is_refused() {
        for text in [
            "",
            "+",
            "12025550123",
            "+1202555",
            "+1234567890123456",
            "+02025550123",
            "+999123456789",
            "+1 202 555 0123 ext. 7",
            "+12025550123+12025550123+12025550123+12025550123",
        ] {
            assert_eq!(PhoneNumber::parse(text), Err(PhoneError), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in "\\+?.{0,30}") {
            let _ = PhoneNumber::parse(&text);
        }
    }
}

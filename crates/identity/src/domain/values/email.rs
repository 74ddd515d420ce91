use std::fmt;

use serde::{Deserialize, Serialize};

/// The longest address that mail transport carries (RFC 5321, with the brackets taken off).
const MAX_LENGTH: usize = 254;
const MAX_LOCAL_LENGTH: usize = 64;
const MAX_LABEL_LENGTH: usize = 63;

/// An email address as its owner wrote it.
///
/// ASCII only, in the plain `local@domain` form: quoted local parts and address literals are
/// refused, an internationalised domain is given as `xn--...`. So two addresses are the same
/// to people exactly if they are the same after folding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EmailAddress(String);

/// Why a text is no email address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    /// The text has more than 254 characters.
    #[error("must have at most 254 characters")]
    TooLong,
    /// The text does not have the form `local@domain`.
    #[error("must have the form name@domain")]
    NoAt,
    /// The part before the @ is empty, too long, or has characters or dots where none may be.
    #[error("the part before the @ is not valid")]
    Local,
    /// The part after the @ is no domain name of two or more labels.
    #[error("the part after the @ is not a domain name")]
    Domain,
}

impl EmailAddress {
    /// Parses an address; spaces around it are dropped.
    pub fn parse(text: &str) -> Result<Self, EmailError> {
        let text = text.trim();
        if text.len() > MAX_LENGTH {
            return Err(EmailError::TooLong);
        }
        let (local, domain) = text.rsplit_once('@').ok_or(EmailError::NoAt)?;
        if !is_local_part(local) {
            return Err(EmailError::Local);
        }
        if !is_domain(domain) {
            return Err(EmailError::Domain);
        }
        Ok(Self(text.to_owned()))
    }

    /// The address in lower case: what must be unique, and what a login is looked up by.
    pub fn folded(&self) -> String {
        self.0.to_ascii_lowercase()
    }

    /// The address as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

fn is_local_part(local: &str) -> bool {
    local.len() <= MAX_LOCAL_LENGTH
        && local
            .split('.')
            .all(|atom| !atom.is_empty() && atom.bytes().all(is_atom_character))
}

/// `atext` of RFC 5322.
fn is_atom_character(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte)
}

/// A domain name of two or more labels.
pub(super) fn is_domain(domain: &str) -> bool {
    domain.contains('.')
        && domain.split('.').all(is_label)
        && domain
            .rsplit('.')
            .next()
            .is_some_and(|top| !top.bytes().all(|b| b.is_ascii_digit()))
}

fn is_label(label: &str) -> bool {
    (1..=MAX_LABEL_LENGTH).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ordinary_addresses_are_kept_as_written() {
        for text in [
            "anna@example.com",
            "Anna.B+camp@Mail.Example.CO.UK",
            "o'neil@x-y.io",
            "a@xn--mnchen-3ya.de",
        ] {
            assert_eq!(
                EmailAddress::parse(text).map(|email| email.to_string()),
                Ok(text.to_owned())
            );
        }
    }

    #[test]
    fn spaces_around_an_address_are_dropped() {
        assert_eq!(
            EmailAddress::parse("  a@b.com\n").unwrap().as_str(),
            "a@b.com"
        );
    }

    #[test]
    fn malformed_addresses_are_refused_with_the_part_that_is_wrong() {
        let cases = [
            ("", EmailError::NoAt),
            ("anna", EmailError::NoAt),
            ("@example.com", EmailError::Local),
            ("a b@example.com", EmailError::Local),
            ("a@b@example.com", EmailError::Local),
            (".a@example.com", EmailError::Local),
            ("a..b@example.com", EmailError::Local),
            ("\"a b\"@example.com", EmailError::Local),
            ("änna@example.com", EmailError::Local),
            ("a@example", EmailError::Domain),
            ("a@", EmailError::Domain),
            ("a@.com", EmailError::Domain),
            ("a@example..com", EmailError::Domain),
            ("a@-example.com", EmailError::Domain),
            ("a@exa_mple.com", EmailError::Domain),
            ("a@127.0.0.1", EmailError::Domain),
            ("a@[127.0.0.1]", EmailError::Domain),
            ("a@exämple.com", EmailError::Domain),
        ];
        for (text, error) in cases {
            assert_eq!(EmailAddress::parse(text), Err(error), "{text:?}");
        }
    }

    #[test]
    fn the_limits_of_length_are_included() {
        let local = "l".repeat(64);
        let label = "d".repeat(63);
        let longest = format!("{local}@{label}.{label}.{}", "e".repeat(61));
        assert_eq!(longest.len(), 254);
        assert!(EmailAddress::parse(&longest).is_ok());
        assert_eq!(
            EmailAddress::parse(&format!("{longest}e")),
            Err(EmailError::TooLong)
        );
        assert_eq!(
            EmailAddress::parse(&format!("l{local}@a.com")),
            Err(EmailError::Local)
        );
        assert_eq!(
            EmailAddress::parse(&format!("l@d{label}.com")),
            Err(EmailError::Domain)
        );
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in ".{0,300}") {
            let _ = EmailAddress::parse(&text);
        }

        #[test]
        fn well_formed_addresses_parse_and_survive_storage(
            text in "[a-zA-Z0-9+_-]{1,20}(\\.[a-z0-9]{1,10}){0,2}@([a-zA-Z0-9]{1,10}\\.){1,3}[a-zA-Z]{2,6}"
        ) {
            let email = EmailAddress::parse(&text).unwrap();
            prop_assert_eq!(email.as_str(), &text);
            let stored = serde_json::to_string(&email).unwrap();
            prop_assert_eq!(serde_json::from_str::<EmailAddress>(&stored).unwrap(), email);
        }

        #[test]
        fn addresses_that_differ_only_in_case_fold_to_the_same_key(
            text in "[a-zA-Z]{1,20}@[a-zA-Z]{1,10}\\.[a-zA-Z]{2,6}"
        ) {
            let upper = EmailAddress::parse(&text.to_uppercase()).unwrap();
            let lower = EmailAddress::parse(&text.to_lowercase()).unwrap();
            prop_assert_eq!(upper.folded(), lower.folded());
            prop_assert_eq!(EmailAddress::parse(&lower.folded()).unwrap().folded(), lower.folded());
        }
    }
}

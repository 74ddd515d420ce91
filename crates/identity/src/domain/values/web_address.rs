use serde::{Deserialize, Serialize};

use super::email::is_domain;

const MAX_LENGTH: usize = 2_048;

/// The address of something on the web: `https://`, a host name, and what follows it.
///
/// ASCII only: an internationalised domain is given as `xn--...`, anything else escaped. No user
/// name, no numeric host.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WebAddress(String);

/// The text is no such address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an https:// address of at most 2048 characters")]
pub struct WebAddressError;

impl WebAddress {
    /// Parses an address; spaces around it are dropped.
    pub fn parse(text: &str) -> Result<Self, WebAddressError> {
        let text = text.trim();
        let (scheme, rest) = text.split_once("://").ok_or(WebAddressError)?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (host, port) = match rest[..end].split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (&rest[..end], None),
        };
        let well_formed = text.len() <= MAX_LENGTH
            && scheme.eq_ignore_ascii_case("https")
            && is_domain(host)
            && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0))
            && rest[end..].bytes().all(is_url_character);
        well_formed
            .then(|| Self(text.to_owned()))
            .ok_or(WebAddressError)
    }

    /// The address as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a byte may stand in a path, query or fragment (RFC 3986), or is one of the few more that
/// browsers let through. None of them ends an attribute in a page.
fn is_url_character(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%|".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_pages_and_photos_are_kept_as_written() {
        for text in [
            "https://example.com",
            "https://example.com/",
            "https://cdn.example.com:8443/a%20b/c.jpg?w=200&h=100#top",
            "HTTPS://Example.com/@tara",
            "https://xn--mnchen-3ya.example?x",
        ] {
            assert_eq!(WebAddress::parse(text).unwrap().as_str(), text);
        }
        assert_eq!(
            WebAddress::parse(" https://example.com/a ")
                .unwrap()
                .as_str(),
            "https://example.com/a"
        );
    }

    #[test]
    fn everything_else_is_refused() {
        let long = format!("https://example.com/{}", "x".repeat(2_029));
        for text in [
            "",
            "example.com",
            "http://example.com",
            "javascript:alert(1)",
            "https://",
            "https:///a",
            "https://localhost",
            "https://127.0.0.1/a",
            "https://[::1]/a",
            "https://tara@example.com",
            "https://example.com:0",
            "https://example.com:65536",
            "https://example.com:",
            "https://example.com/a b",
            "https://example.com/\"onload=",
            "https://example.com/<b>",
            "https://exämple.com/",
            "https://example.com/ä",
            "https://example.com/a\nb",
            long.as_str(),
        ] {
            assert_eq!(WebAddress::parse(text), Err(WebAddressError), "{text:?}");
        }
    }
}

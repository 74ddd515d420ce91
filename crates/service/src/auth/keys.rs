//! Ed25519 keys that sign tokens.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{Ed25519KeyPair, KeyPair as _};

use super::Claims;

/// What stands before the 32 private bytes in a PKCS#8 document without the public key. Every program
/// reads that; OpenSSL up to 3.0 reads none with it.
const PKCS8: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];
/// How many letters of base64 a line of PEM has.
const PEM_LINE: usize = 64;

/// An Ed25519 key pair with its key id. Cheap to clone; the private part never prints.
#[derive(Clone)]
pub struct KeyPair {
    inner: Arc<Inner>,
}

struct Inner {
    id: String,
    public: Vec<u8>,
    pkcs8: Vec<u8>,
}

/// Why a text is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Neither PEM nor base64.
    #[error("expected an Ed25519 private key in PKCS#8, as PEM or base64")]
    Encoding,
    /// Not the expected kind of key.
    #[error("not an Ed25519 private key in PKCS#8")]
    Kind,
    /// The system gave no randomness.
    #[error("no randomness to make a key from")]
    Randomness,
}

impl KeyPair {
    /// Makes a new key.
    pub fn generate() -> Result<Self, KeyError> {
        let mut private = [0; 32];
        SystemRandom::new()
            .fill(&mut private)
            .map_err(|_| KeyError::Randomness)?;
        Self::from_pkcs8(&[&PKCS8[..], &private].concat())
    }

    /// From the DER bytes of a PKCS#8 document, with or without the public key in it.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).map_err(|_| KeyError::Kind)?;
        let public = pair.public_key().as_ref().to_vec();
        let id = thumbprint(&public);
        Ok(Self {
            inner: Arc::new(Inner {
                id,
                public,
                pkcs8: der.to_vec(),
            }),
        })
    }

    /// From PEM (`openssl genpkey -algorithm ed25519`) or from the base64 of the DER bytes.
    pub fn from_text(text: &str) -> Result<Self, KeyError> {
        let base64: String = text
            .lines()
            .filter(|line| !line.starts_with("-----"))
            .flat_map(str::chars)
            .filter(|character| !character.is_whitespace())
            .collect();
        let der = STANDARD.decode(base64).map_err(|_| KeyError::Encoding)?;
        Self::from_pkcs8(&der)
    }

    /// The PEM that [`KeyPair::from_text`] reads, and `openssl pkey`. Secret.
    pub fn to_text(&self) -> String {
        let base64 = STANDARD.encode(&self.inner.pkcs8);
        let mut lines = vec!["-----BEGIN PRIVATE KEY-----"];
        let mut rest = base64.as_str();
        while !rest.is_empty() {
            let (line, after) = rest.split_at(rest.len().min(PEM_LINE));
            lines.push(line);
            rest = after;
        }
        lines.push("-----END PRIVATE KEY-----\n");
        lines.join("\n")
    }

    /// `kid` of its tokens: the JWK thumbprint of the public key (RFC 7638, RFC 8037).
    pub fn id(&self) -> &str {
        &self.inner.id
    }

    /// The DER bytes of the PKCS#8 document. Secret.
    pub fn pkcs8(&self) -> &[u8] {
        &self.inner.pkcs8
    }

    /// The 32 bytes of the public key.
    pub fn public_key(&self) -> &[u8] {
        &self.inner.public
    }

    /// 32 bytes for another purpose that only holders of the private key can compute. They do
    /// not depend on the form in which the key was written down.
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&self.inner.pkcs8)
            .expect("the key was checked when it was read");
        // Ed25519 signatures are deterministic.
        let signature = pair.sign(format!("divinetime derive {purpose}").as_bytes());
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest(&SHA256, signature.as_ref()).as_ref());
        bytes
    }

    /// The 64 bytes of the signature over a message, for what is no token.
    pub fn sign_bytes(&self, message: &[u8]) -> Vec<u8> {
        self.ring().sign(message).as_ref().to_vec()
    }

    fn ring(&self) -> Ed25519KeyPair {
        Ed25519KeyPair::from_pkcs8_maybe_unchecked(&self.inner.pkcs8)
            .expect("the key was checked when it was read")
    }

    /// The token with these claims.
    pub fn sign(&self, claims: &Claims) -> String {
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(self.inner.id.clone());
        jsonwebtoken::encode(
            &header,
            claims,
            &EncodingKey::from_ed_der(&self.inner.pkcs8),
        )
        .expect("the key was checked when it was read, and claims are plain JSON")
    }
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("KeyPair")
            .field("id", &self.inner.id)
            .finish_non_exhaustive()
    }
}

fn thumbprint(public: &[u8]) -> String {
    let x = URL_SAFE_NO_PAD.encode(public);
    let jwk = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    URL_SAFE_NO_PAD.encode(digest(&SHA256, jwk.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by `openssl genpkey -algorithm ed25519`: without the public key in it.
    const PEM: &str = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n\
        -----END PRIVATE KEY-----\n";

    #[test]
    fn a_key_survives_its_text_form() {
        let key = KeyPair::generate().unwrap();
        let again = KeyPair::from_text(&key.to_text()).unwrap();
        assert_eq!(key.public_key(), again.public_key());
        assert_eq!(key.id(), again.id());
    }

    #[test]
    fn a_key_is_written_as_openssl_writes_it() {
        assert_eq!(KeyPair::from_text(PEM).unwrap().to_text(), PEM);
        let made = KeyPair::generate().unwrap();
        assert_eq!(made.pkcs8().len(), 48, "no public key in it");
        assert_eq!(made.to_text().len(), PEM.len());
    }

    /// As earlier versions wrote it: base64 alone, of a document with the public key in it.
    #[test]
    fn a_key_of_an_earlier_version_is_read() {
        let old = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let key = KeyPair::from_text(&STANDARD.encode(old.as_ref())).unwrap();
        let again = KeyPair::from_text(&key.to_text()).unwrap();
        assert_eq!(key.id(), again.id());
    }

    #[test]
    fn a_key_from_openssl_is_read() {
        let key = KeyPair::from_text(PEM).unwrap();
        assert_eq!(
            STANDARD.encode(key.public_key()),
            "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
        );
        // The thumbprint that RFC 8037 gives for this key.
        assert_eq!(key.id(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    #[test]
    fn what_is_derived_depends_on_the_key_and_the_purpose_alone() {
        let key = KeyPair::from_text(PEM).unwrap();
        assert_eq!(
            key.derive("one"),
            KeyPair::from_text(&key.to_text()).unwrap().derive("one")
        );
        assert_ne!(key.derive("one"), key.derive("other"));
        assert_ne!(
            key.derive("one"),
            KeyPair::generate().unwrap().derive("one")
        );
    }

    #[test]
    fn other_texts_are_refused_without_being_shown() {
        for text in ["", "hush hush!", "aHVzaA=="] {
            let error = KeyPair::from_text(text).unwrap_err().to_string();
            assert!(!error.contains("hush"), "{error}");
        }
    }
}

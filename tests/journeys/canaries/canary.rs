//! Values that occur nowhere else in the world, one for each personal field.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    sync::{Mutex, MutexGuard, PoisonError},
};

use base64::{Engine as _, engine::general_purpose};
use contracts::google::r#type::Date;
use uuid::Uuid;

/// What went into one field of one request, once.
pub struct Canary {
    /// `Request.field`.
    pub field: String,
    /// By what it would be recognised.
    texts: Vec<String>,
    /// By what it would be recognised in binary.
    raw: Vec<Vec<u8>>,
    /// Where it must show up again: the owner reads what was accepted.
    readable: bool,
}

impl Canary {
    fn of(field: &str, texts: &[&str]) -> Self {
        Self {
            field: field.to_owned(),
            texts: texts.iter().map(|text| (*text).to_owned()).collect(),
            raw: Vec::new(),
            readable: true,
        }
    }

    fn unreadable(mut self) -> Self {
        self.readable = false;
        self
    }

    /// Every sequence of bytes that would give it away: as it is, in either case, in hex and in
    /// base64 at any offset.
    pub fn forms(&self) -> BTreeSet<Vec<u8>> {
        let mut forms: BTreeSet<_> = self.raw.iter().cloned().collect();
        for text in &self.texts {
            for text in [text.clone(), text.to_lowercase(), text.to_uppercase()] {
                forms.insert(hex(text.as_bytes()).into_bytes());
                forms.insert(hex(text.as_bytes()).to_uppercase().into_bytes());
                forms.extend(base64(text.as_bytes()));
                forms.insert(text.into_bytes());
            }
        }
        for raw in &self.raw {
            forms.insert(hex(raw).into_bytes());
            forms.extend(base64(raw));
        }
        // What is shorter is found by accident.
        forms.retain(|form| form.len() >= super::search::SHORTEST);
        forms
    }
}

/// In lower case.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// What stays the same of its base64 whatever stands before and after it.
fn base64(bytes: &[u8]) -> BTreeSet<Vec<u8>> {
    let mut forms = BTreeSet::new();
    for before in 0..3 {
        let mut shifted = vec![0; before];
        shifted.extend_from_slice(bytes);
        let own = (before * 8).div_ceil(6)..(shifted.len() * 8) / 6;
        for alphabet in [
            general_purpose::STANDARD_NO_PAD,
            general_purpose::URL_SAFE_NO_PAD,
        ] {
            forms.insert(alphabet.encode(&shifted)[own.clone()].into());
        }
    }
    forms
}

/// All that were let loose, and those that came back to their owners.
#[derive(Default)]
pub struct Canaries {
    loose: Mutex<Vec<Canary>>,
    read: Mutex<BTreeMap<String, bool>>,
}

fn mark() -> String {
    Uuid::new_v4().simple().to_string()[..14].to_owned()
}

fn number(below: u128) -> u128 {
    Uuid::new_v4().as_u128() % below
}

impl Canaries {
    fn let_loose(&self, canary: Canary) {
        self.loose().push(canary);
    }

    fn loose(&self) -> MutexGuard<'_, Vec<Canary>> {
        self.loose.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A name or any other text.
    pub fn text(&self, field: &str) -> String {
        let text = format!("Canary{}", mark());
        self.let_loose(Canary::of(field, &[&text]));
        text
    }

    /// An address to which mail can be sent.
    pub fn email(&self, field: &str) -> String {
        let local = format!("Canary.{}", mark());
        self.let_loose(Canary::of(field, &[&local]));
        format!("{local}@example.org")
    }

    /// A telephone number in E.164 form.
    pub fn phone(&self, field: &str) -> String {
        let (exchange, line) = (200 + number(700), 1000 + number(9000));
        // No service code and no number of the kind that is never given out.
        let exchange = if exchange % 100 == 11 || exchange == 555 {
            234
        } else {
            exchange
        };
        let digits = format!("202{exchange}{line}");
        let written = format!("(202) {exchange}-{line}");
        self.let_loose(Canary::of(field, &[&digits, &written]));
        format!("+1{digits}")
    }

    /// An address of a photo or a page.
    pub fn url(&self, field: &str) -> String {
        format!("https://example.org/{}.jpg", self.text(field))
    }

    /// A civil date on which a child may have been born.
    pub fn date(&self, field: &str) -> Date {
        let in_range = |from: i32, below: u128| from + i32::try_from(number(below)).expect("small");
        let date = Date {
            year: in_range(2010, 9),
            month: in_range(1, 12),
            day: in_range(1, 28),
        };
        let text = format!("{:04}-{:02}-{:02}", date.year, date.month, date.day);
        // It is read as three numbers.
        self.let_loose(Canary::of(field, &[&text]).unreadable());
        date
    }

    /// A client's address, for `x-forwarded-for`.
    pub fn address(&self, field: &str) -> String {
        let host = u128::from_be_bytes(*Uuid::new_v4().as_bytes());
        let address = std::net::Ipv6Addr::from((0x2001_0db8_u128 << 96) | (host >> 32));
        let network = &address.octets()[..8];
        let segments = address.segments();
        let prefix = format!("2001:db8:{:x}:{:x}:", segments[2], segments[3]);
        let mut canary = Canary::of(field, &[&prefix]).unreadable();
        canary.raw.push(network.to_vec());
        self.let_loose(canary);
        address.to_string()
    }

    /// A password, a code or a token: nobody ever reads it again.
    pub fn secret(&self, field: &str) -> String {
        let text = format!("Canary{}", mark());
        self.let_loose(Canary::of(field, &[&text]).unreadable());
        text
    }

    /// An address that its owner is not asked to read again.
    pub fn secret_email(&self, field: &str) -> String {
        format!("{}@example.org", self.secret(field))
    }

    /// A token that the program itself has made, which only its owner may have.
    pub fn token(&self, field: &str, token: &str) {
        let mut canary = Canary::of(field, &[token]).unreadable();
        canary
            .raw
            .extend(general_purpose::URL_SAFE_NO_PAD.decode(token));
        self.let_loose(canary);
    }

    /// The field refuses the text, which must then be found nowhere.
    pub fn bad(&self, field: &str) -> String {
        let mark = mark();
        self.let_loose(Canary::of(field, &[&mark]).unreadable());
        // A control character, for fields that would take the rest.
        format!("Canary {mark}\u{7}")
    }

    /// An owner's answer, in which they must find what they gave.
    pub fn came_back(&self, answer: &impl std::fmt::Debug) {
        let answer = format!("{answer:?}");
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        for canary in self.loose().iter() {
            let seen = canary.texts.iter().any(|text| answer.contains(text));
            *read.entry(canary.field.clone()).or_default() |= seen || !canary.readable;
        }
    }

    /// All of them; panics when one that was accepted never came back.
    pub fn all(self) -> Vec<Canary> {
        let read = self
            .read
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        let lost: Vec<_> = read.iter().filter(|(_, read)| !**read).collect();
        assert!(lost.is_empty(), "never read again: {lost:?}");
        self.loose
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

//! Values that look sealed.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use eventsourcing::personal::Personal;
use uuid::Uuid;

/// What a sealed value looks like, for tests that need no keys: always the same for the same
/// subject and label, and opened by no key.
pub fn sealed<T>(subject: Uuid, label: &str) -> Personal<T> {
    let text = format!(
        "sealed:1:{}:{}",
        subject.as_simple(),
        URL_SAFE_NO_PAD.encode(label)
    );
    Personal::from_sealed(&text).unwrap_or_else(|_| unreachable!("it has the sealed form"))
}

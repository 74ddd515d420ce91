//! How long a caller waits.

use std::time::Duration;

use http::HeaderMap;

/// The `grpc-timeout` of a call; `None` when it brings none.
///
/// # Errors
/// `Malformed` for a header that is not one to eight digits and a unit.
pub fn timeout(headers: &HeaderMap) -> Result<Option<Duration>, Malformed> {
    let mut values = headers.get_all("grpc-timeout").iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(Malformed);
    }
    value
        .to_str()
        .ok()
        .and_then(parse)
        .map(Some)
        .ok_or(Malformed)
}

/// A `grpc-timeout` that says nothing.
#[derive(Debug, PartialEq, Eq)]
pub struct Malformed;

fn parse(value: &str) -> Option<Duration> {
    let unit = value.chars().last().filter(char::is_ascii)?;
    let digits = &value[..value.len() - 1];
    if !(1..=8).contains(&digits.len()) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let amount: u64 = digits.parse().ok()?;
    match unit {
        'H' => Some(Duration::from_secs(amount * 60 * 60)),
        'M' => Some(Duration::from_secs(amount * 60)),
        'S' => Some(Duration::from_secs(amount)),
        'm' => Some(Duration::from_millis(amount)),
        'u' => Some(Duration::from_micros(amount)),
        'n' => Some(Duration::from_nanos(amount)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_of_the_protocol_is_understood() {
        for (text, duration) in [
            ("1H", Duration::from_hours(1)),
            ("2M", Duration::from_mins(2)),
            ("3S", Duration::from_secs(3)),
            ("4m", Duration::from_millis(4)),
            ("5u", Duration::from_micros(5)),
            ("99999999n", Duration::from_nanos(99_999_999)),
        ] {
            assert_eq!(parse(text), Some(duration), "{text}");
        }
    }

    #[test]
    fn anything_else_is_malformed() {
        for text in [
            "",
            "S",
            "5",
            "5s",
            "-5S",
            "+5S",
            "1.5S",
            "123456789S",
            "5 S",
            "5ß",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}

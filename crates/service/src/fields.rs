//! Parses the fields of a request and collects everything that is wrong with it.

use std::fmt::Display;
use std::ops::RangeInclusive;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use contracts_core::common::v1::Money as MoneyMessage;
use contracts_core::google::r#type::Date;
use contracts_core::wire;
use contracts_core::{ListRpc, WriteRpc};
use prost_types::Timestamp;
use serde::de::DeserializeOwned;
use tonic::Status;
use tonic_types::FieldViolation;
use uuid::Uuid;
use values::text::{self, TextError};
use values::{LocalTimeError, Money, MoneyError, UnknownZone, Zone};

use crate::call::Call;
use crate::errors::{internal, invalid_fields, violation};
use crate::page::{self, Page};

/// More than UTF-8 and the marks of a letter need.
const MOST_BYTES_OF_A_CHARACTER: usize = 32;

/// The violations found so far. Each parser answers with the value, or notes what is wrong and
/// answers with a default; [`Fields::finish`] then refuses the request with all of it.
///
/// ```
/// use service::Fields;
///
/// let mut fields = Fields::new();
/// let id: uuid::Uuid = fields.id("child_id", "0198c2a5-0000-7000-8000-000000000001");
/// let name = fields.text("name", "  Ada ", 1..=100);
/// fields.finish().unwrap();
/// assert_eq!(name, "Ada");
/// # let _ = id;
/// ```
#[derive(Debug, Default)]
#[must_use = "finish() reports what is wrong"]
pub struct Fields {
    violations: Vec<FieldViolation>,
}

impl Fields {
    /// Nothing is wrong yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes a violation: the field's path (`lines[2].tier_id`), a `SCREAMING_SNAKE` reason and
    /// what to do, as a sentence that goes on from the field's name.
    pub fn violation(
        &mut self,
        field: impl Into<String>,
        reason: &str,
        description: impl Into<String>,
    ) {
        self.violations.push(violation(field, reason, description));
    }

    /// The success, or its error noted as a violation.
    pub fn check<T, E: Display>(
        &mut self,
        field: impl Into<String>,
        reason: &str,
        result: Result<T, E>,
    ) -> Option<T> {
        result
            .map_err(|error| self.violation(field, reason, error.to_string()))
            .ok()
    }

    /// The fields of a command's request, its `request_id` checked.
    pub fn of(request: &impl WriteRpc) -> Self {
        Self::with_request_id(request).0
    }

    /// The same with the `request_id`, for what is made of it; nil when it is wrong.
    pub fn with_request_id(request: &impl WriteRpc) -> (Self, Uuid) {
        Self::unrecorded(request.request_id())
    }

    /// The fields of a request that the log says nothing of, its `request_id` checked, and that id.
    pub fn unrecorded(request_id: &str) -> (Self, Uuid) {
        let mut fields = Self::new();
        let request_id = fields.id("request_id", request_id);
        (fields, request_id)
    }

    /// A required id, which is a UUID; nil when it is wrong.
    pub fn id<I: From<Uuid>>(&mut self, field: impl Into<String>, value: &str) -> I {
        match Uuid::parse_str(value) {
            Ok(id) if !id.is_nil() => id.into(),
            _ => {
                self.violation(field, reason_for(value, "UUID"), "must be a UUID");
                Uuid::nil().into()
            }
        }
    }

    /// An id that may be left out.
    pub fn optional_id<I: From<Uuid>>(
        &mut self,
        field: impl Into<String>,
        value: &str,
    ) -> Option<I> {
        (!value.is_empty()).then(|| self.id(field, value))
    }

    /// So many ids, none of them twice.
    pub fn distinct_ids<I: From<Uuid> + PartialEq>(
        &mut self,
        field: &str,
        values: &[String],
        count: RangeInclusive<usize>,
    ) -> Vec<I> {
        let mut ids = Vec::new();
        for (index, value) in self.list(field, values, count).iter().enumerate() {
            let path = format!("{field}[{index}]");
            let before = self.violations.len();
            let id = self.id(path.clone(), value);
            if ids.contains(&id) && before == self.violations.len() {
                self.violation(path, "DUPLICATE", "must not be named twice");
            }
            ids.push(id);
        }
        ids
    }

    /// A text of one line with so many characters, trimmed and in Unicode's NFC. A range from 0
    /// makes it optional.
    pub fn text(
        &mut self,
        field: impl Into<String>,
        value: &str,
        length: RangeInclusive<usize>,
    ) -> String {
        self.any_text(field, value, length, text::line)
    }

    /// The same with line breaks.
    pub fn lines(
        &mut self,
        field: impl Into<String>,
        value: &str,
        length: RangeInclusive<usize>,
    ) -> String {
        self.any_text(field, value, length, text::lines)
    }

    fn any_text(
        &mut self,
        field: impl Into<String>,
        value: &str,
        length: RangeInclusive<usize>,
        parse: fn(&str) -> Result<String, TextError>,
    ) -> String {
        let (least, most) = (*length.start(), *length.end());
        // Nothing is composed of more than a few characters: what is much longer is not looked at.
        let text = if value.len() > most.saturating_mul(MOST_BYTES_OF_A_CHARACTER) {
            None
        } else {
            match parse(value) {
                Ok(text) => Some(text),
                Err(error) => {
                    let reason = match error {
                        TextError::Control => "CONTROL_CHARACTER",
                        TextError::LineBreak => "LINE_BREAK",
                        TextError::Direction => "DIRECTION",
                        TextError::Invisible => "INVISIBLE",
                    };
                    self.violation(field, reason, error.to_string());
                    return String::new();
                }
            }
        };
        let fitting = text.filter(|text| length.contains(&text.chars().count()));
        fitting.unwrap_or_else(|| {
            let expected = if least == 0 {
                format!("must have at most {most} characters")
            } else {
                format!("must have {least} to {most} characters")
            };
            self.violation(field, reason_for(value.trim(), "LENGTH"), expected);
            String::new()
        })
    }

    /// A number of a range; its start when it is wrong.
    pub fn int_in<N: Copy + Display + PartialOrd>(
        &mut self,
        field: impl Into<String>,
        value: N,
        range: RangeInclusive<N>,
    ) -> N {
        if range.contains(&value) {
            return value;
        }
        let (least, most) = (*range.start(), *range.end());
        self.violation(field, "RANGE", format!("must be from {least} to {most}"));
        least
    }

    /// A required amount that somebody asks for something, from zero to [`Money::MOST_SET`] minor
    /// units of a current currency; `None` when it is wrong.
    pub fn money(
        &mut self,
        field: impl Into<String>,
        value: Option<&MoneyMessage>,
    ) -> Option<Money> {
        let Some(message) = value else {
            self.violation(field, "REQUIRED", "is required");
            return None;
        };
        let code = &message.currency_code;
        let money = Money::set(code, message.minor_units);
        if let Err(error) = money {
            let (part, reason) = match error {
                MoneyError::Currency => ("currency_code", reason_for(code, "CURRENCY")),
                MoneyError::Negative => ("minor_units", "NEGATIVE"),
                MoneyError::TooMuch => ("minor_units", "RANGE"),
            };
            let path = format!("{}.{part}", field.into());
            self.violation(path, reason, error.to_string());
        }
        money.ok()
    }

    /// A required instant; 1970 when it is wrong.
    pub fn timestamp(
        &mut self,
        field: impl Into<String>,
        value: Option<&Timestamp>,
    ) -> DateTime<Utc> {
        self.required(
            field,
            value.is_some(),
            value.and_then(wire::instant),
            "TIMESTAMP",
            "must be a timestamp of the years 1 to 9999",
        )
    }

    /// An instant that may be left out; 1970 when it is wrong.
    pub fn optional_timestamp(
        &mut self,
        field: impl Into<String>,
        value: Option<&Timestamp>,
    ) -> Option<DateTime<Utc>> {
        value.map(|value| self.timestamp(field, Some(value)))
    }

    /// A required civil date with year, month and day; 1970-01-01 when it is wrong.
    pub fn date(&mut self, field: impl Into<String>, value: Option<&Date>) -> NaiveDate {
        self.required(
            field,
            value.is_some(),
            value.and_then(wire::day),
            "DATE",
            "must be a date of the calendar",
        )
    }

    /// A required local time "HH:MM"; midnight when it is wrong.
    pub fn local_time(&mut self, field: impl Into<String>, value: &str) -> NaiveTime {
        self.required(
            field,
            !value.is_empty(),
            wire::time(value),
            "TIME",
            "must be a local time such as 09:30",
        )
    }

    /// A required local time at which something ends, "HH:MM": midnight for "24:00", with which a
    /// day ends, and when it is wrong.
    pub fn closing_time(&mut self, field: impl Into<String>, value: &str) -> NaiveTime {
        self.required(
            field,
            !value.is_empty(),
            wire::closing_time(value),
            "TIME",
            "must be a local time such as 09:30, at the end of a day 24:00",
        )
    }

    /// Notes that a local time stands for no instant.
    pub fn no_instant(&mut self, field: impl Into<String>, error: &LocalTimeError) {
        let reason = match error {
            LocalTimeError::NotExisting { .. } => "LOCAL_TIME_NOT_EXISTING",
            LocalTimeError::Ambiguous { .. } => "LOCAL_TIME_AMBIGUOUS",
            LocalTimeError::Empty { .. } => "END_BEFORE_START",
            LocalTimeError::OutOfRange { .. } => "RANGE",
        };
        self.violation(field, reason, format!("must be another time: {error}"));
    }

    /// A required IANA time zone; UTC when it is wrong.
    pub fn zone(&mut self, field: impl Into<String>, value: &str) -> Zone {
        value.parse().unwrap_or_else(|unknown: UnknownZone| {
            self.violation(field, reason_for(value, "ZONE"), unknown.to_string());
            Zone::utc()
        })
    }

    /// A known value of an enum other than its `UNSPECIFIED`.
    pub fn enum_value<E>(&mut self, field: impl Into<String>, value: i32) -> E
    where
        E: TryFrom<i32> + Default + PartialEq,
    {
        let value = E::try_from(value)
            .ok()
            .filter(|known| *known != E::default());
        value.unwrap_or_else(|| {
            self.violation(field, "ENUM", "must be one of the documented values");
            E::default()
        })
    }

    /// A list of so many elements; of one that is longer only as many, so that nobody has the
    /// rest looked at.
    pub fn list<'a, T>(
        &mut self,
        field: impl Into<String>,
        value: &'a [T],
        count: RangeInclusive<usize>,
    ) -> &'a [T] {
        if !count.contains(&value.len()) {
            let expected = format!("must have {} to {} elements", count.start(), count.end());
            self.violation(
                field,
                if value.is_empty() {
                    "REQUIRED"
                } else {
                    "COUNT"
                },
                expected,
            );
        }
        &value[..value.len().min(*count.end())]
    }

    /// The wanted page of a list. A token is good for the caller who got it, and for the same
    /// filter.
    pub fn page<C: DeserializeOwned>(&mut self, call: &Call, request: &impl ListRpc) -> Page<C> {
        let size = match i64::from(request.page_size()) {
            ..0 => {
                self.violation("page_size", "NEGATIVE", "must not be negative");
                page::DEFAULT_SIZE
            }
            0 => page::DEFAULT_SIZE,
            size => size.min(page::MAX_SIZE),
        };
        Page::of(call, request, size).unwrap_or_else(|| {
            self.violation(
                "page_token",
                "PAGE_TOKEN",
                "must be a next_page_token of the same list with the same filter, or empty",
            );
            Page::first(size)
        })
    }

    /// Refuses the request with everything that was noted.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` with `google.rpc.BadRequest` unless nothing was.
    pub fn finish(self) -> Result<(), Status> {
        if self.violations.is_empty() {
            Ok(())
        } else {
            Err(invalid_fields(&self.violations))
        }
    }

    /// The same for a value made of parts that are `None` only where something was noted.
    ///
    /// # Errors
    /// As [`Fields::finish`].
    pub fn finish_with<T>(self, value: Option<T>) -> Result<T, Status> {
        self.finish()?;
        value.ok_or_else(|| internal(Unexplained))
    }

    fn required<T: Default>(
        &mut self,
        field: impl Into<String>,
        present: bool,
        value: Option<T>,
        reason: &str,
        description: &str,
    ) -> T {
        value.unwrap_or_else(|| {
            if present {
                self.violation(field, reason, description);
            } else {
                self.violation(field, "REQUIRED", "is required");
            }
            T::default()
        })
    }
}

#[derive(Debug, thiserror::Error)]
#[error("a part of a request is missing although no violation was noted")]
struct Unexplained;

fn reason_for<'a>(value: &str, otherwise: &'a str) -> &'a str {
    if value.is_empty() {
        "REQUIRED"
    } else {
        otherwise
    }
}

#[cfg(test)]
mod tests;

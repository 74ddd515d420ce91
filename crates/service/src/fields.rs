//! Parses the fields of a request and collects everything that is wrong with it.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use chrono_tz::Tz;
use contracts_core::WriteRpc;
use contracts_core::common::v1::Money as MoneyMessage;
use contracts_core::google::r#type::Date;
use contracts_core::wire;
use prost_types::Timestamp;
use serde::de::DeserializeOwned;
use tonic::Status;
use tonic_types::FieldViolation;
use uuid::Uuid;
use values::{Money, MoneyError};

use crate::errors::{internal, invalid_fields, violation};
use crate::page::{self, Page};

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
        let most = *count.end();
        let mut ids = Vec::new();
        for (index, value) in self
            .list(field, values, count)
            .iter()
            .take(most)
            .enumerate()
        {
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

    /// A text of so many characters without control characters, trimmed. A range from 0 makes it
    /// optional.
    pub fn text(
        &mut self,
        field: impl Into<String>,
        value: &str,
        length: RangeInclusive<usize>,
    ) -> String {
        let value = value.trim();
        let (least, most) = (*length.start(), *length.end());
        if !length.contains(&value.chars().count()) {
            let expected = if least == 0 {
                format!("must have at most {most} characters")
            } else {
                format!("must have {least} to {most} characters")
            };
            self.violation(field, reason_for(value, "LENGTH"), expected);
        } else if value
            .chars()
            .any(|character| character.is_control() && character != '\n')
        {
            self.violation(
                field,
                "CONTROL_CHARACTER",
                "must not contain control characters",
            );
        }
        value.to_owned()
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

    /// A required amount of money, zero or more; `None` when it is wrong.
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
        let money = Money::new(code, message.minor_units);
        if let Err(error) = money {
            let (part, reason) = match error {
                MoneyError::Currency => ("currency_code", reason_for(code, "CURRENCY")),
                MoneyError::Negative => ("minor_units", "NEGATIVE"),
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
            "must be a valid timestamp",
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
        let time = NaiveTime::parse_from_str(value, "%H:%M")
            .ok()
            .filter(|_| value.len() == 5);
        self.required(
            field,
            !value.is_empty(),
            time,
            "TIME",
            "must be a local time such as 09:30",
        )
    }

    /// A required IANA time zone; UTC when it is wrong.
    pub fn zone(&mut self, field: impl Into<String>, value: &str) -> Tz {
        Tz::from_str(value).unwrap_or_else(|_| {
            self.violation(
                field,
                reason_for(value, "ZONE"),
                "must be an IANA time zone such as Europe/Berlin",
            );
            Tz::UTC
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

    /// A list of so many elements.
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
        value
    }

    /// The wanted page, from the fields `page_size` and `page_token`.
    pub fn page<C: DeserializeOwned>(&mut self, page_size: i32, page_token: &str) -> Page<C> {
        let size = match i64::from(page_size) {
            ..0 => {
                self.violation("page_size", "NEGATIVE", "must not be negative");
                page::DEFAULT_SIZE
            }
            0 => page::DEFAULT_SIZE,
            size => size.min(page::MAX_SIZE),
        };
        let after = page::decode(page_token);
        if after.is_none() && !page_token.is_empty() {
            self.violation(
                "page_token",
                "PAGE_TOKEN",
                "must be a next_page_token of the same list, or empty",
            );
        }
        Page { size, after }
    }

    /// Refuses the request with everything that was noted.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` with `google.rpc.BadRequest` unless nothing was.
    pub fn finish(self) -> Result<(), Status> {
        if self.violations.is_empty() {
            Ok(())
        } else {
            Err(invalid_fields(self.violations))
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
mod tests {
    use contracts_core::common::v1::Role;
    use tonic_types::StatusExt as _;

    use super::*;

    fn reasons(fields: Fields) -> Vec<(String, String)> {
        let status = fields.finish().unwrap_err();
        assert_eq!(status.code(), tonic::Code::InvalidArgument);
        let details = status.get_error_details();
        assert_eq!(details.error_info().unwrap().reason, "INVALID_FIELDS");
        let violations = details.bad_request().unwrap().field_violations.clone();
        violations
            .into_iter()
            .map(|violation| (violation.field, violation.reason))
            .collect()
    }

    #[test]
    fn everything_that_is_wrong_comes_back_together() {
        let mut fields = Fields::new();
        let _: Uuid = fields.id("child_id", "x");
        let _: Uuid = fields.id("request_id", "");
        fields.text("name", "", 1..=5);
        fields.text("note", "too long", 0..=5);
        fields.int_in("minutes", 500, 15..=480);
        fields.money(
            "price",
            Some(&MoneyMessage {
                currency_code: "usd".into(),
                minor_units: 1,
            }),
        );
        fields.money(
            "fee",
            Some(&MoneyMessage {
                currency_code: "USD".into(),
                minor_units: -1,
            }),
        );
        fields.timestamp("from", None);
        fields.date(
            "birthdate",
            Some(&Date {
                year: 2025,
                month: 2,
                day: 29,
            }),
        );
        fields.local_time("opens", "9:30");
        fields.zone("zone", "Mars/Olympus");
        fields.enum_value::<Role>("role", 0);
        fields.list::<i32>("lines", &[], 1..=3);
        let page: Page<i64> = fields.page(-1, "?");
        assert_eq!(page, Page::default());
        let found = reasons(fields);
        let found: Vec<_> = found
            .iter()
            .map(|(field, reason)| (field.as_str(), reason.as_str()))
            .collect();
        assert_eq!(
            found,
            [
                ("child_id", "UUID"),
                ("request_id", "REQUIRED"),
                ("name", "REQUIRED"),
                ("note", "LENGTH"),
                ("minutes", "RANGE"),
                ("price.currency_code", "CURRENCY"),
                ("fee.minor_units", "NEGATIVE"),
                ("from", "REQUIRED"),
                ("birthdate", "DATE"),
                ("opens", "TIME"),
                ("zone", "ZONE"),
                ("role", "ENUM"),
                ("lines", "REQUIRED"),
                ("page_size", "NEGATIVE"),
                ("page_token", "PAGE_TOKEN"),
            ]
        );
    }

    #[test]
    fn good_values_come_out_as_they_are_meant() {
        let mut fields = Fields::new();
        assert_eq!(fields.text("name", " Ada ", 1..=5), "Ada");
        assert_eq!(fields.optional_id::<Uuid>("trainer_id", ""), None);
        assert_eq!(fields.zone("zone", "Europe/Berlin"), Tz::Europe__Berlin);
        assert_eq!(fields.enum_value::<Role>("role", 3), Role::Parent);
        assert_eq!(
            fields.local_time("opens", "09:30"),
            NaiveTime::from_hms_opt(9, 30, 0).unwrap()
        );
        assert_eq!(fields.page::<i64>(1000, "").size, page::MAX_SIZE);
        assert_eq!(
            fields.page(7, &page::encode(&5_i64)),
            Page {
                size: 7,
                after: Some(5_i64)
            }
        );
        fields.finish().unwrap();
    }

    #[test]
    fn a_value_of_checked_parts_is_there_when_nothing_was_noted() {
        let mut fields = Fields::new();
        let part = fields.check("age", "AGE", "7".parse::<u8>());
        assert_eq!(fields.finish_with(part).unwrap(), 7);
        let mut fields = Fields::new();
        let part = fields.check("age", "AGE", "x".parse::<u8>());
        assert_eq!(
            fields.finish_with(part).unwrap_err().code(),
            tonic::Code::InvalidArgument
        );
    }
}

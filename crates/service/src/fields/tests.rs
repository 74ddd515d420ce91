use contracts_core::common::v1::Role;
use tonic_types::StatusExt as _;

use crate::auth::Principal;
use crate::page::tests::ListThings;

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
fn nobody_has_more_of_a_list_looked_at_than_it_may_have() {
    let mut fields = Fields::new();
    let ids = vec!["?".to_owned(); 100_000];
    assert_eq!(fields.distinct_ids::<Uuid>("ids", &ids, 0..=3).len(), 3);
    let found = reasons(fields);
    assert_eq!(found.len(), 4);
    assert_eq!(found[0], ("ids".to_owned(), "COUNT".to_owned()));
}

#[test]
fn text_is_one_line_that_somebody_can_see() {
    let mut fields = Fields::new();
    assert_eq!(fields.text("name", " Cafe\u{301} ", 4..=4), "Caf\u{e9}");
    assert_eq!(fields.lines("bio", "a\r\nb", 0..=3), "a\nb");
    fields.text("a", "x\ny", 0..=9);
    fields.text("b", "\u{200b}", 0..=9);
    fields.text("c", "x\u{202e}", 0..=9);
    fields.lines("d", "x\0", 0..=9);
    fields.lines("e", &"x".repeat(100_000), 0..=9);
    fields.text("f", " ", 1..=9);
    let found = reasons(fields);
    let found: Vec<_> = found.iter().map(|(_, reason)| reason.as_str()).collect();
    let wrong = [
        "LINE_BREAK",
        "INVISIBLE",
        "DIRECTION",
        "CONTROL_CHARACTER",
        "LENGTH",
        "REQUIRED",
    ];
    assert_eq!(found, wrong);
}

#[test]
fn a_price_is_in_a_currency_of_today_and_bounded() {
    let mut fields = Fields::new();
    let message = |code: &str, minor_units| MoneyMessage {
        currency_code: code.to_owned(),
        minor_units,
    };
    assert!(
        fields
            .money("a", Some(&message("USD", Money::MOST_SET)))
            .is_some()
    );
    fields.money("b", Some(&message("USD", Money::MOST_SET + 1)));
    fields.money("c", Some(&message("ZZZ", 1)));
    let found = reasons(fields);
    let pair = |field: &str, reason: &str| (field.to_owned(), reason.to_owned());
    assert_eq!(
        found,
        [
            pair("b.minor_units", "RANGE"),
            pair("c.currency_code", "CURRENCY")
        ]
    );
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
    let request = ListThings {
        page_size: -1,
        page_token: "?".to_owned(),
        ..ListThings::default()
    };
    let page: Page<i64> = fields.page(&Call::by(Principal::Anonymous), &request);
    assert_eq!((page.size, page.after), (page::DEFAULT_SIZE, None));
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
    assert_eq!(
        fields.zone("zone", "Europe/Berlin"),
        Zone::named("Europe/Berlin").unwrap()
    );
    assert_eq!(fields.enum_value::<Role>("role", 3), Role::Parent);
    assert_eq!(
        fields.local_time("opens", "09:30"),
        NaiveTime::from_hms_opt(9, 30, 0).unwrap()
    );
    let request = ListThings {
        page_size: 1_000,
        ..ListThings::default()
    };
    let call = Call::by(Principal::Anonymous);
    let page: Page<i64> = fields.page(&call, &request);
    assert_eq!((page.size, page.after), (page::MAX_SIZE, None));
    let next = ListThings {
        page_size: 7,
        page_token: page.token(&5),
        ..request
    };
    let page: Page<i64> = fields.page(&call, &next);
    assert_eq!((page.size, page.after), (7, Some(5)));
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

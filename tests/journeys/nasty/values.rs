//! What is thrown.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use prost::Message as _;
use prost::bytes::Bytes;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, Value};

use super::fields::is_a_value;

/// How long a caller waits, so that a position beyond every head costs no ten seconds.
pub const PATIENCE: Duration = Duration::from_secs(5);

const MANY: usize = 100_000;
/// How the name of a list of so many wrong elements ends.
pub const LONGEST_LIST: &str = "100000 bad ones";

/// A value and how a report calls it.
pub struct Nasty {
    pub name: String,
    pub value: Value,
}

fn named(name: impl Into<String>, value: Value) -> Nasty {
    Nasty {
        name: name.into(),
        value,
    }
}

/// Bytes that are no message of the kind.
pub fn broken(request: &DynamicMessage) -> Vec<(String, Vec<u8>)> {
    let mut cut = request.encode_to_vec();
    cut.truncate(cut.len().saturating_sub(1));
    [
        ("broken: not protobuf", vec![0xff, 0xff, 0xff]),
        (
            "broken: an endless number",
            vec![0x08; 1].into_iter().chain([0x80; 11]).collect(),
        ),
        (
            "broken: text that is no UTF-8",
            vec![0x0a, 0x02, 0xc3, 0x28],
        ),
        ("broken: cut off", cut),
    ]
    .map(|(name, bytes)| (name.to_owned(), bytes))
    .into()
}

/// The values for a field.
pub fn nasty(field: &FieldDescriptor) -> Vec<Nasty> {
    let ones = singles(field);
    if !field.is_list() {
        return ones;
    }
    let mut lists: Vec<_> = ones
        .into_iter()
        .map(|one| named(format!("[{}]", one.name), Value::List(vec![one.value])))
        .collect();
    lists.push(named("[]", Value::List(vec![])));
    let bad = wrong_one(field);
    for count in [2, 1_000, MANY] {
        let list = Value::List(vec![bad.clone(); count]);
        lists.push(named(format!("{count} bad ones"), list));
    }
    lists
}

fn wrong_one(field: &FieldDescriptor) -> Value {
    match field.kind() {
        Kind::Message(message) => Value::Message(DynamicMessage::new(message)),
        Kind::String => Value::String("?".to_owned()),
        Kind::Enum(_) => Value::EnumNumber(-1),
        kind => Value::default_value(&kind),
    }
}

fn singles(field: &FieldDescriptor) -> Vec<Nasty> {
    match field.kind() {
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => {
            [i32::MIN, -1, 0, 1, 2, 1_000, 100_000, i32::MAX]
                .map(|number| named(number.to_string(), Value::I32(number)))
                .into()
        }
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => [
            i64::MIN,
            -1,
            0,
            1,
            1_000_000_000_000,
            1_000_000_000_001,
            i64::MAX - 1,
            i64::MAX,
        ]
        .map(|number| named(number.to_string(), Value::I64(number)))
        .into(),
        Kind::Uint32 | Kind::Fixed32 => [0, 1, u32::MAX]
            .map(|number| named(number.to_string(), Value::U32(number)))
            .into(),
        Kind::Uint64 | Kind::Fixed64 => [0, 1, u64::MAX]
            .map(|number| named(number.to_string(), Value::U64(number)))
            .into(),
        Kind::Bool => [true, false]
            .map(|truth| named(truth.to_string(), Value::Bool(truth)))
            .into(),
        Kind::Enum(_) => [i32::MIN, -1, 0, 1, 2, 99, i32::MAX]
            .map(|number| named(format!("enum {number}"), Value::EnumNumber(number)))
            .into(),
        Kind::Bytes => [vec![], vec![0], vec![0xff; 100_000]]
            .map(|bytes| {
                named(
                    format!("{} bytes", bytes.len()),
                    Value::Bytes(Bytes::from(bytes)),
                )
            })
            .into(),
        Kind::Double | Kind::Float => panic!("{} is a fraction", field.full_name()),
        Kind::String => texts(field.name()),
        Kind::Message(message) => messages(&message),
    }
}

fn texts(field: &str) -> Vec<Nasty> {
    let mut texts: Vec<String> = [
        "",
        " ",
        "\0",
        "a\0b",
        "\u{200b}",
        "\u{2800}",
        "\u{3164}",
        "\u{feff}\u{ad}",
        "evil\u{202e}txt",
        "a\nb",
        "a\u{2028}b",
        "a\tb",
        "\u{1b}[31m",
        "e\u{301}\u{301}\u{301}",
        "\u{301}",
        "\u{fdfa}",
        "\u{1f468}\u{200d}\u{1f469}",
        "ſﬀ",
        "İ",
        "'; drop table users; --",
        "%",
        "_",
        "\\",
        "../../etc",
        "{{ 7 * 7 }}",
        "0",
        "-1",
        "null",
        "true",
        "ZZZ",
        "usd",
        "XXX",
        "DEM",
        "USD",
        "9: 30",
        " 9:30",
        "24:00",
        "24:01",
        "25:00",
        "23:60",
        "00:00",
        "europe/berlin",
        "Europe/Berlin",
        "+02:00",
        "00000000-0000-0000-0000-000000000000",
        "FFFFFFFF-FFFF-4FFF-BFFF-FFFFFFFFFFFF",
        "{01900000-0000-7000-8000-000000000000}",
        "01900000000070008000000000000000",
        "a@b",
        "a@b.example",
        "@",
        "+",
        "+10000000000000000",
    ]
    .map(str::to_owned)
    .into();
    texts.push("x".repeat(255));
    texts.push("x".repeat(70_000));
    texts.push("\u{1d11e}".repeat(5_000));
    texts.push("e\u{301}".repeat(60));
    if field == "page_token" {
        texts.extend(forged_tokens());
    }
    texts
        .into_iter()
        .map(|text| {
            let shown: String = text.chars().take(40).flat_map(char::escape_debug).collect();
            named(format!("\"{shown}\""), Value::String(text))
        })
        .collect()
}

/// Cursors of every shape that a list may have, with values that SQL does not take.
fn forged_tokens() -> Vec<String> {
    let id = "01900000-0000-7000-8000-000000000000";
    let years = [
        "-005999-01-01T00:00:00Z",
        "+010000-01-01T00:00:00Z",
        "0000-01-01T00:00:00Z",
    ];
    let mut cursors = vec![
        "\"\\u0000\"".to_owned(),
        format!("[\"\\u0000\",\"{id}\"]"),
        "null".to_owned(),
        "0".to_owned(),
        i64::MAX.to_string(),
        format!("[{},\"{id}\"]", i64::MIN),
        format!("\"{id}\""),
        "{}".to_owned(),
        "[]".to_owned(),
    ];
    for year in years {
        cursors.push(format!("\"{year}\""));
        cursors.push(format!("[\"{year}\",\"{id}\"]"));
        cursors.push(format!("[\"{year}\",{}]", i64::MAX));
    }
    cursors
        .into_iter()
        .map(|cursor| URL_SAFE_NO_PAD.encode(cursor))
        .collect()
}

fn messages(message: &MessageDescriptor) -> Vec<Nasty> {
    match message.full_name() {
        "google.protobuf.Timestamp" => instants(message),
        "google.type.Date" => dates(message),
        _ => {
            debug_assert!(!is_a_value(message));
            vec![named(
                "{}",
                Value::Message(DynamicMessage::new(message.clone())),
            )]
        }
    }
}

fn instants(message: &MessageDescriptor) -> Vec<Nasty> {
    const DAY: i64 = 24 * 60 * 60;
    const YEAR_0: i64 = -62_167_219_200;
    const YEAR_1: i64 = -62_135_596_800;
    const YEAR_10000: i64 = 253_402_300_800;
    let seconds = [
        0,
        -1,
        i64::MIN,
        i64::MAX,
        YEAR_0 - 5_952 * 366 * DAY,
        YEAR_0,
        YEAR_1 - 1,
        YEAR_1,
        YEAR_1 + 1,
        YEAR_10000 - DAY,
        YEAR_10000 - 1,
        YEAR_10000,
        YEAR_10000 + 365 * DAY,
        8_210_266_876_799,
        8_210_266_876_800,
        -8_334_601_228_800,
    ];
    let mut pairs: Vec<(i64, i32)> = seconds.into_iter().map(|second| (second, 0)).collect();
    pairs.extend([
        (0, -1),
        (0, 1_000_000_000),
        (0, i32::MAX),
        (1, 1),
        (YEAR_10000 - 1, 999_999_999),
    ]);
    let of = |(seconds, nanos): (i64, i32)| {
        let mut instant = DynamicMessage::new(message.clone());
        instant.set_field_by_name("seconds", Value::I64(seconds));
        instant.set_field_by_name("nanos", Value::I32(nanos));
        named(format!("{seconds} s {nanos} ns"), Value::Message(instant))
    };
    pairs.into_iter().map(of).collect()
}

fn dates(message: &MessageDescriptor) -> Vec<Nasty> {
    let of = |(year, month, day)| {
        let mut date = DynamicMessage::new(message.clone());
        for (part, value) in [("year", year), ("month", month), ("day", day)] {
            date.set_field_by_name(part, Value::I32(value));
        }
        named(format!("{year}-{month}-{day}"), Value::Message(date))
    };
    [
        (0, 0, 0),
        (0, 1, 1),
        (1, 1, 1),
        (1, 12, 31),
        (1900, 2, 29),
        (2000, 2, 29),
        (2026, 0, 0),
        (2026, 1, 0),
        (2026, 13, 1),
        (2026, 2, 30),
        (9999, 1, 1),
        (9999, 12, 31),
        (10_000, 1, 1),
        (-1, 1, 1),
        (i32::MIN, 1, 1),
        (i32::MAX, 12, 31),
        (2026, i32::MAX, 1),
        (2026, 1, i32::MIN),
    ]
    .into_iter()
    .map(of)
    .collect()
}

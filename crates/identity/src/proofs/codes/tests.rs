use std::collections::HashSet;

use super::*;

fn now() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000)
}

fn row() -> Row {
    Row {
        id: Uuid::from_u128(1),
        user_id: Uuid::from_u128(2),
        otp: Vec::new(),
        target: String::new(),
        target_key: None,
        expires_at: now() + TimeDelta::minutes(10),
        attempts: 0,
        state: "LIVE".to_owned(),
        used_by: None,
    }
}

fn request() -> Uuid {
    Uuid::from_u128(3)
}

#[test]
fn a_code_has_six_digits_of_which_all_occur() {
    let codes: Vec<String> = (0..600).map(|_| digits().unwrap()).collect();
    assert!(codes.iter().all(|code| code.len() == 6));
    assert!(codes.iter().any(|code| code.starts_with('0')));
    let firsts: HashSet<_> = codes.iter().map(|code| &code[..1]).collect();
    assert_eq!(firsts.len(), 10);
    assert!(codes.iter().collect::<HashSet<_>>().len() > 590);
}

#[test]
fn the_right_code_is_right_until_it_expires() {
    let end = row().expires_at;
    let just = end - TimeDelta::milliseconds(1);
    assert_eq!(row().verdict(true, request(), just), Verdict::Right);
    assert_eq!(row().verdict(true, request(), end), Verdict::Expired);
}

#[test]
fn a_used_code_is_good_for_the_same_request_alone() {
    let used = Row {
        state: "USED".to_owned(),
        used_by: Some(request()),
        ..row()
    };
    assert_eq!(used.verdict(true, request(), now()), Verdict::Repeated);
    assert_eq!(
        used.verdict(true, Uuid::from_u128(4), now()),
        Verdict::Expired
    );
    assert_eq!(used.verdict(false, request(), now()), Verdict::Expired);
}

#[test]
fn the_fifth_wrong_code_is_the_last() {
    let mut tried = row();
    for attempts in 1..=MAX_ATTEMPTS {
        assert_eq!(
            tried.verdict(false, request(), now()),
            Verdict::Wrong { attempts }
        );
        tried.attempts = attempts;
    }
    assert_eq!(tried.verdict(true, request(), now()), Verdict::Expired);
    let locked = Row {
        state: "LOCKED".to_owned(),
        ..row()
    };
    assert_eq!(locked.verdict(true, request(), now()), Verdict::Expired);
}

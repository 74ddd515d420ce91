use super::*;

fn now() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000)
}

fn counter(attempts: i32, last_at: DateTime<Utc>) -> Counter {
    Counter {
        key: Vec::new(),
        kind: String::new(),
        attempts,
        last_at,
        blocked_until: None,
    }
}

fn delay(sort: Sort, kind: Kind, before: i32) -> Option<i64> {
    let (attempts, delay) = sort
        .policy(kind)
        .after(Some(&counter(before, now())), now());
    assert_eq!(attempts, before + 1);
    delay.map(|delay| delay.num_seconds())
}

#[test]
fn after_the_free_attempts_each_waits_twice_as_long_as_the_last() {
    let delays: Vec<_> = (0..8)
        .map(|before| delay(Sort::Login, Kind::Pair, before))
        .collect();
    assert_eq!(
        delays,
        [None, None, None, None, Some(1), Some(2), Some(4), Some(8)]
    );
    assert_eq!(delay(Sort::Login, Kind::Account, 18), None);
    assert_eq!(delay(Sort::Login, Kind::Account, 19), Some(1));
    assert_eq!(delay(Sort::Letter, Kind::Pair, 4), Some(30));
}

#[test]
fn no_delay_is_longer_than_a_quarter_of_an_hour() {
    for before in [20, 40, 1_000, i32::MAX - 1] {
        assert_eq!(delay(Sort::Login, Kind::Pair, before), Some(900));
        assert_eq!(delay(Sort::Letter, Kind::Pair, before), Some(900));
    }
}

#[test]
fn what_is_long_ago_is_forgotten() {
    let policy = Sort::Login.policy(Kind::Pair);
    let old = counter(40, now() - TimeDelta::hours(24));
    assert_eq!(policy.after(Some(&old), now()), (1, None));
    assert_eq!(policy.after(None, now()), (1, None));
}

#[test]
fn from_a_known_network_the_account_there_counts_alone() {
    let tried = Tried {
        account: [1; 32],
        pair: [2; 32],
        network: Some([3; 32]),
        known: [4; 32],
    };
    assert_eq!(tried.counted(true), [(Kind::Pair, [2; 32])]);
    assert_eq!(tried.counted(false).len(), 3);
    let logged_in = Tried {
        network: None,
        ..tried
    };
    assert_eq!(logged_in.counted(false), [(Kind::Pair, [2; 32])]);
}

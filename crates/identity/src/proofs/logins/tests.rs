use proptest::prelude::*;

use super::*;

fn now() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000)
}

fn tag(number: u8) -> [u8; 32] {
    [number; 32]
}

fn family() -> Family {
    Family {
        current: tag(0).to_vec(),
        previous: None,
        generation: 0,
        grace_used: false,
        rotated_at: now(),
        expires_at: now() + TimeDelta::days(30),
        ended: false,
        reused: false,
    }
}

const SUCCESSOR: Decision = Decision::Next(Next::Successor);
const REPLACEMENT: Decision = Decision::Next(Next::Replacement);

#[test]
fn the_present_token_is_followed_by_the_next() {
    let family = family();
    assert_eq!(family.decide(&tag(0), now()), SUCCESSOR);
    let family = family.advanced(Next::Successor, tag(1), now());
    assert_eq!(family.decide(&tag(1), now()), SUCCESSOR);
}

#[test]
fn a_lost_answer_is_given_once_more_within_the_grace_time() {
    let family = family().advanced(Next::Successor, tag(1), now());
    let late = now() + GRACE;
    assert_eq!(family.decide(&tag(0), late), Decision::Reused);
    let just = late - TimeDelta::milliseconds(1);
    assert_eq!(family.decide(&tag(0), just), REPLACEMENT);
    let family = family.advanced(Next::Replacement, tag(2), just);
    assert_eq!(family.decide(&tag(0), just), Decision::Reused, "only once");
    assert_eq!(
        family.decide(&tag(1), just),
        Decision::Reused,
        "the answer that was lost is no longer valid"
    );
    assert_eq!(family.decide(&tag(2), just), SUCCESSOR);
}

#[test]
fn there_is_no_grace_once_the_successor_was_used() {
    let family =
        family()
            .advanced(Next::Successor, tag(1), now())
            .advanced(Next::Successor, tag(2), now());
    assert_eq!(family.decide(&tag(0), now()), Decision::Reused);
    assert_eq!(family.decide(&tag(1), now()), REPLACEMENT);
}

#[test]
fn a_login_ends_at_the_time_that_was_fixed_when_it_began() {
    let family = family().advanced(Next::Successor, tag(1), now() + TimeDelta::days(29));
    let end = now() + TimeDelta::days(30);
    assert_eq!(family.decide(&tag(1), end), Decision::Invalid);
    let just = end - TimeDelta::milliseconds(1);
    assert_eq!(family.decide(&tag(1), just), SUCCESSOR);
}

#[test]
fn no_token_of_an_ended_login_is_good_and_a_reuse_is_told_again() {
    let mut over = family();
    over.ended = true;
    assert_eq!(over.decide(&tag(0), now()), Decision::Invalid);
    over.reused = true;
    assert_eq!(over.decide(&tag(0), now()), Decision::Reused);
}

proptest! {
    /// Whoever offers which of the tokens ever issued, in whatever order and at whatever pace.
    #[test]
    fn at_most_one_token_is_live_and_a_reuse_always_ends_the_login(
        offers in prop::collection::vec((any::<prop::sample::Index>(), 0_i64..40), 1..60)
    ) {
        let mut family = family();
        let mut issued = vec![tag(0)];
        let mut clock = now();
        for (which, seconds) in offers {
            clock += TimeDelta::seconds(seconds);
            let offered = *which.get(&issued);
            let live = issued
                .iter()
                .filter(|tag| family.decide(*tag, clock) == SUCCESSOR)
                .count();
            prop_assert!(live <= 1);
            match family.decide(&offered, clock) {
                Decision::Next(next) => {
                    prop_assert!(!family.reused);
                    let newest = tag(u8::try_from(issued.len()).unwrap());
                    issued.push(newest);
                    family = family.advanced(next, newest, clock);
                    prop_assert_eq!(family.decide(&newest, clock), SUCCESSOR);
                    if next == Next::Successor {
                        prop_assert_ne!(family.decide(&offered, clock), SUCCESSOR);
                    }
                }
                Decision::Reused => {
                    family.ended = true;
                    family.reused = true;
                    for tag in &issued {
                        prop_assert_eq!(family.decide(tag, clock), Decision::Reused);
                    }
                }
                Decision::Invalid => prop_assert!(family.expires_at <= clock),
            }
        }
    }
}

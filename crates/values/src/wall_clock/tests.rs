use chrono::{Days, TimeDelta, Timelike};
use proptest::prelude::*;

use super::*;

fn date(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap()
}

fn wall(hour: u32, minute: u32) -> WallTime {
    WallTime {
        time: NaiveTime::from_hms_opt(hour, minute, 0).unwrap(),
        offset: None,
    }
}

fn with_offset(wall: WallTime, minutes: i32) -> WallTime {
    WallTime {
        offset: FixedOffset::east_opt(minutes * 60),
        ..wall
    }
}

fn berlin() -> Zone {
    Zone::named("Europe/Berlin").unwrap()
}

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

#[test]
fn thirteen_o_clock_stays_thirteen_o_clock_across_a_clock_change() {
    // Clocks in New York were set forward on 2026-03-08.
    let sundays = Dates::Recurring {
        weekdays: vec![Weekday::Sun],
        from: date(2026, 3, 1),
        until: date(2026, 3, 15),
        except: BTreeSet::new(),
    };
    let instants: Vec<_> = sundays
        .days()
        .map(|date| instant(Zone::new_york(), date, wall(13, 0)).unwrap())
        .collect();
    assert_eq!(
        instants,
        vec![
            utc("2026-03-01T18:00:00Z"),
            utc("2026-03-08T17:00:00Z"),
            utc("2026-03-15T17:00:00Z"),
        ]
    );
}

#[test]
fn a_local_time_that_clocks_skip_is_refused() {
    let skipped = instant(Zone::new_york(), date(2026, 3, 8), wall(2, 30));
    assert!(
        matches!(skipped, Err(LocalTimeError::NotExisting { .. })),
        "{skipped:?}"
    );
}

#[test]
fn a_local_time_that_clocks_show_twice_needs_its_offset() {
    let day = date(2026, 11, 1);
    let without = instant(Zone::new_york(), day, wall(1, 30));
    assert!(
        matches!(
            without,
            Err(LocalTimeError::Ambiguous {
                earlier: -240,
                later: -300,
                ..
            })
        ),
        "{without:?}"
    );
    let first = instant(Zone::new_york(), day, with_offset(wall(1, 30), -240));
    assert_eq!(first, Ok(utc("2026-11-01T05:30:00Z")));
    let second = instant(Zone::new_york(), day, with_offset(wall(1, 30), -300));
    assert_eq!(second, Ok(utc("2026-11-01T06:30:00Z")));
    let neither = instant(Zone::new_york(), day, with_offset(wall(1, 30), 0));
    assert!(
        matches!(neither, Err(LocalTimeError::Ambiguous { .. })),
        "{neither:?}"
    );
}

#[test]
fn a_slot_over_the_hour_that_clocks_show_twice_is_an_hour_longer() {
    let times = Times {
        start: wall(0, 30),
        end: wall(3, 0),
    };
    let (interval, local) = resolve(Zone::new_york(), date(2026, 11, 1), times).unwrap();
    assert_eq!(interval.minutes(), 210);
    assert_eq!(local.start, times.start.time);
    assert_eq!(local.end, times.end.time);
}

#[test]
fn a_slot_ends_after_it_starts() {
    let day = date(2026, 6, 1);
    for (start, end) in [(wall(13, 0), wall(13, 0)), (wall(13, 0), wall(12, 0))] {
        assert_eq!(
            resolve(berlin(), day, Times { start, end }),
            Err(vec![(Edge::End, LocalTimeError::Empty { date: day })])
        );
    }
}

#[test]
fn a_slot_may_end_with_the_day() {
    let times = Times {
        start: wall(22, 0),
        end: wall(0, 0),
    };
    let (interval, local) = resolve(berlin(), date(2026, 12, 31), times).unwrap();
    assert_eq!(interval.from(), utc("2026-12-31T21:00:00Z"));
    assert_eq!(interval.to(), utc("2026-12-31T23:00:00Z"));
    assert_eq!(
        (local.date, local.end),
        (date(2026, 12, 31), NaiveTime::MIN)
    );
    let whole = Times {
        start: wall(0, 0),
        end: wall(0, 0),
    };
    let (interval, _) = resolve(berlin(), date(2026, 3, 29), whole).unwrap();
    assert_eq!(interval.minutes(), 23 * 60);
}

#[test]
fn no_instant_leaves_the_years_that_everybody_can_hold() {
    let late = Times {
        start: wall(20, 0),
        end: wall(23, 0),
    };
    let apia = Zone::named("Pacific/Apia").unwrap();
    for (zone, day) in [
        (Zone::new_york(), date(9999, 12, 31)),
        (apia, date(1, 1, 1)),
    ] {
        let early = Times {
            start: wall(0, 0),
            end: wall(1, 0),
        };
        let times = if day.year() == 1 { early } else { late };
        let errors = resolve(zone, day, times).unwrap_err();
        assert!(
            errors
                .iter()
                .all(|(_, error)| matches!(error, LocalTimeError::OutOfRange { .. })),
            "{errors:?}"
        );
    }
    // New Year's Eve of the last year ends in the year 10000.
    let eve = Times {
        start: wall(1, 0),
        end: wall(0, 0),
    };
    assert!(resolve(Zone::utc(), date(9999, 12, 31), eve).is_err());
}

#[test]
fn both_ends_of_a_slot_are_reported() {
    let day = date(2026, 3, 29);
    let times = Times {
        start: wall(2, 0),
        end: wall(2, 30),
    };
    assert_eq!(resolve(berlin(), day, times).unwrap_err().len(), 2);
}

#[test]
fn recurring_dates_are_those_weekdays_without_the_exceptions() {
    let dates = Dates::Recurring {
        weekdays: vec![Weekday::Mon, Weekday::Wed],
        from: date(2026, 6, 1),
        until: date(2026, 6, 10),
        except: [date(2026, 6, 3)].into(),
    };
    let dates: Vec<_> = dates.days().collect();
    assert_eq!(
        dates,
        vec![date(2026, 6, 1), date(2026, 6, 8), date(2026, 6, 10)]
    );
}

#[test]
fn a_single_date_is_one() {
    let day = date(2026, 6, 1);
    assert_eq!(Dates::Single(day).days().collect::<Vec<_>>(), vec![day]);
}

fn zones() -> impl Strategy<Value = Zone> {
    proptest::sample::select(Zone::all().collect::<Vec<_>>())
}

fn days() -> impl Strategy<Value = NaiveDate> {
    (0..40_000_u64).prop_map(|days| date(1970, 1, 1) + Days::new(days))
}

fn walls() -> impl Strategy<Value = WallTime> {
    (0..24_u32, 0..60_u32).prop_map(|(hour, minute)| wall(hour, minute))
}

proptest! {
    #[test]
    fn an_instant_shows_the_local_time_it_came_from(zone in zones(), day in days(), wall in walls()) {
        if let Ok(instant) = instant(zone, day, wall) {
            prop_assert_eq!(instant.with_timezone(&zone).naive_local(), day.and_time(wall.time));
        }
    }

    #[test]
    fn an_ambiguous_time_is_resolved_by_either_of_the_offsets_it_names(
        zone in zones(),
        day in days(),
        wall in walls(),
    ) {
        if let Err(LocalTimeError::Ambiguous { earlier, later, .. }) = instant(zone, day, wall) {
            let first = instant(zone, day, with_offset(wall, earlier));
            let second = instant(zone, day, with_offset(wall, later));
            // Offsets of a few zones of the past have seconds, which no minute names.
            if let (Ok(first), Ok(second)) = (first, second) {
                prop_assert!(first < second);
                for it in [first, second] {
                    prop_assert_eq!(it.with_timezone(&zone).naive_local(), day.and_time(wall.time));
                }
            }
        }
    }

    #[test]
    fn a_skipped_time_is_shown_by_no_instant(zone in zones(), day in days(), wall in walls()) {
        if let Err(LocalTimeError::NotExisting { .. }) = instant(zone, day, wall) {
            let local = day.and_time(wall.time);
            let around = (-26 * 60..=26 * 60).map(|minute| local.and_utc() + TimeDelta::minutes(minute));
            for it in around {
                prop_assert_ne!(it.with_timezone(&zone).naive_local(), local);
            }
        }
    }

    #[test]
    fn every_slot_of_a_series_shows_the_same_times(zone in zones(), from in days(), wall in walls()) {
        let end = WallTime { time: wall.time.with_minute(59).unwrap(), offset: None };
        prop_assume!(end.time > wall.time);
        let dates = Dates::Recurring {
            weekdays: vec![Weekday::Tue, Weekday::Sat],
            from,
            until: from + Days::new(60),
            except: BTreeSet::new(),
        };
        for day in dates.days() {
            if let Ok((interval, local)) = resolve(zone, day, Times { start: wall, end }) {
                prop_assert_eq!(interval.from().with_timezone(&zone).time(), local.start);
                prop_assert_eq!(interval.to().with_timezone(&zone).time(), local.end);
                prop_assert_eq!(local.date, day);
            }
        }
    }
}

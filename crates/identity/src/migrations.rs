use eventsourcing::{Migration, migration};

/// The tables beside the log, in the order of their numbers.
pub fn migrations() -> Vec<Migration> {
    vec![
        migration(
            100,
            "credentials",
            include_str!("../migrations/0100_credentials.sql"),
        ),
        migration(101, "users", include_str!("../migrations/0101_users.sql")),
        migration(
            102,
            "trainers",
            include_str!("../migrations/0102_trainers.sql"),
        ),
        migration(
            103,
            "children",
            include_str!("../migrations/0103_children.sql"),
        ),
        migration(104, "subject keys", eventsourcing::personal::TABLES),
        migration(
            110,
            "erasures",
            include_str!("../migrations/0110_erasures.sql"),
        ),
        migration(120, "logins", include_str!("../migrations/0120_logins.sql")),
        migration(121, "otps", include_str!("../migrations/0121_otps.sql")),
        migration(
            122,
            "login attempts",
            include_str!("../migrations/0122_login_attempts.sql"),
        ),
        migration(
            123,
            "signing keys",
            include_str!("../migrations/0123_signing_keys.sql"),
        ),
        migration(
            130,
            "child records",
            include_str!("../migrations/0130_child_records.sql"),
        ),
        migration(
            131,
            "bookings",
            include_str!("../migrations/0131_bookings.sql"),
        ),
        migration(
            140,
            "availability",
            include_str!("../migrations/0140_availability.sql"),
        ),
        migration(150, "emails", include_str!("../migrations/0150_emails.sql")),
    ]
}

//! What identity reads of the environment for itself.

use std::path::PathBuf;
use std::time::Duration;

use service::{MasterKeyText, OwnSettings, Secret, Variables};
use values::Zone;

/// The settings of identity. The README names the variables.
#[derive(Debug, Clone)]
pub struct IdentitySettings {
    /// Seals the keys of personal data; no other service has it.
    pub master_key: Option<MasterKeyText>,
    /// The master key before it, until `divinetime keys rewrap` has run.
    pub previous_master_key: Option<MasterKeyText>,
    pub mail: MailSettings,
    /// How long a login can be continued by refresh tokens.
    pub refresh_token_lifetime: Duration,
    /// How long a key signs access tokens before the next one takes over.
    pub signing_key_lifetime: Duration,
    /// How long an access token is valid.
    pub access_token_lifetime: Duration,
    /// The zone in which messages tell the time.
    pub business_zone: Zone,
}

impl Default for IdentitySettings {
    fn default() -> Self {
        Self {
            master_key: None,
            previous_master_key: None,
            mail: MailSettings::default(),
            refresh_token_lifetime: Duration::from_hours(30 * 24),
            signing_key_lifetime: Duration::from_hours(30 * 24),
            access_token_lifetime: Duration::from_mins(15),
            business_zone: Zone::new_york(),
        }
    }
}

impl OwnSettings for IdentitySettings {
    fn read(from: &mut Variables) -> Self {
        let mut own = Self {
            master_key: from.master_key(
                "DIVINETIME_MASTER_KEY",
                "seals the keys of personal data: base64 of 32 random bytes; no other service needs it",
            ),
            previous_master_key: from.master_key(
                "DIVINETIME_PREVIOUS_MASTER_KEY",
                "the master key before it, until `divinetime keys rewrap` has run",
            ),
            ..Self::default()
        };
        own.mail.read(from);
        from.seconds(
            "DIVINETIME_REFRESH_TOKEN_SECONDS",
            "how long a login can be continued",
            &mut own.refresh_token_lifetime,
        );
        from.seconds(
            "DIVINETIME_SIGNING_KEY_SECONDS",
            "how long a key signs access tokens before the next one takes over",
            &mut own.signing_key_lifetime,
        );
        from.seconds(
            "DIVINETIME_ACCESS_TOKEN_SECONDS",
            "how long a user's access token is valid",
            &mut own.access_token_lifetime,
        );
        from.set(
            "DIVINETIME_BUSINESS_ZONE",
            "the time zone of the times in mail",
            &mut own.business_zone,
        );
        own
    }
}

/// How mail and text messages leave, and what they say of the platform.
#[derive(Debug, Clone)]
pub struct MailSettings {
    /// `smtp://user:password@host:port`, or `smtps://...`; none in development.
    pub smtp_url: Option<Secret>,
    /// The folder in which messages are written as files instead, one for each.
    pub directory: Option<PathBuf>,
    /// The sender, for example `DivineTime <hello@example.com>`.
    pub from: String,
    /// What the platform calls itself in messages.
    pub platform: String,
    /// The address to which links in messages lead.
    pub public_url: String,
}

impl Default for MailSettings {
    fn default() -> Self {
        Self {
            smtp_url: None,
            directory: None,
            from: "DivineTime <no-reply@divinetime.example>".to_owned(),
            platform: "DivineTime".to_owned(),
            public_url: "https://divinetime.example".to_owned(),
        }
    }
}

impl MailSettings {
    fn read(&mut self, from: &mut Variables) {
        let server = from.take(
            "DIVINETIME_SMTP_URL",
            "the mail server: smtp://user:password@host:port or smtps://; none unless set",
        );
        self.smtp_url = server.map(Secret::new);
        let directory = from.take(
            "DIVINETIME_MAIL_DIRECTORY",
            "where mail is written as files when no mail server is set, and text messages always; \
             for `up` without a mail server, `mail` in its data directory",
        );
        self.directory = directory.map(PathBuf::from);
        from.set("DIVINETIME_MAIL_FROM", "the sender of mail", &mut self.from);
        from.set(
            "DIVINETIME_PLATFORM_NAME",
            "what the platform calls itself in mail",
            &mut self.platform,
        );
        from.set(
            "DIVINETIME_PUBLIC_URL",
            "where links in mail lead",
            &mut self.public_url,
        );
    }
}

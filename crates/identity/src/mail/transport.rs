//! The ways by which messages leave: SMTP, or files.

use std::error::Error as _;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::{Error as SmtpError, PoolConfig};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use service::Secret;
use uuid::Uuid;

use super::Content;
use crate::MailSettings;
use crate::domain::values::EmailId;

/// A server that is silent for this long has not answered.
const SILENCE: Duration = Duration::from_secs(30);
/// A message that is not accepted after this time is tried again.
const LONGEST: Duration = Duration::from_mins(1);
/// The most connections to the server.
const CONNECTIONS: u32 = 4;
/// The codes by which a server refuses this deployment and not the message: for its credentials, or
/// for a connection without encryption (RFC 4954).
const ABOUT_US: [&str; 4] = ["530", "534", "535", "538"];

/// Sends messages by SMTP, or writes them as files. Cheap to clone.
#[derive(Clone)]
pub struct Transport {
    from: Mailbox,
    smtp: Option<AsyncSmtpTransport<Tokio1Executor>>,
    directory: Option<PathBuf>,
}

/// Why the settings of mail cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The sender is no address.
    #[error("DIVINETIME_MAIL_FROM must be an address like `DivineTime <hello@example.com>`")]
    From,
    /// The URL names no server. The error does not repeat it, because it may contain a password.
    #[error("DIVINETIME_SMTP_URL must be smtp://user:password@host:port or smtps://...")]
    SmtpUrl,
}

/// How an attempt ended, in words without personal data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The server has accepted the message, or the file is written.
    Sent,
    /// The message may go through later.
    Later(String),
    /// The message will never go through.
    Refused(String),
}

/// The parts of a message beside its content.
pub(super) struct Envelope<'a> {
    pub id: EmailId,
    /// The number of times that it was sent again on request.
    pub resends: i32,
    /// The template, in lower case with hyphens.
    pub about: &'a str,
    pub to: &'a str,
    pub queued_at: DateTime<Utc>,
}

impl Transport {
    /// Sends mail by SMTP when there is a server, and otherwise as files when there is a directory.
    /// Text messages are always files.
    pub fn new(settings: &MailSettings) -> Result<Self, TransportError> {
        let from: Mailbox = settings.from.parse().map_err(|_| TransportError::From)?;
        let smtp = settings.smtp_url.as_ref();
        Ok(Self {
            smtp: smtp.map(|url| connect(url, &from)).transpose()?,
            directory: settings.directory.clone(),
            from,
        })
    }

    /// Whether mail can be sent.
    pub fn takes_mail(&self) -> bool {
        self.smtp.is_some() || self.directory.is_some()
    }

    /// Whether text messages can be sent.
    pub fn takes_texts(&self) -> bool {
        self.directory.is_some()
    }

    /// The Message-ID, which is the same for the same message, so that a reader who gets it twice
    /// sees that it is one.
    pub(super) fn message_id(&self, id: EmailId, resends: i32) -> String {
        let (id, domain) = (id.uuid().simple(), self.from.email.domain());
        match resends {
            0 => format!("<{id}@{domain}>"),
            again => format!("<{id}.{again}@{domain}>"),
        }
    }

    /// The mail goes by SMTP, or into a file when no server is set.
    pub(super) async fn mail(&self, envelope: &Envelope<'_>, content: &Content) -> Outcome {
        let Ok(to) = envelope.to.parse::<Address>() else {
            return Outcome::Refused("the address is not one that mail can be sent to".to_owned());
        };
        let Ok(message) = self.message(envelope, to, content) else {
            return Outcome::Refused("no message can be made of it".to_owned());
        };
        match (&self.smtp, &self.directory) {
            (Some(smtp), _) => deliver(smtp, message).await,
            (None, Some(directory)) => {
                write_file(directory, envelope, "eml", message.formatted()).await
            }
            (None, None) => Outcome::Later("no mail server and no directory is set".to_owned()),
        }
    }

    /// Writes a text message.
    pub(super) async fn text(&self, envelope: &Envelope<'_>, text: &str) -> Outcome {
        let Some(directory) = &self.directory else {
            return Outcome::Later("no directory is set".to_owned());
        };
        let body = format!("To: {}\n\n{text}\n", envelope.to);
        write_file(directory, envelope, "txt", body.into_bytes()).await
    }

    /// The mail, which has the same bytes for the same message.
    fn message(
        &self,
        envelope: &Envelope<'_>,
        to: Address,
        content: &Content,
    ) -> Result<Message, lettre::error::Error> {
        let parts = MultiPart::alternative()
            .boundary(format!("part-{}", envelope.id.uuid().simple()))
            .singlepart(SinglePart::plain(content.text.clone()))
            .singlepart(SinglePart::html(content.html.clone()));
        Message::builder()
            .message_id(Some(self.message_id(envelope.id, envelope.resends)))
            .date(envelope.queued_at.into())
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(content.subject.clone())
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".to_owned(),
            ))
            .multipart(parts)
    }
}

/// A pool of connections. Encryption is used where the server offers it, and required when a
/// password would otherwise go to another machine in clear.
fn connect(
    url: &Secret,
    from: &Mailbox,
) -> Result<AsyncSmtpTransport<Tokio1Executor>, TransportError> {
    let url = with_encryption(url.expose()).ok_or(TransportError::SmtpUrl)?;
    let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(&url)
        .map_err(|_| TransportError::SmtpUrl)?;
    let pool = PoolConfig::new().max_size(CONNECTIONS);
    Ok(builder
        .hello_name(ClientId::Domain(from.email.domain().to_owned()))
        .timeout(Some(SILENCE))
        .pool_config(pool)
        .build())
}

fn with_encryption(url: &str) -> Option<String> {
    let Some(rest) = url.strip_prefix("smtp://") else {
        return url.starts_with("smtps://").then(|| url.to_owned());
    };
    if url.contains("tls=") {
        return Some(url.to_owned());
    }
    let authority = rest.split(['/', '?']).next()?;
    let (password, host) = match authority.rsplit_once('@') {
        Some((_, host)) => (true, host),
        None => (false, authority),
    };
    let here = ["localhost", "127.0.0.1", "[::1]"];
    let is_here = here
        .iter()
        .any(|name| host == *name || host.starts_with(&format!("{name}:")));
    let tls = if password && !is_here {
        "required"
    } else {
        "opportunistic"
    };
    let separator = if url.contains('?') { '&' } else { '?' };
    Some(format!("{url}{separator}tls={tls}"))
}

async fn deliver(smtp: &AsyncSmtpTransport<Tokio1Executor>, message: Message) -> Outcome {
    match tokio::time::timeout(LONGEST, smtp.send(message)).await {
        Ok(Ok(_)) => Outcome::Sent,
        Ok(Err(error)) => judge(&error),
        Err(_) => Outcome::Later("the mail server took too long".to_owned()),
    }
}

/// The outcome of a failure. The server's words are not passed on, because they often quote the
/// address.
fn judge(error: &SmtpError) -> Outcome {
    let Some(code) = error.status().map(|code| code.to_string()) else {
        return Outcome::Later(trouble(error).to_owned());
    };
    let said = error.source().map(ToString::to_string).unwrap_or_default();
    let reason = match enhanced(&said) {
        Some(enhanced) => format!("SMTP {code} {enhanced}"),
        None => format!("SMTP {code}"),
    };
    if error.is_permanent() && !ABOUT_US.contains(&code.as_str()) {
        Outcome::Refused(reason)
    } else {
        Outcome::Later(reason)
    }
}

fn trouble(error: &SmtpError) -> &'static str {
    if error.is_timeout() {
        "the mail server took too long"
    } else if error.is_tls() {
        "no encrypted connection to the mail server"
    } else if error.is_response() {
        "the mail server's answer cannot be understood"
    } else if error.is_client() {
        "the mail server lacks something that is needed"
    } else {
        "the connection to the mail server failed"
    }
}

/// The enhanced status code (RFC 3463) with which an answer begins: class, subject, detail.
fn enhanced(said: &str) -> Option<&str> {
    let first = said.split_whitespace().next()?;
    let mut parts = first.split('.');
    let is_number = |part: Option<&str>| {
        part.is_some_and(|part| {
            (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
        })
    };
    let three = is_number(parts.next()) && is_number(parts.next()) && is_number(parts.next());
    (three && parts.next().is_none()).then_some(first)
}

async fn write_file(
    directory: &Path,
    envelope: &Envelope<'_>,
    extension: &str,
    bytes: Vec<u8>,
) -> Outcome {
    let name = format!(
        "{}-{}-{}.{extension}",
        envelope.queued_at.format("%Y%m%dT%H%M%S%.3fZ"),
        envelope.about,
        envelope.id.uuid().simple()
    );
    let directory = directory.to_owned();
    let written = tokio::task::spawn_blocking(move || write_whole(&directory, &name, &bytes));
    match written.await {
        Ok(Ok(())) => Outcome::Sent,
        Ok(Err(error)) => Outcome::Later(format!("the file cannot be written: {}", error.kind())),
        Err(_) => Outcome::Later("the file was not written".to_owned()),
    }
}

/// Writes the file whole and readable by its owner alone, or not at all.
fn write_whole(directory: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)?;
    let unfinished = directory.join(format!(".{name}.{}", Uuid::new_v4().as_simple()));
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&unfinished)
        .and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        })
        .and_then(|()| fs::rename(&unfinished, directory.join(name)));
    if written.is_err() {
        let _ = fs::remove_file(&unfinished);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encryption_is_insisted_on_where_a_password_would_cross_the_network() {
        let cases = [
            (
                "smtp://mail.example",
                "smtp://mail.example?tls=opportunistic",
            ),
            (
                "smtp://a:b@127.0.0.1:25",
                "smtp://a:b@127.0.0.1:25?tls=opportunistic",
            ),
            (
                "smtp://a:b@mail.example:587",
                "smtp://a:b@mail.example:587?tls=required",
            ),
            (
                "smtp://a:b@localhost.example",
                "smtp://a:b@localhost.example?tls=required",
            ),
            (
                "smtp://a:b@mail.example?tls=opportunistic",
                "smtp://a:b@mail.example?tls=opportunistic",
            ),
            ("smtps://a:b@mail.example", "smtps://a:b@mail.example"),
        ];
        for (url, expected) in cases {
            assert_eq!(with_encryption(url).as_deref(), Some(expected), "{url}");
        }
        assert_eq!(with_encryption("http://mail.example"), None);
    }

    #[test]
    fn of_a_servers_answer_only_the_codes_are_passed_on() {
        assert_eq!(
            enhanced("5.1.1 <anna@example.com> is unknown"),
            Some("5.1.1")
        );
        for said in [
            "",
            "no such user anna@example.com",
            "5.1",
            "10.0.0.1 is blocked",
            "5.1.1.1.1",
        ] {
            assert_eq!(enhanced(said), None, "{said}");
        }
    }

    #[test]
    fn settings_that_make_no_sense_are_refused_without_telling_the_password() {
        let refused = |settings: MailSettings| Transport::new(&settings).map(|_| ()).unwrap_err();
        let from = MailSettings {
            from: "nobody".to_owned(),
            ..MailSettings::default()
        };
        assert!(matches!(refused(from), TransportError::From));
        let url = MailSettings {
            smtp_url: Some(Secret::new("http://a:secret@mail.example")),
            ..MailSettings::default()
        };
        let error = refused(url);
        assert!(!format!("{error} {error:?}").contains("secret"));
    }
}

use std::{fs, os::unix::fs::PermissionsExt as _, time::Duration};

use eventsourcing::personal::Personal;
use identity::MailSettings;
use identity::internals::{NewText, PhoneNumber, Resent, Template};
use serde_json::json;
use service::Secret;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::mail_world::{CODE, Logged, Mail, MailServer, address};

fn row(template: &str, status: &str, attempts: i32, error: &str) -> (String, String, i32, String) {
    let (template, status) = (template.to_owned(), status.to_owned());
    (template, status, attempts, error.to_owned())
}

fn header<'a>(data: &'a str, name: &str) -> &'a str {
    let start = format!("{name}: ");
    let line = data.lines().find(|line| line.starts_with(&start));
    line.map_or("", |line| line[start.len()..].trim())
}

#[tokio::test]
async fn a_mail_arrives_once_with_its_headers_and_both_parts() {
    let server = MailServer::start("accept");
    let mails = Mail::new(server.settings()).await;
    mails.queue(7, Template::VerifyEmail).await;
    mails.queue(8, Template::Welcome).await;
    let sender = mails.sender();
    assert_eq!(sender.step().await.unwrap(), 2);
    assert_eq!(sender.step().await.unwrap(), 0);

    let received = server.received();
    assert_eq!(received.len(), 2);
    let code = received
        .iter()
        .find(|mail| mail.data.contains(CODE))
        .unwrap();
    assert_eq!(code.from, "no-reply@divinetime.example");
    assert_eq!(code.to, [address(Uuid::from_u128(7))]);
    for (name, value) in [
        ("From", "DivineTime <no-reply@divinetime.example>"),
        ("To", "user7@example.com"),
        ("Subject", "Confirm your email address for DivineTime"),
        ("Auto-Submitted", "auto-generated"),
        ("MIME-Version", "1.0"),
    ] {
        assert_eq!(header(&code.data, name), value, "{}", code.data);
    }
    assert!(header(&code.data, "Message-ID").ends_with("@divinetime.example>"));
    assert!(header(&code.data, "Content-Type").starts_with("multipart/alternative"));
    assert!(
        code.data
            .contains("Content-Type: text/plain; charset=utf-8")
    );
    assert!(code.data.contains("Content-Type: text/html; charset=utf-8"));
    assert!(
        code.data.contains(&format!("\r\n    {CODE}\r\n")),
        "{}",
        code.data
    );
    let expected = [
        row("VERIFY_EMAIL", "SENT", 1, ""),
        row("WELCOME", "SENT", 1, ""),
    ];
    assert_eq!(mails.standing().await, expected);
}

#[tokio::test]
async fn a_code_is_forgotten_as_soon_as_it_is_sent_or_given_up() {
    let server = MailServer::start("refuse=user8@example.com");
    let mails = Mail::new(server.settings()).await;
    mails.queue(7, Template::VerifyEmail).await;
    mails.queue(8, Template::ResetPassword).await;
    mails.queue(9, Template::Welcome).await;
    mails.queue(10, Template::AccountErased).await;
    mails.sender().step().await.unwrap();
    let left = |template: &str, left| (template.to_owned(), left);
    assert_eq!(
        mails.left().await,
        [
            left("ACCOUNT_ERASED", [false, false, false, false]),
            left("RESET_PASSWORD", [true, true, false, false]),
            left("VERIFY_EMAIL", [true, true, false, false]),
            left("WELCOME", [true, true, true, true]),
        ]
    );
}

#[tokio::test]
async fn what_is_refused_for_the_time_being_is_tried_again() {
    let server = MailServer::start("defer=2");
    let mails = Mail::new(server.settings()).await;
    mails.queue(7, Template::Welcome).await;
    let sender = mails.sender();
    sender.step().await.unwrap();
    let deferred = [row("WELCOME", "RETRYING", 1, "SMTP 451 4.7.1")];
    assert_eq!(mails.standing().await, deferred);
    sender.step().await.unwrap();
    sender.step().await.unwrap();
    assert_eq!(mails.standing().await, [row("WELCOME", "SENT", 3, "")]);
    assert_eq!(server.received().len(), 1);
}

#[tokio::test]
async fn what_is_refused_for_good_fails_at_once_and_says_why_without_naming_anybody() {
    let server = MailServer::start("refuse=user7@example.com");
    let mails = Mail::new(server.settings()).await;
    mails.queue(7, Template::Welcome).await;
    mails.queue(8, Template::Welcome).await;
    mails.sender().step().await.unwrap();
    let expected = [
        row("WELCOME", "FAILED", 1, "SMTP 550 5.1.1"),
        row("WELCOME", "SENT", 1, ""),
    ];
    assert_eq!(mails.standing().await, expected);
    assert_eq!(mails.sender().step().await.unwrap(), 0);
    assert_eq!(server.received().len(), 1);
}

#[tokio::test]
async fn a_mail_whose_connection_breaks_in_the_middle_is_delivered_once() {
    let server = MailServer::start("drop=2");
    let mails = Mail::new(server.settings()).await;
    mails.queue(7, Template::VerifyEmail).await;
    let sender = mails.sender();
    for _ in 0..3 {
        sender.step().await.unwrap();
    }
    assert_eq!(mails.standing().await, [row("VERIFY_EMAIL", "SENT", 3, "")]);
    assert_eq!(server.received().len(), 1);
}

#[tokio::test]
async fn a_mail_that_was_taken_without_an_answer_comes_again_as_the_same_mail() {
    let server = MailServer::start("mute=1");
    let mails = Mail::new(server.settings()).await;
    mails.queue(7, Template::VerifyEmail).await;
    let sender = mails.sender();
    sender.step().await.unwrap();
    sender.step().await.unwrap();
    assert_eq!(mails.standing().await, [row("VERIFY_EMAIL", "SENT", 2, "")]);
    let received = server.received();
    assert_eq!(received.len(), 2);
    assert_eq!(received[0].data, received[1].data);
}

#[tokio::test]
async fn a_server_that_is_down_gets_its_mail_when_it_is_up() {
    let server = MailServer::start("accept");
    let mails = Mail::new(server.settings()).await;
    let (port, settings) = (server.port, server.settings());
    drop(server);
    mails.queue(7, Template::Welcome).await;
    let sender = mails.sender();
    sender.step().await.unwrap();
    let reason = "the connection to the mail server failed";
    assert_eq!(
        mails.standing().await,
        [row("WELCOME", "RETRYING", 1, reason)]
    );
    let server = MailServer::at("accept", port);
    assert_eq!(server.settings().smtp_url, settings.smtp_url);
    sender.step().await.unwrap();
    assert_eq!(mails.standing().await, [row("WELCOME", "SENT", 2, "")]);
    assert_eq!(server.received().len(), 1);
}

#[tokio::test]
async fn a_server_that_refuses_our_login_refuses_no_mail() {
    let server = MailServer::start("login");
    let settings = MailSettings {
        smtp_url: Some(Secret::new(format!(
            "smtp://divinetime:hunter2@127.0.0.1:{}",
            server.port
        ))),
        ..MailSettings::default()
    };
    let mails = Mail::new(settings).await;
    mails.queue(7, Template::Welcome).await;
    mails.sender().step().await.unwrap();
    assert_eq!(
        mails.standing().await,
        [row("WELCOME", "RETRYING", 1, "SMTP 535 5.7.8")]
    );
}

#[tokio::test]
async fn a_mail_that_cannot_be_delivered_for_too_long_has_failed() {
    let server = MailServer::start("defer=9");
    let mails = Mail::new(server.settings()).await;
    mails.queue(7, Template::VerifyEmail).await;
    mails.patient(Duration::ZERO).step().await.unwrap();
    let expected = [row("VERIFY_EMAIL", "FAILED", 1, "given up: SMTP 451 4.7.1")];
    assert_eq!(mails.standing().await, expected);
}

#[tokio::test]
async fn a_code_that_has_expired_is_not_sent_any_more() {
    let server = MailServer::start("accept");
    let mails = Mail::new(server.settings()).await;
    let values = json!({"code": CODE, "expires_at": "2026-06-01T10:10:00Z"});
    let mail = mails.mail(Uuid::from_u128(7), Template::ResetPassword, values);
    mails.outbox.queue(mail.await).await.unwrap();
    mails.sender().step().await.unwrap();
    let expected = [row("RESET_PASSWORD", "FAILED", 1, "the code has expired")];
    assert_eq!(mails.standing().await, expected);
    assert_eq!(server.received().len(), 0);
}

#[tokio::test]
async fn whatever_a_killed_sender_had_taken_another_one_sends() {
    let server = MailServer::start("hang");
    let mails = Mail::new(server.settings()).await;
    mails.queue(7, Template::VerifyEmail).await;
    let dying = mails.sender();
    // Dropped while it waits for the answer.
    let sending = tokio::time::timeout(Duration::from_millis(500), dying.step()).await;
    assert!(sending.is_err());
    assert_eq!(
        mails.standing().await,
        [row("VERIFY_EMAIL", "SENDING", 1, "")]
    );
    let server = server.again("accept");
    let other = mails.sender();
    assert_eq!(other.step().await.unwrap(), 0, "the lease has not ended");
    mails.leases_end().await;
    assert_eq!(other.step().await.unwrap(), 1);
    assert_eq!(mails.standing().await, [row("VERIFY_EMAIL", "SENT", 2, "")]);
    assert_eq!(server.received().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_senders_send_each_mail_once() {
    let server = MailServer::start("accept");
    let mails = Mail::new(server.settings()).await;
    for user in 1..=40 {
        mails.queue(user, Template::Welcome).await;
    }
    let senders: Vec<_> = (0..3)
        .map(|_| {
            let sender = mails.sender();
            tokio::spawn(async move { while sender.step().await.unwrap() > 0 {} })
        })
        .collect();
    for sender in senders {
        sender.await.unwrap();
    }
    let standing = mails.standing().await;
    let sent = |(_, status, attempts, _): &(_, String, i32, _)| status == "SENT" && *attempts == 1;
    assert!(standing.iter().all(sent), "{standing:?}");
    let mut recipients: Vec<_> = server
        .received()
        .into_iter()
        .flat_map(|mail| mail.to)
        .collect();
    recipients.sort();
    recipients.dedup();
    assert_eq!((recipients.len(), server.received().len()), (40, 40));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_sender_is_woken_by_what_is_queued_and_ends_when_it_is_told() {
    let server = MailServer::start("accept");
    let mails = Mail::new(server.settings()).await;
    let stop = CancellationToken::new();
    let running = tokio::spawn(mails.sender().run(stop.clone()));
    for user in [7, 8] {
        mails.queue(user, Template::Welcome).await;
        while mails
            .standing()
            .await
            .iter()
            .any(|(_, status, ..)| status != "SENT")
        {}
    }
    assert_eq!(server.received().len(), 2);
    stop.cancel();
    running.await.unwrap();
}

#[tokio::test]
async fn mail_to_somebody_who_was_erased_is_not_sent() {
    let server = MailServer::start("accept");
    let mails = Mail::new(server.settings()).await;
    mails.queue(7, Template::Welcome).await;
    mails.queue(8, Template::Welcome).await;
    mails.queue(8, Template::AccountErased).await;
    for user in [7, 8] {
        mails.keyring.destroy(Uuid::from_u128(user)).await.unwrap();
    }
    mails.outbox.blank(Uuid::from_u128(8).into()).await.unwrap();
    mails.sender().step().await.unwrap();
    let expected = [
        row("ACCOUNT_ERASED", "SENT", 1, ""),
        row("WELCOME", "FAILED", 1, "the recipient was erased"),
        row("WELCOME", "ERASED", 0, ""),
    ];
    assert_eq!(mails.standing().await, expected);
    let received = server.received();
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].to, [address(Uuid::from_u128(8))]);
}

#[tokio::test]
async fn a_mail_that_is_sent_again_is_another_message() {
    let server = MailServer::start("accept");
    let mails = Mail::new(server.settings()).await;
    mails.queue(7, Template::Welcome).await;
    let sender = mails.sender();
    sender.step().await.unwrap();
    let id: Uuid = sqlx::query_scalar("select id from emails")
        .fetch_one(&mails.pool)
        .await
        .unwrap();
    let (request, admin) = (Uuid::from_u128(5), Uuid::from_u128(9));
    for _ in 0..2 {
        let resent = mails.outbox.resend(request, id.into(), admin.into());
        let resent = resent.await.unwrap();
        assert_eq!(resent, Resent::Queued);
    }
    sender.step().await.unwrap();
    assert_eq!(sender.step().await.unwrap(), 0);
    let received = server.received();
    let ids: Vec<_> = received
        .iter()
        .map(|mail| header(&mail.data, "Message-ID"))
        .collect();
    assert_eq!(ids.len(), 2);
    assert_eq!(ids[1], ids[0].replace('@', ".1@"));
}

#[tokio::test]
async fn in_development_messages_are_files_for_their_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().join("mail");
    let settings = MailSettings {
        directory: Some(directory.clone()),
        ..MailSettings::default()
    };
    let mails = Mail::new(settings).await;
    mails.queue(7, Template::ResetPassword).await;
    let user_id = Uuid::from_u128(7);
    let sealer = mails.keyring.sealer(user_id).await.unwrap();
    let number = PhoneNumber::parse("+12025550123").unwrap();
    let to: Personal<PhoneNumber> = sealer.seal(&number).unwrap();
    let text = NewText {
        cause: Uuid::from_u128(1),
        user_id: user_id.into(),
        to,
        text: sealer.seal(&format!("Your code: {CODE}")).unwrap(),
    };
    mails.outbox.queue_text(text).await.unwrap();
    assert_eq!(mails.sender().step().await.unwrap(), 2);

    let files = fs::read_dir(&directory).unwrap();
    let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    files.sort_by_key(|path| path.extension().map(std::ffi::OsStr::to_owned));
    let [mail, text] = &files[..] else {
        panic!("{files:?}")
    };
    let name = mail.file_name().unwrap().to_str().unwrap();
    assert!(
        name.contains("-reset-password-") && mail.extension() == Some("eml".as_ref()),
        "{name}"
    );
    let mail_text = fs::read_to_string(mail).unwrap();
    assert!(
        mail_text.contains(&format!("\r\n    {CODE}\r\n")),
        "{mail_text}"
    );
    let name = text.file_name().unwrap().to_str().unwrap();
    assert!(
        name.contains("-text-message-") && text.extension() == Some("txt".as_ref()),
        "{name}"
    );
    assert_eq!(
        fs::read_to_string(text).unwrap(),
        format!("To: +12025550123\n\nYour code: {CODE}\n")
    );
    for file in &files {
        assert_eq!(
            fs::metadata(file).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
    let gone = [true, true, false, false];
    let left = [
        ("RESET_PASSWORD".to_owned(), gone),
        ("TEXT_MESSAGE".to_owned(), gone),
    ];
    assert_eq!(mails.left().await, left);
}

#[tokio::test]
async fn without_a_way_out_mail_waits() {
    let mails = Mail::new(MailSettings::default()).await;
    mails.queue(7, Template::Welcome).await;
    assert_eq!(mails.sender().step().await.unwrap(), 0);
    assert_eq!(mails.standing().await, [row("WELCOME", "QUEUED", 0, "")]);
}

#[tokio::test]
async fn no_log_tells_a_code_an_address_or_what_the_server_said() {
    let logged = Logged::capture();
    let server = MailServer::start("refuse=user8@example.com");
    let mails = Mail::new(server.settings()).await;
    for (user, template) in [
        (7, Template::VerifyEmail),
        (8, Template::ResetPassword),
        (9, Template::Welcome),
    ] {
        mails.queue(user, template).await;
    }
    mails.sender().step().await.unwrap();
    let server = server.again("defer=1");
    mails.queue(10, Template::ConfirmNewEmail).await;
    mails.sender().step().await.unwrap();
    drop(server);
    mails.sender().step().await.unwrap();
    let text = logged.text();
    for told in [
        "message sent",
        "message cannot be sent",
        "message will be tried again",
    ] {
        assert!(text.contains(told), "{told} is not in the log");
    }
    for secret in [CODE, "Anna", "example.com", "is unknown here"] {
        assert!(!text.contains(secret), "{secret} in the log:\n{text}");
    }
}

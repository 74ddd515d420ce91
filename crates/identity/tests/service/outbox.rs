use eventsourcing::personal::Personal;
use identity::internals::{MailError, NewMail, NewText, Outbox, PhoneNumber, Template};
use identity::{IdentitySettings, MailSettings};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::mail_world::Mail;

fn code() -> Value {
    json!({"first_name": "Anna", "code": "493027", "expires_at": "2026-06-01T10:10:00Z"})
}

#[tokio::test]
async fn a_mail_is_queued_once_for_its_cause_template_and_user() {
    let mails = Mail::new(MailSettings::default()).await;
    let (anna, berta) = (Uuid::from_u128(7), Uuid::from_u128(8));
    let mail = mails.mail(anna, Template::VerifyEmail, code()).await;
    assert!(mails.outbox.queue(mail.clone()).await.unwrap());
    assert!(!mails.outbox.queue(mail.clone()).await.unwrap());
    let other_cause = NewMail {
        cause: Uuid::from_u128(2),
        ..mail.clone()
    };
    assert!(mails.outbox.queue(other_cause).await.unwrap());
    let other_template = NewMail {
        template: Template::ResetPassword,
        ..mail
    };
    assert!(mails.outbox.queue(other_template).await.unwrap());
    let other_user = mails.mail(berta, Template::VerifyEmail, code()).await;
    assert!(mails.outbox.queue(other_user).await.unwrap());
    assert_eq!(mails.left().await.len(), 4);
}

#[tokio::test]
async fn what_waits_is_sealed() {
    let mails = Mail::new(MailSettings::default()).await;
    let mail = mails
        .mail(Uuid::from_u128(7), Template::VerifyEmail, code())
        .await;
    mails.outbox.queue(mail).await.unwrap();
    let row: String = sqlx::query_scalar("select emails::text from emails")
        .fetch_one(&mails.pool)
        .await
        .unwrap();
    for clear in ["493027", "Anna", "user7@", "Confirm"] {
        assert!(!row.contains(clear), "{clear} in {row}");
    }
}

#[tokio::test]
async fn a_mail_that_lacks_a_value_or_is_sealed_under_somebody_else_is_refused() {
    let mails = Mail::new(MailSettings::default()).await;
    let user = Uuid::from_u128(7);
    let bare = mails.mail(user, Template::VerifyEmail, json!({})).await;
    let refused = mails.outbox.queue(bare.clone()).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the template VERIFY_EMAIL needs code, expires_at"
    );
    let other = mails.mail(Uuid::from_u128(8), Template::Welcome, json!({}));
    let mixed = NewMail {
        to: other.await.to,
        ..bare
    };
    let refused = mails.outbox.queue(mixed).await.unwrap_err();
    assert!(matches!(refused, MailError::OtherSubject), "{refused}");
    assert_eq!(mails.left().await, []);
}

#[tokio::test]
async fn text_messages_need_a_directory() {
    let mails = Mail::new(MailSettings::default()).await;
    let user_id = Uuid::from_u128(7);
    let sealer = mails.keyring.sealer(user_id).await.unwrap();
    let to: Personal<PhoneNumber> = sealer
        .seal(&PhoneNumber::parse("+12025550123").unwrap())
        .unwrap();
    let text = NewText {
        cause: Uuid::from_u128(1),
        user_id: user_id.into(),
        to,
        text: sealer.seal(&"Your code: 493027".to_owned()).unwrap(),
    };
    let refused = mails.outbox.queue_text(text.clone()).await.unwrap_err();
    assert!(matches!(refused, MailError::TextsUnavailable), "{refused}");
    let files = MailSettings {
        directory: Some("mail".into()),
        ..MailSettings::default()
    };
    let files = IdentitySettings {
        mail: files,
        ..IdentitySettings::default()
    };
    let outbox = Outbox::new(mails.pool.clone(), mails.keyring.clone(), &files).unwrap();
    assert!(outbox.queue_text(text.clone()).await.unwrap());
    assert!(!outbox.queue_text(text).await.unwrap());
}

#[tokio::test]
async fn of_an_erased_user_nothing_is_left_but_the_mail_that_tells_them() {
    let mails = Mail::new(MailSettings {
        directory: Some("mail".into()),
        ..MailSettings::default()
    })
    .await;
    let user = Uuid::from_u128(7);
    for (template, values) in [
        (Template::VerifyEmail, code()),
        (Template::Welcome, json!({"first_name": "Anna"})),
        (
            Template::AccountErased,
            json!({"occurred_at": "2026-06-01T10:00:00Z"}),
        ),
    ] {
        let mail = mails.mail(user, template, values).await;
        assert!(mails.outbox.queue(mail).await.unwrap());
    }
    let late = mails.mail(
        user,
        Template::PasswordChanged,
        json!({"occurred_at": "2026-06-01T10:00:00Z"}),
    );
    let late = late.await;
    sqlx::query("update emails set status = 'SENT' where template = 'WELCOME'")
        .execute(&mails.pool)
        .await
        .unwrap();
    mails.outbox.blank(user.into()).await.unwrap();
    mails.keyring.destroy(user).await.unwrap();
    let row = |template: &str, left| (template.to_owned(), left);
    let expected = [
        row("ACCOUNT_ERASED", [true; 4]),
        row("VERIFY_EMAIL", [false; 4]),
        row("WELCOME", [false; 4]),
    ];
    assert_eq!(mails.left().await, expected);
    let standing = mails.standing().await;
    let standing: Vec<_> = standing.iter().map(|row| row.1.as_str()).collect();
    assert_eq!(standing, ["QUEUED", "ERASED", "SENT"]);
    let refused = mails.outbox.queue(late).await.unwrap_err();
    assert!(matches!(refused, MailError::Erased), "{refused}");
}

#[tokio::test]
async fn where_nothing_can_be_sent_no_mail_keeps_an_erased_address() {
    let mails = Mail::new(MailSettings::default()).await;
    let values = json!({"occurred_at": "2026-06-01T10:00:00Z"});
    let mail = mails.mail(Uuid::from_u128(7), Template::AccountErased, values);
    assert!(!mails.outbox.queue(mail.await).await.unwrap());
    assert_eq!(mails.left().await, []);
}

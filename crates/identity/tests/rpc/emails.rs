use contracts::{
    common::v1::Role,
    identity::v1::{
        Email, EmailStatus, EmailTemplate, ListEmailsRequest, QueueEmailRequest, ResendEmailRequest,
    },
};
use identity::MailSettings;
use identity::internals::{EmailAddress, NewMail, Patience, Sender, Template, Transport};
use prost_types::Timestamp;
use serde_json::json;
use tonic::{Code, Status};
use uuid::Uuid;

use crate::harness::{Account, Bearer, Harness, fields, id, reason};

fn told(account: &Account, template: EmailTemplate) -> QueueEmailRequest {
    QueueEmailRequest {
        request_id: id(),
        cause_event_id: id(),
        template: template.into(),
        user_id: account.user_id.clone(),
        sealed_recipient: String::new(),
        occurred_at: Some(Timestamp {
            seconds: 1_780_308_000,
            nanos: 0,
        }),
        min_position: account.position.clone(),
    }
}

async fn queue(harness: &Harness, request: QueueEmailRequest) -> Result<bool, Status> {
    let answer = harness
        .emails(&harness.service())
        .queue_email(request)
        .await;
    answer.map(|answer| answer.into_inner().queued)
}

async fn list(harness: &Harness, bearer: &Bearer, request: ListEmailsRequest) -> Vec<Email> {
    let answer = harness.emails(bearer).list_emails(request).await;
    answer.unwrap().into_inner().emails
}

/// A mail with a code, as the handlers queue it.
async fn code(harness: &Harness, account: &Account) {
    let user_id = account.user_id.parse().unwrap();
    let sealer = harness.parts.keyring.sealer(user_id).await.unwrap();
    let values = json!({"code": "493027", "expires_at": "2099-06-01T10:10:00Z"});
    let mail = NewMail {
        cause: Uuid::now_v7(),
        template: Template::VerifyEmail,
        user_id,
        to: sealer
            .seal(&EmailAddress::parse("anna@example.com").unwrap())
            .unwrap(),
        values: sealer.seal(&values).unwrap(),
    };
    assert!(harness.parts.outbox.queue(mail).await.unwrap());
}

/// Sends what waits, as files.
async fn send(harness: &Harness) {
    let folder = tempfile::tempdir().unwrap();
    let settings = MailSettings {
        directory: Some(folder.path().to_owned()),
        ..MailSettings::default()
    };
    let transport = Transport::new(&settings).unwrap();
    let sender = Sender::new(harness.parts.outbox.clone(), transport, Patience::default());
    while sender.step().await.unwrap() > 0 {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notice_goes_to_the_address_of_now_once_for_its_event() {
    let harness = Harness::start().await;
    let anna = harness.account(Role::Parent, "Anna@Example.com").await;
    let request = told(&anna, EmailTemplate::PasswordChanged);
    assert!(queue(&harness, request.clone()).await.unwrap());
    assert!(!queue(&harness, request.clone()).await.unwrap());
    let again = QueueEmailRequest {
        request_id: id(),
        ..request.clone()
    };
    assert!(!queue(&harness, again).await.unwrap());
    let emails = list(&harness, &anna.bearer, ListEmailsRequest::default()).await;
    let [email] = &emails[..] else {
        panic!("{emails:?}")
    };
    assert_eq!(
        (email.template(), email.status(), email.recipient.as_str()),
        (
            EmailTemplate::PasswordChanged,
            EmailStatus::Queued,
            "Anna@Example.com"
        )
    );
    assert_eq!(email.cause_id, request.cause_event_id);
    assert_eq!(email.subject, "Your password for DivineTime was changed");
    assert!(
        email
            .body
            .starts_with("Hello Anna,\n\nOn June 1, 2026 at 6:00 AM EDT"),
        "{}",
        email.body
    );
    assert_eq!(email.failure, "no mail server and no directory is set");
    assert!(email.next_attempt_at.is_some() && email.sent_at.is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notice_goes_to_the_sealed_address_of_the_event_when_it_has_one() {
    let harness = Harness::start().await;
    let anna = harness.account(Role::Parent, "anna@example.com").await;
    let sealer = harness.parts.keyring.sealer(anna.user_id.parse().unwrap());
    let old = sealer.await.unwrap().seal(&"old@example.com").unwrap();
    let request = QueueEmailRequest {
        sealed_recipient: old.as_sealed().to_owned(),
        ..told(&anna, EmailTemplate::EmailChanged)
    };
    assert!(queue(&harness, request).await.unwrap());
    let emails = list(&harness, &anna.bearer, ListEmailsRequest::default()).await;
    assert_eq!(emails[0].recipient, "old@example.com");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_that_is_wrong_with_a_notice_is_told_together() {
    let harness = Harness::start().await;
    let bad = QueueEmailRequest {
        request_id: "1".to_owned(),
        cause_event_id: String::new(),
        template: EmailTemplate::VerifyEmail.into(),
        user_id: id(),
        sealed_recipient: "anna@example.com".to_owned(),
        occurred_at: None,
        min_position: None,
    };
    let refused = queue(&harness, bad).await.unwrap_err();
    assert_eq!(
        fields(&refused),
        [
            "request_id",
            "cause_event_id",
            "template",
            "sealed_recipient",
            "occurred_at"
        ]
    );
    let anna = harness.account(Role::Parent, "anna@example.com").await;
    let nobody = QueueEmailRequest {
        user_id: id(),
        ..told(&anna, EmailTemplate::Welcome)
    };
    let refused = queue(&harness, nobody).await.unwrap_err();
    assert_eq!(reason(&refused), "NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_sees_their_own_mail_and_an_admin_everybodys_in_pages_the_latest_first() {
    let harness = Harness::start().await;
    let anna = harness.account(Role::Parent, "anna@example.com").await;
    let berta = harness.account(Role::Trainer, "berta@example.com").await;
    let admin = harness.admin().await;
    for account in [&anna, &berta, &anna] {
        let notice = told(account, EmailTemplate::PasswordChanged);
        assert!(queue(&harness, notice).await.unwrap());
    }
    let everything = ListEmailsRequest::default;
    assert_eq!(list(&harness, &anna.bearer, everything()).await.len(), 2);
    let own = ListEmailsRequest {
        user_id: berta.user_id.clone(),
        ..everything()
    };
    assert_eq!(list(&harness, &berta.bearer, own.clone()).await.len(), 1);
    assert_eq!(list(&harness, &admin.bearer, own.clone()).await.len(), 1);
    let refused = harness.emails(&anna.bearer).list_emails(own).await;
    assert_eq!(reason(&refused.unwrap_err()), "NOT_FOUND");

    let mut emails = harness.emails(&admin.bearer);
    let mut pages = Vec::new();
    let mut request = ListEmailsRequest {
        page_size: 2,
        ..everything()
    };
    loop {
        let page = emails.list_emails(request.clone()).await.unwrap();
        let page = page.into_inner();
        pages.push(page.emails);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    let users: Vec<Vec<_>> = pages
        .iter()
        .map(|page| page.iter().map(|email| &email.user_id).collect())
        .collect();
    assert_eq!(
        users,
        [vec![&anna.user_id, &berta.user_id], vec![&anna.user_id]]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_can_be_narrowed_to_a_status_and_never_tells_a_code() {
    let harness = Harness::start().await;
    let anna = harness.account(Role::Parent, "anna@example.com").await;
    code(&harness, &anna).await;
    let waiting = list(&harness, &anna.bearer, ListEmailsRequest::default()).await;
    assert_eq!(waiting[0].body, "");
    send(&harness).await;
    let notice = told(&anna, EmailTemplate::PasswordChanged);
    queue(&harness, notice).await.unwrap();
    let sent = ListEmailsRequest {
        status: EmailStatus::Sent.into(),
        ..ListEmailsRequest::default()
    };
    let sent = list(&harness, &anna.bearer, sent).await;
    let [email] = &sent[..] else {
        panic!("{sent:?}")
    };
    assert_eq!(
        (
            email.template(),
            email.subject.as_str(),
            email.body.as_str()
        ),
        (
            EmailTemplate::VerifyEmail,
            "Confirm your email address for DivineTime",
            ""
        )
    );
    assert!(email.sent_at.is_some() && email.next_attempt_at.is_none());
    let bad = ListEmailsRequest {
        user_id: "1".to_owned(),
        status: 99,
        page_size: -1,
        page_token: "?".to_owned(),
    };
    let refused = harness.emails(&anna.bearer).list_emails(bad).await;
    assert_eq!(
        fields(&refused.unwrap_err()),
        ["user_id", "status", "page_size", "page_token"]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_admin_has_mail_sent_again_unless_it_waits_or_carried_a_code() {
    let harness = Harness::start().await;
    let anna = harness.account(Role::Parent, "anna@example.com").await;
    let admin = harness.admin().await;
    queue(&harness, told(&anna, EmailTemplate::PasswordChanged))
        .await
        .unwrap();
    let notice = list(&harness, &anna.bearer, ListEmailsRequest::default())
        .await
        .remove(0);
    let mut emails = harness.emails(&admin.bearer);
    let request = ResendEmailRequest {
        request_id: id(),
        email_id: notice.email_id.clone(),
    };
    let refused = emails.resend_email(request.clone()).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::FailedPrecondition, "EMAIL_STATE")
    );
    send(&harness).await;
    for _ in 0..2 {
        let again = emails.resend_email(request.clone()).await.unwrap();
        let again = again.into_inner().email.unwrap();
        assert_eq!((again.status(), again.attempts), (EmailStatus::Queued, 0));
    }
    send(&harness).await;

    code(&harness, &anna).await;
    send(&harness).await;
    let carried = list(&harness, &anna.bearer, ListEmailsRequest::default())
        .await
        .remove(0);
    assert_eq!(carried.template(), EmailTemplate::VerifyEmail);
    let other = ResendEmailRequest {
        email_id: carried.email_id,
        ..request.clone()
    };
    let again = emails.resend_email(other.clone()).await.unwrap_err();
    assert_eq!(reason(&again), "REQUEST_ID_REUSED");
    let other = ResendEmailRequest {
        request_id: id(),
        ..other
    };
    let refused = emails.resend_email(other.clone()).await.unwrap_err();
    assert_eq!(reason(&refused), "EMAIL_STATE");
    let unknown = ResendEmailRequest {
        email_id: id(),
        ..other
    };
    let unknown = emails.resend_email(unknown).await.unwrap_err();
    assert_eq!(reason(&unknown), "NOT_FOUND");
    let bad = emails.resend_email(ResendEmailRequest::default()).await;
    assert_eq!(fields(&bad.unwrap_err()), ["request_id", "email_id"]);
    let own = harness.emails(&anna.bearer).resend_email(request).await;
    assert_eq!(reason(&own.unwrap_err()), "ROLE_NOT_ALLOWED");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_an_erased_user_no_notice_is_queued_and_old_ones_say_nothing() {
    let harness = Harness::start().await;
    let anna = harness.account(Role::Parent, "anna@example.com").await;
    let admin = harness.admin().await;
    queue(&harness, told(&anna, EmailTemplate::PasswordChanged))
        .await
        .unwrap();
    let user_id = anna.user_id.parse().unwrap();
    harness.parts.keyring.destroy(user_id).await.unwrap();
    let late = told(&anna, EmailTemplate::RefreshTokenReused);
    assert!(!queue(&harness, late).await.unwrap());
    let emails = list(&harness, &admin.bearer, ListEmailsRequest::default()).await;
    let [email] = &emails[..] else {
        panic!("{emails:?}")
    };
    let texts = [&email.recipient, &email.subject, &email.body];
    assert_eq!(texts.map(String::as_str), ["", "", ""]);
}

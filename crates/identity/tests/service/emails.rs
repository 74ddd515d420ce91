use contracts::{
    common::v1::Role,
    identity::v1::{
        Email, EmailStatus, EmailTemplate, ListEmailsRequest, QueueEmailRequest,
        RequestVerificationRequest, ResendEmailRequest, VerificationChannel,
    },
};
use identity::MailSettings;
use identity::internals::{Patience, Sender, Transport};
use prost_types::Timestamp;
use testing::Caller;
use tonic::{Code, Status};

use crate::world::{Account, World, fields, id, reason};

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

async fn queue(world: &World, request: QueueEmailRequest) -> Result<bool, Status> {
    let answer = world.call(Caller::Service, request).await;
    answer.map(|answer| answer.queued)
}

async fn all(world: &World, caller: &Account, request: ListEmailsRequest) -> Vec<Email> {
    world.call(caller, request).await.unwrap().emails
}

/// Without welcomes, which come when the service gets to them.
async fn list(world: &World, caller: &Account, request: ListEmailsRequest) -> Vec<Email> {
    let mut emails = all(world, caller, request).await;
    emails.retain(|email| email.template() != EmailTemplate::Welcome);
    emails
}

/// An account whose welcome waits to be sent.
async fn welcomed(world: &World, role: Role, email: &str) -> Account {
    let account = world.account(role, email).await;
    let emails = async || all(world, &account, ListEmailsRequest::default()).await;
    while emails().await.is_empty() {
        tokio::task::yield_now().await;
    }
    account
}

/// A mail with a code.
async fn code(world: &World, account: &Account) {
    let request = RequestVerificationRequest {
        request_id: id(),
        channel: VerificationChannel::Email.into(),
    };
    world.call(account, request).await.unwrap();
}

/// Sends what waits, as files.
async fn send(world: &World) {
    let folder = tempfile::tempdir().unwrap();
    let settings = MailSettings {
        directory: Some(folder.path().to_owned()),
        ..MailSettings::default()
    };
    let transport = Transport::new(&settings).unwrap();
    let sender = Sender::new(
        world.resources().await.outbox.clone(),
        transport,
        Patience::default(),
    );
    while sender.step().await.unwrap() > 0 {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notice_goes_to_the_address_of_now_once_for_its_event() {
    let world = World::start().await;
    let anna = world.account(Role::Parent, "Anna@Example.com").await;
    let request = told(&anna, EmailTemplate::PasswordChanged);
    assert!(queue(&world, request.clone()).await.unwrap());
    assert!(!queue(&world, request.clone()).await.unwrap());
    let again = QueueEmailRequest {
        request_id: id(),
        ..request.clone()
    };
    assert!(!queue(&world, again).await.unwrap());
    let emails = list(&world, &anna, ListEmailsRequest::default()).await;
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
    let world = World::start().await;
    let anna = world.account(Role::Parent, "anna@example.com").await;
    let keyring = &world.resources().await.keyring;
    let sealer = keyring.sealer(anna.user_id.parse().unwrap());
    let old = sealer.await.unwrap().seal(&"old@example.com").unwrap();
    let request = QueueEmailRequest {
        sealed_recipient: old.as_sealed().to_owned(),
        ..told(&anna, EmailTemplate::EmailChanged)
    };
    assert!(queue(&world, request).await.unwrap());
    let emails = list(&world, &anna, ListEmailsRequest::default()).await;
    assert_eq!(emails[0].recipient, "old@example.com");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_that_is_wrong_with_a_notice_is_told_together() {
    let world = World::start().await;
    let bad = QueueEmailRequest {
        request_id: "1".to_owned(),
        cause_event_id: String::new(),
        template: EmailTemplate::VerifyEmail.into(),
        user_id: id(),
        sealed_recipient: "anna@example.com".to_owned(),
        occurred_at: None,
        min_position: None,
    };
    let refused = queue(&world, bad).await.unwrap_err();
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
    let anna = world.account(Role::Parent, "anna@example.com").await;
    let nobody = QueueEmailRequest {
        user_id: id(),
        ..told(&anna, EmailTemplate::Welcome)
    };
    let refused = queue(&world, nobody).await.unwrap_err();
    assert_eq!(reason(&refused), "NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_sees_their_own_mail_and_an_admin_everybodys_in_pages_the_latest_first() {
    let world = World::start().await;
    let anna = welcomed(&world, Role::Parent, "anna@example.com").await;
    let berta = welcomed(&world, Role::Trainer, "berta@example.com").await;
    let admin = world.admin().await;
    for account in [&anna, &berta, &anna] {
        let notice = told(account, EmailTemplate::PasswordChanged);
        assert!(queue(&world, notice).await.unwrap());
    }
    let everything = ListEmailsRequest::default;
    assert_eq!(all(&world, &anna, everything()).await.len(), 3);
    let own = ListEmailsRequest {
        user_id: berta.user_id.clone(),
        ..everything()
    };
    assert_eq!(all(&world, &berta, own.clone()).await.len(), 2);
    assert_eq!(all(&world, &admin, own.clone()).await.len(), 2);
    let refused = world.call(&anna, own).await;
    assert_eq!(reason(&refused.unwrap_err()), "NOT_FOUND");

    let mut pages = Vec::new();
    let mut request = ListEmailsRequest {
        page_size: 2,
        ..everything()
    };
    loop {
        let page = world.call(&admin, request.clone()).await.unwrap();
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
        [
            vec![&anna.user_id, &berta.user_id],
            vec![&anna.user_id, &berta.user_id],
            vec![&anna.user_id]
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_can_be_narrowed_to_a_status_and_never_tells_a_code() {
    let world = World::start().await;
    let anna = world.account(Role::Parent, "anna@example.com").await;
    code(&world, &anna).await;
    let waiting = list(&world, &anna, ListEmailsRequest::default()).await;
    assert_eq!(waiting[0].body, "");
    send(&world).await;
    let notice = told(&anna, EmailTemplate::PasswordChanged);
    queue(&world, notice).await.unwrap();
    let sent = ListEmailsRequest {
        status: EmailStatus::Sent.into(),
        ..ListEmailsRequest::default()
    };
    let sent = list(&world, &anna, sent).await;
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
    let refused = world.call(&anna, bad).await;
    assert_eq!(
        fields(&refused.unwrap_err()),
        ["user_id", "status", "page_size", "page_token"]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_admin_has_mail_sent_again_unless_it_waits_or_carried_a_code() {
    let world = World::start().await;
    let anna = world.account(Role::Parent, "anna@example.com").await;
    let admin = world.admin().await;
    queue(&world, told(&anna, EmailTemplate::PasswordChanged))
        .await
        .unwrap();
    let notice = list(&world, &anna, ListEmailsRequest::default())
        .await
        .remove(0);
    let request = ResendEmailRequest {
        request_id: id(),
        email_id: notice.email_id.clone(),
    };
    let refused = world.call(&admin, request.clone()).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::FailedPrecondition, "EMAIL_STATE")
    );
    send(&world).await;
    for _ in 0..2 {
        let again = world
            .call(&admin, request.clone())
            .await
            .unwrap()
            .email
            .unwrap();
        assert_eq!((again.status(), again.attempts), (EmailStatus::Queued, 0));
    }
    send(&world).await;

    code(&world, &anna).await;
    send(&world).await;
    let carried = list(&world, &anna, ListEmailsRequest::default())
        .await
        .remove(0);
    assert_eq!(carried.template(), EmailTemplate::VerifyEmail);
    let other = ResendEmailRequest {
        email_id: carried.email_id,
        ..request.clone()
    };
    let again = world.call(&admin, other.clone()).await.unwrap_err();
    assert_eq!(reason(&again), "REQUEST_ID_REUSED");
    let other = ResendEmailRequest {
        request_id: id(),
        ..other
    };
    let refused = world.call(&admin, other.clone()).await.unwrap_err();
    assert_eq!(reason(&refused), "EMAIL_STATE");
    let unknown = ResendEmailRequest {
        email_id: id(),
        ..other
    };
    let unknown = world.call(&admin, unknown).await.unwrap_err();
    assert_eq!(reason(&unknown), "NOT_FOUND");
    let bad = world.call(&admin, ResendEmailRequest::default()).await;
    assert_eq!(fields(&bad.unwrap_err()), ["request_id", "email_id"]);
    let own = world.call(&anna, request).await;
    assert_eq!(reason(&own.unwrap_err()), "ROLE_NOT_ALLOWED");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_an_erased_user_no_notice_is_queued_and_old_ones_say_nothing() {
    let mut world = World::start().await;
    let anna = world.account(Role::Parent, "anna@example.com").await;
    let admin = world.admin().await;
    queue(&world, told(&anna, EmailTemplate::PasswordChanged))
        .await
        .unwrap();
    let user_id = anna.user_id.parse().unwrap();
    let keyring = &world.resources().await.keyring;
    keyring.destroy(user_id).await.unwrap();
    // It knows the key for a while.
    world.restart().await;
    let late = told(&anna, EmailTemplate::RefreshTokenReused);
    assert!(!queue(&world, late).await.unwrap());
    let emails = list(&world, &admin, ListEmailsRequest::default()).await;
    let [email] = &emails[..] else {
        panic!("{emails:?}")
    };
    let texts = [&email.recipient, &email.subject, &email.body];
    assert_eq!(texts.map(String::as_str), ["", "", ""]);
}

//! Somebody of each kind, and things that belong to the owner.

use std::sync::Mutex;

use contracts::{
    common::v1::Role,
    identity::v1::{
        AcceptGuardianTransferRequest, ConsentPurpose, GetUserRequest, ListEmailsRequest,
        RecordConsentRequest, TransferGuardianRequest, child_service_client::ChildServiceClient,
        email_service_client::EmailServiceClient, transfer_guardian_request::NewGuardian,
        user_service_client::UserServiceClient,
    },
    payments::{events::v1::PayableKind, v1::PaymentState},
    scheduling::v1::{
        CancelSessionRequest, SessionState, session_service_client::SessionServiceClient,
    },
    ticketing::v1::{
        CreateEventRequest, EventType, HoldTicketsResponse, NewTier,
        event_service_client::EventServiceClient,
    },
};
use e2e::{
    own::OwnSystem,
    people::{self, Camp, Parent, User, day, dollars, id},
    system::{System, eventually},
};
use tonic::Code;

/// What the requests are about.
pub struct World {
    pub system: OwnSystem,
    pub admin: User,
    /// A parent: the first child was another's before and has the coming session, the second a
    /// ticket, the third held tickets.
    pub owner: Parent,
    /// The owner with a token that was valid once.
    pub expired: User,
    pub other: Parent,
    pub former: User,
    pub coach: User,
    pub other_trainer: User,
    /// A trainer without a profile.
    pub newcomer: User,
    /// A parent whose account ends; the second child is offered to the owner.
    pub leaver: Parent,
    pub transfer_id: String,
    pub location_id: String,
    pub draft_id: String,
    pub camp: Camp,
    pub free_slot_id: String,
    /// The slot of the coming session.
    pub booked_slot_id: String,
    /// The coming session of the owner's first child, paid.
    pub session_id: String,
    pub payment_id: String,
    /// Held, to be cancelled.
    pub loose_session_id: String,
    /// Held, to be paid for.
    pub payable_session_id: String,
    /// Held, to be settled.
    pub settled_session_id: String,
    pub failed_payment_id: String,
    pub refunded_payment_id: String,
    pub refund_id: String,
    pub free_hold_id: String,
    /// The ticket of the free hold.
    pub ticket_id: String,
    pub paid_hold_id: String,
    /// A mail to the owner.
    pub email_id: String,
}

/// The text that guardians consent to.
pub const POLICY: &str = "2026-11";
const SESSION: PayableKind = PayableKind::Session;
const TIERS: [(i64, i32); 2] = [(100, 50), (0, 50)];

impl World {
    pub async fn make() -> Self {
        let mut system = OwnSystem::start(&[("DIVINETIME_ACCESS_TOKEN_SECONDS", "1")]).await;
        let expired = people::register(&system, Role::Parent).await;
        system.restart_with(&[]).await;
        let admin = people::admin(&system).await;
        let owner = people::login(&system, &expired.email, people::PASSWORD).await;
        let former = people::parent(&system, 1).await;
        let leaver = people::parent(&system, 2).await;
        let transfer_id = offered(&system, &former.user, &former.children[0], &owner).await;
        accepted(&system, &owner, &former.children[0], &transfer_id).await;
        let transfer_id = offered(&system, &leaver.user, &leaver.children[1], &owner).await;
        let mut owner = people::with_children(&system, owner, 2).await;
        owner.children.insert(0, former.children[0].clone());
        let trainer = people::trainer(&system, &admin, 8).await;
        let camp = people::camp(&system, &admin, 100, &TIERS).await;
        let location_id = people::location(&system, &admin).await;
        let seed = Seed {
            system: &system,
            admin: &admin,
            owner: &owner,
            slots: Mutex::new(trainer.slots),
        };
        let draft_id = seed.draft(&location_id).await;
        let booked_slot_id = seed.next_slot();
        let (session_id, payment_id) = seed.paid().await;
        let loose_session_id = seed.held().await;
        let payable_session_id = seed.held().await;
        let settled_session_id = seed.held().await;
        let failed_payment_id = seed.declined().await;
        let (refunded_payment_id, refund_id) = seed.refunded().await;
        let free = seed.tickets(&camp, 1, 1).await;
        let paid_hold_id = seed.tickets(&camp, 2, 0).await.hold_id;
        let email_id = seed.mail().await;
        let free_slot_id = seed.slot();
        outlived(&system, &expired).await;
        Self {
            other: people::parent(&system, 1).await,
            former: former.user,
            other_trainer: people::register(&system, Role::Trainer).await,
            newcomer: people::register(&system, Role::Trainer).await,
            leaver,
            transfer_id,
            coach: trainer.user,
            system,
            admin,
            owner,
            expired,
            location_id,
            draft_id,
            camp,
            free_slot_id,
            booked_slot_id,
            session_id,
            payment_id,
            loose_session_id,
            payable_session_id,
            settled_session_id,
            failed_payment_id,
            refunded_payment_id,
            refund_id,
            free_hold_id: free.hold_id,
            ticket_id: free.tickets[0].ticket_id.clone(),
            paid_hold_id,
            email_id,
        }
    }

    pub fn service(&self) -> User {
        User::service(&self.system, "scheduling")
    }

    /// The owner's child that the coach trains.
    pub fn child_id(&self) -> String {
        self.owner.children[0].clone()
    }

    /// What of the owner an encoded answer names.
    pub fn told_of_the_owner(&self, answer: &[u8]) -> Option<&'static str> {
        let child = &self.owner.children[0];
        let secrets = [
            ("named the owner", &self.owner.user.id),
            ("named the owner's child", child),
            ("named the owner's session", &self.session_id),
            ("named the owner's payment", &self.payment_id),
            ("named the owner's tickets", &self.free_hold_id),
        ];
        let names = |secret: &str| {
            let mut places = answer.windows(secret.len());
            places.any(|place| place == secret.as_bytes())
        };
        secrets
            .into_iter()
            .find_map(|(what, secret)| names(secret).then_some(what))
    }
}

/// Offers a child to somebody, who has not accepted yet.
async fn offered(system: &System, guardian: &User, child_id: &str, to: &User) -> String {
    let request = TransferGuardianRequest {
        request_id: id(),
        child_id: child_id.to_owned(),
        new_guardian: Some(NewGuardian::NewGuardianId(to.id.clone())),
    };
    ChildServiceClient::new(system.channel("identity"))
        .transfer_guardian(guardian.says(request))
        .await
        .expect("an offer")
        .into_inner()
        .transfer_id
}

/// Waits until a token is too old, clocks' differences allowed for, however fast the seed was.
async fn outlived(system: &System, user: &User) {
    let users = UserServiceClient::new(system.channel("identity"));
    eventually("the end of a token", || async {
        let request = GetUserRequest {
            user_id: user.id.clone(),
            ..GetUserRequest::default()
        };
        let answer = users.clone().get_user(user.says(request)).await;
        answer
            .is_err_and(|status| status.code() == Code::Unauthenticated)
            .then_some(())
    })
    .await;
}

/// Accepts it, with the consents to all of its data.
async fn accepted(system: &System, guardian: &User, child_id: &str, transfer_id: &str) {
    let mut children = ChildServiceClient::new(system.channel("identity"));
    let request = AcceptGuardianTransferRequest {
        request_id: id(),
        child_id: child_id.to_owned(),
        transfer_id: transfer_id.to_owned(),
        guardian_consent: true,
        medical_consent: true,
        policy_version: POLICY.to_owned(),
    };
    children
        .accept_guardian_transfer(guardian.says(request))
        .await
        .expect("a transfer");
    let request = RecordConsentRequest {
        request_id: id(),
        child_id: child_id.to_owned(),
        purpose: ConsentPurpose::MedicalData.into(),
        policy_version: POLICY.to_owned(),
    };
    children
        .record_consent(guardian.says(request))
        .await
        .expect("a consent");
}

/// Makes the owner's things.
struct Seed<'a> {
    system: &'a System,
    admin: &'a User,
    owner: &'a Parent,
    slots: Mutex<Vec<String>>,
}

impl Seed<'_> {
    /// One that nobody has used.
    fn slot(&self) -> String {
        let mut slots = self.slots.lock().expect("slots");
        slots.pop().expect("a slot")
    }

    /// The one that is used next.
    fn next_slot(&self) -> String {
        let slots = self.slots.lock().expect("slots");
        slots.last().expect("a slot").clone()
    }

    fn with_child(&self, child: usize) -> Parent {
        Parent {
            user: self.owner.user.clone(),
            children: vec![self.owner.children[child].clone()],
        }
    }

    async fn held(&self) -> String {
        let (parent, slot) = (self.with_child(0), self.slot());
        // Scheduling hears of the transfer by itself.
        eventually("a session", || async {
            let held = people::book(self.system, &parent, &slot, id()).await;
            match held {
                Err(status) if status.code() == Code::NotFound => None,
                held => Some(held.expect("a session").session_id),
            }
        })
        .await
    }

    async fn pays(&self, session_id: &str, method: &str) -> String {
        let user = &self.owner.user;
        let payment = people::pay(self.system, user, SESSION, session_id, method, id());
        payment.await.expect("a payment").payment_id
    }

    async fn paid(&self) -> (String, String) {
        let session_id = self.held().await;
        let payment_id = self.pays(&session_id, "sandbox_ok").await;
        let user = &self.owner.user;
        people::session_becomes(self.system, user, &session_id, SessionState::Paid).await;
        (session_id, payment_id)
    }

    async fn declined(&self) -> String {
        let session_id = self.held().await;
        let payment_id = self.pays(&session_id, "sandbox_declined").await;
        let user = &self.owner.user;
        people::payment_becomes(self.system, user, &payment_id, PaymentState::Failed).await;
        payment_id
    }

    async fn refunded(&self) -> (String, String) {
        let (session_id, payment_id) = self.paid().await;
        let cancel = CancelSessionRequest {
            request_id: id(),
            session_id,
        };
        SessionServiceClient::new(self.system.channel("scheduling"))
            .cancel_session(self.admin.says(cancel))
            .await
            .expect("a cancelled session");
        let refund_id = eventually("the refund", || async {
            let any = |_: &_| true;
            let user = &self.owner.user;
            let payment =
                people::payment_where(self.system, user, &payment_id, "a payment", any).await;
            payment
                .refunds
                .first()
                .map(|refund| refund.refund_id.clone())
        })
        .await;
        (payment_id, refund_id)
    }

    async fn tickets(&self, camp: &Camp, child: usize, tier: usize) -> HoldTicketsResponse {
        let parent = self.with_child(child);
        let hold = people::hold(self.system, &parent, camp, tier, id());
        hold.await.expect("tickets")
    }

    async fn mail(&self) -> String {
        let list = || ListEmailsRequest {
            user_id: self.owner.user.id.clone(),
            ..ListEmailsRequest::default()
        };
        eventually("a mail to the owner", || async {
            let answer = EmailServiceClient::new(self.system.channel("identity"))
                .list_emails(self.admin.says(list()))
                .await
                .ok()?;
            let first = answer.into_inner().emails.into_iter().next()?;
            Some(first.email_id)
        })
        .await
    }

    async fn draft(&self, location_id: &str) -> String {
        EventServiceClient::new(self.system.channel("ticketing"))
            .create_event(self.admin.says(draft(location_id)))
            .await
            .expect("a draft")
            .into_inner()
            .event_id
    }
}

/// An event that is not on sale yet.
pub fn draft(location_id: &str) -> CreateEventRequest {
    CreateEventRequest {
        request_id: id(),
        title: "Clinic".to_owned(),
        event_type: EventType::Clinic.into(),
        location_id: location_id.to_owned(),
        start_date: Some(day(40)),
        end_date: Some(day(40)),
        start_time: "09:00".to_owned(),
        end_time: "12:00".to_owned(),
        max_participants: 10,
        tiers: vec![NewTier {
            r#type: "whole".to_owned(),
            price: Some(dollars(50)),
            capacity: 10,
        }],
        ..CreateEventRequest::default()
    }
}

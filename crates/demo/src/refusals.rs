//! Bad requests, each of which must be refused with the right code and reason, and a good one that
//! is sent twice.

use chrono::Days;
use contracts::common::v1::{ErrorReason, Role};
use contracts::identity::v1::LoginRequest;
use contracts::payments::events::v1::PayableKind;
use contracts::scheduling::v1::slot_rule::Rule;
use contracts::scheduling::v1::{
    BookSessionRequest, CancelSessionRequest, CompleteSessionRequest, CreateLocationRequest,
    LocalTimes, SingleSlot, SlotRule,
};
use contracts::wire::date;
use tonic::{Code, Request, Response, Status};

use crate::camps::{Camps, tickets};
use crate::error::{Attempt as _, DemoError, reason};
use crate::payments::payment;
use crate::person::Person;
use crate::plan::{Plan, clock_change, zone};
use crate::platform::Platform;
use crate::progress::Progress;
use crate::sessions::PaidSession;
use crate::setup::{Parent, Stage, daily, registration, request_id, schedule};
use crate::tally::Tally;

/// What the season has brought so far, for the bad requests to aim at.
pub struct Scene<'a> {
    pub platform: &'a Platform,
    pub plan: &'a Plan,
    pub stage: &'a Stage,
    pub camps: &'a Camps,
    pub paid: &'a [PaidSession],
    pub tally: &'a Tally,
}

pub async fn play(scene: &Scene<'_>, progress: &Progress) -> Result<(), DemoError> {
    progress.say("bad requests");
    scene.at_the_door().await;
    scene.windows().await?;
    if let Some(paid) = scene.paid.first() {
        scene.sessions(paid).await;
        scene.payments(paid).await;
        scene.twice(paid).await?;
    }
    scene.tickets().await;
    Ok(())
}

impl Scene<'_> {
    /// Callers without a valid token, of the wrong role, or with data that do not fit.
    async fn at_the_door(&self) {
        let (one, other) = (&self.stage.parents[0], &self.stage.parents[1]);
        let location = CreateLocationRequest {
            request_id: request_id(),
            name: format!("Elsewhere {}", self.plan.run),
            time_zone: "Europe/Berlin".to_owned(),
        };
        let create = |request: Request<CreateLocationRequest>| {
            let mut client = self.platform.locations.clone();
            async move { client.create_location(request).await }
        };
        let nobody = Person::anonymous(location.clone());
        self.refuse(
            "no token",
            create(nobody),
            Code::Unauthenticated,
            ErrorReason::TokenMissing,
        )
        .await;
        if let Ok(forger) = Person::new(String::new(), "forged.by.hand") {
            let forged = forger.request(location.clone());
            self.refuse(
                "a forged token",
                create(forged),
                Code::Unauthenticated,
                ErrorReason::TokenInvalid,
            )
            .await;
        }
        let parent = one.person.request(location);
        self.refuse(
            "a parent creates a location",
            create(parent),
            Code::PermissionDenied,
            ErrorReason::RoleNotAllowed,
        )
        .await;

        let mut users = self.platform.users.clone();
        let taken = registration(&one.email.to_uppercase(), Role::Parent);
        self.refuse(
            "an address that is taken, in capitals",
            users.register_user(Person::anonymous(taken)),
            Code::AlreadyExists,
            ErrorReason::EmailTaken,
        )
        .await;
        let guess = LoginRequest {
            email: other.email.clone(),
            password: "a guess and nothing more".to_owned(),
        };
        let mut authentication = self.platform.authentication.clone();
        self.refuse(
            "a wrong password",
            authentication.login(Person::anonymous(guess)),
            Code::Unauthenticated,
            ErrorReason::BadCredentials,
        )
        .await;
    }

    /// Windows that a trainer cannot open.
    async fn windows(&self) -> Result<(), DemoError> {
        let place = self.plan.trainers[0].place;
        let trainer = &self.stage.trainers[0].person;
        let mut client = self.platform.schedules.clone();
        let rule = daily(
            &self.stage.locations[place],
            18,
            self.plan.first_day,
            self.plan.first_day,
        );
        let (from, until) = (self.plan.first_day, self.plan.first_day + Days::new(1));
        let over = schedule(&trainer.user_id, vec![rule.clone()], from, until);
        self.refuse(
            "a window over another of the same trainer",
            client.open_schedule(trainer.request(over)),
            Code::FailedPrecondition,
            ErrorReason::WindowOverlaps,
        )
        .await;

        let zone = zone(0);
        let clock = &self.stage.clock_trainer.person;
        let spring = clock_change(zone, self.plan.first_day, true)
            .ok_or(DemoError::Incomplete("a spring"))?;
        let gap = SlotRule {
            location_id: self.stage.locations[0].clone(),
            rule: Some(Rule::Single(SingleSlot {
                date: Some(date(spring)),
                times: Some(LocalTimes {
                    start: "02:15".to_owned(),
                    end: "02:45".to_owned(),
                    ..Default::default()
                }),
            })),
        };
        let missing = schedule(&clock.user_id, vec![gap], spring, spring + Days::new(1));
        self.refuse(
            "a time that the clock change leaves out",
            client.open_schedule(clock.request(missing)),
            Code::InvalidArgument,
            ErrorReason::InvalidFields,
        )
        .await;
        Ok(())
    }

    async fn sessions(&self, paid: &PaidSession) {
        let (owner, stranger) = self.owner_and_stranger(paid);
        let mut client = self.platform.sessions.clone();
        let book = |slot_id: &str, child_ids: &[String]| BookSessionRequest {
            request_id: request_id(),
            slot_id: slot_id.to_owned(),
            child_ids: child_ids.to_vec(),
        };
        let free_slot = &self.stage.clock_trainer.slots[0];
        self.refuse(
            "a slot that is booked",
            client.book_session(
                stranger
                    .person
                    .request(book(&paid.slot_id, &stranger.children[..1])),
            ),
            Code::FailedPrecondition,
            ErrorReason::SlotTaken,
        )
        .await;
        self.refuse(
            "somebody else's child",
            client.book_session(
                stranger
                    .person
                    .request(book(free_slot, &owner.children[..1])),
            ),
            Code::NotFound,
            ErrorReason::NotFound,
        )
        .await;
        let group = self
            .stage
            .parents
            .iter()
            .find(|parent| parent.children.len() > 1);
        if let Some(group) = group {
            self.refuse(
                "a group for which the trainer has no price",
                client.book_session(group.person.request(book(free_slot, &group.children))),
                Code::FailedPrecondition,
                ErrorReason::NoGroupPrice,
            )
            .await;
        }
        self.refuse(
            "an id that is none, and no children",
            client.book_session(owner.person.request(book("tomorrow", &[]))),
            Code::InvalidArgument,
            ErrorReason::InvalidFields,
        )
        .await;
        let cancel = CancelSessionRequest {
            request_id: request_id(),
            session_id: paid.session_id.clone(),
        };
        self.refuse(
            "somebody else's session",
            client.cancel_session(stranger.person.request(cancel)),
            Code::NotFound,
            ErrorReason::NotFound,
        )
        .await;
        let complete = CompleteSessionRequest {
            request_id: request_id(),
            session_id: paid.session_id.clone(),
        };
        let trainer = &self.stage.trainers[paid.trainer].person;
        self.refuse(
            "completing a session that has not begun",
            client.complete_session(trainer.request(complete)),
            Code::FailedPrecondition,
            ErrorReason::SessionNotOver,
        )
        .await;
    }

    async fn payments(&self, paid: &PaidSession) {
        let (owner, stranger) = self.owner_and_stranger(paid);
        let mut client = self.platform.payments.clone();
        let again = || payment(PayableKind::Session, &paid.session_id, "sandbox_ok");
        self.refuse_with(
            "paying twice",
            client.create_payment(owner.person.request(again())),
            Code::FailedPrecondition,
            &[ErrorReason::NotPayable, ErrorReason::PaymentExists],
        )
        .await;
        self.refuse(
            "paying for somebody else's session",
            client.create_payment(stranger.person.request(again())),
            Code::NotFound,
            ErrorReason::NotFound,
        )
        .await;
    }

    /// A request that is repeated gets its first answer again; its request id is refused for any other
    /// request.
    async fn twice(&self, paid: &PaidSession) -> Result<(), DemoError> {
        let (owner, _) = self.owner_and_stranger(paid);
        let free_slot = |number: usize| self.stage.clock_trainer.slots.get(number);
        let (Some(slot), Some(other_slot)) = (free_slot(1), free_slot(2)) else {
            return Err(DemoError::Incomplete("the slots about the clock change"));
        };
        let mut message = BookSessionRequest {
            request_id: request_id(),
            slot_id: slot.clone(),
            child_ids: owner.children[..1].to_vec(),
        };
        let book = |message: &BookSessionRequest| {
            let request = owner.person.request(message.clone());
            let mut client = self.platform.sessions.clone();
            async move { client.book_session(request).await }
        };
        let first = self.platform.patiently(|| book(&message)).await;
        let first = first.attempting("booking about the clock change")?;
        self.tally.session();
        let second = self.platform.patiently(|| book(&message)).await;
        let second = second.attempting("repeating a booking")?;
        self.tally.promise(
            "a request that is repeated gets its first answer",
            first == second,
            format!("sessions {} and {}", first.session_id, second.session_id),
        );
        message.slot_id.clone_from(other_slot);
        self.refuse(
            "a request id for another request",
            book(&message),
            Code::InvalidArgument,
            ErrorReason::RequestIdReused,
        )
        .await;
        Ok(())
    }

    async fn tickets(&self) {
        let mut client = self.platform.tickets.clone();
        let family = &self.stage.parents[0];
        let child = &family.children[..1];
        let draft = tickets(&self.camps.draft, 0, child);
        self.refuse_with(
            "tickets of a draft",
            client.hold_tickets(family.person.request(draft)),
            Code::FailedPrecondition,
            &[ErrorReason::EventNotOnSale],
        )
        .await;
        if let Some(number) = self.camps.registered {
            let family = &self.stage.parents[number];
            let again = tickets(&self.camps.clinic, 0, &family.children[..1]);
            self.refuse(
                "a child that is registered",
                client.hold_tickets(family.person.request(again)),
                Code::FailedPrecondition,
                ErrorReason::ChildRegistered,
            )
            .await;
        }
        let family = &self.stage.parents[1];
        let foreign = tickets(&self.camps.clinic, 0, child);
        self.refuse(
            "a ticket for somebody else's child",
            client.hold_tickets(family.person.request(foreign)),
            Code::NotFound,
            ErrorReason::NotFound,
        )
        .await;
        let wrong_tier = contracts::ticketing::v1::HoldTicketsRequest {
            event_id: self.camps.rush.event_id.clone(),
            ..tickets(&self.camps.draft, 0, child)
        };
        self.refuse(
            "a tier of another event",
            client.hold_tickets(self.stage.parents[0].person.request(wrong_tier)),
            Code::NotFound,
            ErrorReason::NotFound,
        )
        .await;
    }

    /// The parent who has paid for a session, and another parent.
    fn owner_and_stranger(&self, paid: &PaidSession) -> (&Parent, &Parent) {
        let owner = &self.stage.parents[paid.parent];
        let next = (paid.parent + 1) % self.stage.parents.len();
        (owner, &self.stage.parents[next])
    }

    /// Notes the promise that a call is refused with a code and a reason, and whether it was kept.
    async fn refuse<T>(
        &self,
        what: &str,
        call: impl Future<Output = Result<Response<T>, Status>>,
        code: Code,
        expected: ErrorReason,
    ) {
        self.refuse_with(what, call, code, &[expected]).await;
    }

    /// The same where one of several reasons is right.
    async fn refuse_with<T>(
        &self,
        what: &str,
        call: impl Future<Output = Result<Response<T>, Status>>,
        code: Code,
        expected: &[ErrorReason],
    ) {
        let (kept, saw) = match self.platform.once(call).await {
            Ok(_) => (false, "accepted".to_owned()),
            Err(status) => {
                let found = reason(&status);
                let right = status.code() == code && found.is_some_and(|it| expected.contains(&it));
                let name = found.map_or("no reason", |found| found.as_str_name());
                let name = name.trim_start_matches("ERROR_REASON_");
                (right, format!("{:?} {name}", status.code()))
            }
        };
        self.tally.promise(format!("refused: {what}"), kept, saw);
    }
}

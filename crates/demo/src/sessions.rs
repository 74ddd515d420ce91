//! Books the planned sessions and lets each meet its fate: paid, declined, abandoned or cancelled.

use contracts::payments::events::v1::PayableKind;
use contracts::payments::v1::PaymentState;
use contracts::scheduling::v1::{
    BookSessionRequest, CancelSessionRequest, GetSessionRequest, Session, SessionState,
};
use futures::{StreamExt as _, TryStreamExt as _, stream};

use crate::error::{Attempt as _, DemoError};
use crate::payments::{eventually, pay, refunded};
use crate::person::Person;
use crate::plan::{BookingPlan, Fate, Plan};
use crate::platform::{CONCURRENCY, Platform};
use crate::progress::Progress;
use crate::setup::{Stage, request_id};
use crate::tally::Tally;

/// A session that is paid and takes place.
pub struct PaidSession {
    pub session_id: String,
    pub slot_id: String,
    /// Index of the parent.
    pub parent: usize,
    /// Index of the trainer.
    pub trainer: usize,
}

/// The text of a promise, and whether it is about a fate.
type Kind = (&'static str, fn(Fate) -> bool);

/// What became of one booking.
struct Played {
    fate: Fate,
    /// Whether everything went as the fate says.
    as_meant: bool,
    paid: Option<PaidSession>,
}

pub async fn play(
    platform: &Platform,
    plan: &Plan,
    stage: &Stage,
    tally: &Tally,
    progress: &Progress,
) -> Result<Vec<PaidSession>, DemoError> {
    progress.say("sessions: booked, paid, declined, abandoned, cancelled");
    let bookings = plan
        .parents
        .iter()
        .enumerate()
        .flat_map(|(number, parent)| {
            parent
                .bookings
                .iter()
                .map(move |booking| (number, *booking))
        });
    let played: Vec<Played> = stream::iter(bookings)
        .map(|(number, booking)| async move {
            let played = book(platform, stage, number, booking, tally).await;
            progress.step();
            played
        })
        .buffered(CONCURRENCY)
        .try_collect()
        .await?;
    promise(&played, tally);
    Ok(played
        .into_iter()
        .filter_map(|played| played.paid)
        .collect())
}

/// Notes one promise for each kind of fate.
fn promise(played: &[Played], tally: &Tally) {
    let kinds: [Kind; 5] = [
        ("a paid session stands", |fate| {
            matches!(fate, Fate::Paid(_))
        }),
        (
            "a declined card leaves the hold for the next card",
            |fate| fate == Fate::DeclinedThenPaid,
        ),
        (
            "an unpaid session is cancelled without any money moving",
            |fate| fate == Fate::CancelledUnpaid,
        ),
        ("a session cancelled in time is refunded in full", |fate| {
            fate == Fate::CancelledByParent
        }),
        (
            "a session cancelled by its trainer is refunded in full",
            |fate| fate == Fate::CancelledByTrainer,
        ),
    ];
    for (what, is_of_kind) in kinds {
        let of_kind: Vec<_> = played
            .iter()
            .filter(|played| is_of_kind(played.fate))
            .collect();
        let kept = of_kind.iter().filter(|played| played.as_meant).count();
        tally.promise(
            what,
            kept == of_kind.len(),
            format!("{kept} of {} sessions", of_kind.len()),
        );
    }
}

async fn book(
    platform: &Platform,
    stage: &Stage,
    number: usize,
    booking: BookingPlan,
    tally: &Tally,
) -> Result<Played, DemoError> {
    let parent = &stage.parents[number];
    let trainer = &stage.trainers[booking.trainer];
    let slot_id = trainer
        .slots
        .get(booking.slot)
        .ok_or(DemoError::Incomplete("the slots of a window"))?;
    let message = BookSessionRequest {
        request_id: request_id(),
        slot_id: slot_id.clone(),
        child_ids: parent.children[..booking.group].to_vec(),
    };
    let booked = platform
        .patiently(|| {
            let mut client = platform.sessions.clone();
            let request = parent.person.request(message.clone());
            async move { client.book_session(request).await }
        })
        .await
        .attempting("booking a session")?;
    tally.session();
    let scene = Scene {
        platform,
        parent: &parent.person,
        session_id: &booked.session_id,
        tally,
    };
    let as_meant = scene.play(booking.fate, &trainer.person).await?;
    let stands = matches!(booking.fate, Fate::Paid(_) | Fate::DeclinedThenPaid);
    Ok(Played {
        fate: booking.fate,
        as_meant,
        paid: (stands && as_meant).then(|| PaidSession {
            session_id: booked.session_id.clone(),
            slot_id: slot_id.clone(),
            parent: number,
            trainer: booking.trainer,
        }),
    })
}

/// One session after it was booked.
struct Scene<'a> {
    platform: &'a Platform,
    parent: &'a Person,
    session_id: &'a str,
    tally: &'a Tally,
}

impl Scene<'_> {
    /// Plays the fate and returns whether everything went as it says.
    async fn play(&self, fate: Fate, trainer: &Person) -> Result<bool, DemoError> {
        match fate {
            Fate::Abandoned => Ok(true),
            Fate::CancelledUnpaid => Ok(!self.cancel(self.parent).await?),
            Fate::Declined => {
                let payment = self.pay("sandbox_insufficient_funds").await?;
                Ok(payment.1 == PaymentState::Failed)
            }
            Fate::Paid(method) => Ok(self.pay_and_stand(method).await?.is_some()),
            Fate::DeclinedThenPaid => {
                let declined = self.pay("sandbox_declined").await?.1 == PaymentState::Failed;
                Ok(declined && self.pay_and_stand("sandbox_ok").await?.is_some())
            }
            Fate::CancelledByParent => self.pay_cancel_refund(self.parent).await,
            Fate::CancelledByTrainer => self.pay_cancel_refund(trainer).await,
        }
    }

    async fn pay(&self, method: &str) -> Result<(String, PaymentState), DemoError> {
        let payable = (PayableKind::Session, self.session_id);
        let payment = pay(self.platform, self.parent, payable, method, self.tally).await?;
        let state = payment.state();
        Ok((payment.payment_id, state))
    }

    /// Pays and waits until the session is paid. Returns the id of the payment, or nothing when the
    /// payment failed or the session names another one.
    async fn pay_and_stand(&self, method: &str) -> Result<Option<String>, DemoError> {
        let (payment_id, state) = self.pay(method).await?;
        if state != PaymentState::Succeeded {
            return Ok(None);
        }
        let what = format!("the confirmation of session {}", self.session_id);
        let session = eventually(&what, || async {
            let session = self.look().await?;
            Ok(session.filter(|session| session.state() == SessionState::Paid))
        })
        .await?;
        Ok((session.payment_id == payment_id).then_some(payment_id))
    }

    async fn pay_cancel_refund(&self, by: &Person) -> Result<bool, DemoError> {
        let Some(payment_id) = self.pay_and_stand("sandbox_ok").await? else {
            return Ok(false);
        };
        Ok(self.cancel(by).await?
            && refunded(self.platform, self.parent, &payment_id, self.tally).await?)
    }

    /// Cancels the session and returns whether money has to go back.
    async fn cancel(&self, by: &Person) -> Result<bool, DemoError> {
        let message = CancelSessionRequest {
            request_id: request_id(),
            session_id: self.session_id.to_owned(),
        };
        let canceled = self
            .platform
            .patiently(|| {
                let mut client = self.platform.sessions.clone();
                let request = by.request(message.clone());
                async move { client.cancel_session(request).await }
            })
            .await
            .attempting("cancelling a session")?;
        Ok(canceled.refund_due)
    }

    async fn look(&self) -> Result<Option<Session>, DemoError> {
        let message = GetSessionRequest {
            session_id: self.session_id.to_owned(),
            min_position: None,
        };
        let answer = self
            .platform
            .patiently(|| {
                let mut client = self.platform.sessions.clone();
                let request = self.parent.request(message.clone());
                async move { client.get_session(request).await }
            })
            .await;
        match answer {
            Err(status) if status.code() == tonic::Code::NotFound => Ok(None),
            answer => Ok(answer.attempting("reading a session")?.session),
        }
    }
}

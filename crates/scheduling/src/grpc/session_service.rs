//! `SessionService`.

use contracts::scheduling::v1::session_service_server::SessionService;
use contracts::scheduling::v1::{
    BookSessionRequest, BookSessionResponse, CancelSessionRequest, CancelSessionResponse,
    CompleteSessionRequest, CompleteSessionResponse, ExpireSessionHoldRequest,
    ExpireSessionHoldResponse, GetSessionRequest, GetSessionResponse, ListSessionsRequest,
    ListSessionsResponse, SettleSessionRequest, SettleSessionResponse,
};
use contracts::wire;
use eventsourcing::{Committed, Context, ExecuteError, Projection};
use prost::Message;
use service::{Call, checkpoint_status, internal, not_found, reached};
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::convert::{
    self, BookSession, CancelSession, CompleteSession, ExpireSessionHold, GetSession, ListSessions,
    SettleSession,
};
use super::errors::refusal;
use super::{Api, acting, answer, now};
use crate::domain::session::{
    Acting, Hold, Place, Session, SessionCommand, SessionError, SessionState,
};
use crate::domain::{Interval, LocalTimes, Money};
use crate::projector::{Sessions, SlotRow};
use crate::query::{self, SessionViewer, StartCursor};

const BOOK: &str = "/divinetime.scheduling.v1.SessionService/BookSession";
const CANCEL: &str = "/divinetime.scheduling.v1.SessionService/CancelSession";
const COMPLETE: &str = "/divinetime.scheduling.v1.SessionService/CompleteSession";
const EXPIRE: &str = "/divinetime.scheduling.v1.SessionService/ExpireSessionHold";
const SETTLE: &str = "/divinetime.scheduling.v1.SessionService/SettleSession";

#[tonic::async_trait]
impl SessionService for Api {
    async fn book_session(
        &self,
        request: Request<BookSessionRequest>,
    ) -> Result<Response<BookSessionResponse>, Status> {
        let book = BookSession::try_from(request.get_ref())?;
        let call = Call::of(&request);
        let context = call.context(BOOK, book.request_id, request.get_ref());
        let command = SessionCommand::Hold(Box::new(self.hold(&call, book).await?));
        let id = Uuid::now_v7().to_string();
        let committed = self
            .sessions
            .create(&id, context, command, |session, _| booked(&id, session))
            .await
            .map_err(refusal)?;
        answer(&committed, |response: &mut BookSessionResponse| {
            &mut response.position
        })
    }

    async fn cancel_session(
        &self,
        request: Request<CancelSessionRequest>,
    ) -> Result<Response<CancelSessionResponse>, Status> {
        let cancel = CancelSession::try_from(request.get_ref())?;
        let call = Call::of(&request);
        let context = call.context(CANCEL, cancel.request_id, request.get_ref());
        let command = SessionCommand::Cancel {
            acting: acting(&call)?,
            now: now(),
        };
        let committed = self
            .execute(cancel.session_id, context, command, canceled)
            .await
            .map_err(refusal)?;
        answer(&committed, |response: &mut CancelSessionResponse| {
            &mut response.position
        })
    }

    async fn complete_session(
        &self,
        request: Request<CompleteSessionRequest>,
    ) -> Result<Response<CompleteSessionResponse>, Status> {
        let complete = CompleteSession::try_from(request.get_ref())?;
        let call = Call::of(&request);
        let context = call.context(COMPLETE, complete.request_id, request.get_ref());
        let command = SessionCommand::Complete {
            acting: acting(&call)?,
            now: now(),
        };
        let committed = self
            .execute(complete.session_id, context, command, completed)
            .await
            .map_err(refusal)?;
        answer(&committed, |response: &mut CompleteSessionResponse| {
            &mut response.position
        })
    }

    async fn get_session(
        &self,
        request: Request<GetSessionRequest>,
    ) -> Result<Response<GetSessionResponse>, Status> {
        let get = GetSession::try_from(request.get_ref())?;
        let call = Call::of(&request);
        let positions = get.min_position.as_slice();
        reached(&self.checkpoints, Sessions::NAME, positions, &call).await?;
        let row = query::session(&self.pool, viewer(&call)?, get.session_id)
            .await
            .map_err(internal)?
            .ok_or_else(|| not_found("session", &get.session_id.to_string()))?;
        Ok(Response::new(GetSessionResponse {
            session: Some(row.into()),
        }))
    }

    async fn list_sessions(
        &self,
        request: Request<ListSessionsRequest>,
    ) -> Result<Response<ListSessionsResponse>, Status> {
        let list = ListSessions::try_from(request.get_ref())?;
        let call = Call::of(&request);
        let positions = list.min_position.as_slice();
        reached(&self.checkpoints, Sessions::NAME, positions, &call).await?;
        let mut rows = query::sessions(&self.pool, viewer(&call)?, &list.filter, &list.page)
            .await
            .map_err(internal)?;
        let next_page_token = list.page.next_token(&mut rows, |row| StartCursor {
            starts_at: row.starts_at,
            id: row.id,
        });
        Ok(Response::new(ListSessionsResponse {
            sessions: rows.into_iter().map(Into::into).collect(),
            next_page_token,
        }))
    }

    async fn expire_session_hold(
        &self,
        request: Request<ExpireSessionHoldRequest>,
    ) -> Result<Response<ExpireSessionHoldResponse>, Status> {
        let expire = ExpireSessionHold::try_from(request.get_ref())?;
        let context = Call::of(&request).context(EXPIRE, expire.request_id, request.get_ref());
        let command = SessionCommand::ExpireHold { now: now() };
        let committed = self
            .execute(expire.session_id, context, command, expired)
            .await
            .map_err(refusal)?;
        answer(&committed, |response: &mut ExpireSessionHoldResponse| {
            &mut response.position
        })
    }

    async fn settle_session(
        &self,
        request: Request<SettleSessionRequest>,
    ) -> Result<Response<SettleSessionResponse>, Status> {
        let settle = SettleSession::try_from(request.get_ref())?;
        let context = Call::of(&request).context(SETTLE, settle.request_id, request.get_ref());
        let committed = self.settle(&settle, context).await.map_err(refusal)?;
        answer(&committed, |response: &mut SettleSessionResponse| {
            &mut response.position
        })
    }
}

impl Api {
    async fn execute(
        &self,
        session_id: Uuid,
        context: Context,
        command: SessionCommand,
        reply: impl Fn(&Session) -> Vec<u8>,
    ) -> Result<Committed, ExecuteError<SessionError>> {
        let id = session_id.to_string();
        let reply = |session: &Session, _: &[_]| reply(session);
        self.sessions.execute(&id, context, command, reply).await
    }

    /// A payment whose place somebody else has goes back.
    async fn settle(
        &self,
        settle: &SettleSession,
        context: Context,
    ) -> Result<Committed, ExecuteError<SessionError>> {
        let (payment_id, now) = (settle.payment_id, now());
        let reply = |session: &Session| settled(payment_id, session);
        let command = SessionCommand::Settle { payment_id, now };
        match self
            .execute(settle.session_id, context.clone(), command, reply)
            .await
        {
            Err(ExecuteError::ClaimTaken { .. }) => {
                let command = SessionCommand::RejectPayment { payment_id, now };
                self.execute(settle.session_id, context, command, reply)
                    .await
            }
            other => other,
        }
    }

    /// What the hold depends on, as it is now.
    async fn hold(&self, call: &Call, book: BookSession) -> Result<Hold, Status> {
        let slot = self
            .directory
            .slot(book.slot_id)
            .await
            .map_err(checkpoint_status)?;
        let slot = slot.ok_or_else(|| not_found("slot", &book.slot_id.to_string()))?;
        let (parent_id, archived_child) = self.check_guardian(call, &book.child_ids).await?;
        let trainer = self.directory.trainer(slot.trainer_id).await;
        let trainer_id = slot.trainer_id;
        let unknown = || not_found("trainer", &trainer_id.to_string());
        let trainer = trainer.map_err(checkpoint_status)?.ok_or_else(unknown)?;
        let price_per_hour = Money::new(&trainer.currency, trainer.price_per_hour);
        let group_price = self
            .group_price(slot.trainer_id, book.child_ids.len())
            .await?;
        let (place, local) = place(slot, book.child_ids)?;
        Ok(Hold {
            place,
            local,
            parent_id,
            trainer_bookable: trainer.bookable(),
            archived_child,
            price_per_hour: price_per_hour.ok_or_else(unknown)?,
            group_price,
            policy: self.policy,
            hold_for: self.hold_for,
            now: now(),
        })
    }

    /// The caller must be the guardian of every child. With it the first child that was
    /// archived, if one was.
    async fn check_guardian(
        &self,
        call: &Call,
        child_ids: &[Uuid],
    ) -> Result<(Uuid, Option<Uuid>), Status> {
        let children = self
            .directory
            .children(child_ids, call.user_id())
            .await
            .map_err(checkpoint_status)?;
        let stranger = child_ids.iter().find(|id| {
            let child = children.iter().find(|child| child.child_id == **id);
            child.is_none_or(|child| Some(child.guardian_id) != call.user_id())
        });
        let archived = children.iter().find(|child| child.archived);
        match (stranger, acting(call)?) {
            (None, Acting::Parent(id)) => Ok((id, archived.map(|child| child.child_id))),
            (Some(id), _) => Err(not_found("child", &id.to_string())),
            (None, Acting::Trainer(id)) => Err(not_found("parent", &id.to_string())),
            (None, Acting::Admin) => Err(not_found("parent", "")),
        }
    }

    async fn group_price(
        &self,
        trainer_id: Uuid,
        children: usize,
    ) -> Result<Option<Money>, Status> {
        if children < 2 {
            return Ok(None);
        }
        let calendar = self.trainer_calendars.load(&trainer_id.to_string()).await;
        let participants = u32::try_from(children).unwrap_or(u32::MAX);
        Ok(calendar
            .map_err(internal)?
            .and_then(|calendar| calendar.group_price(participants).cloned()))
    }
}

fn viewer(call: &Call) -> Result<SessionViewer, Status> {
    Ok(match acting(call)? {
        Acting::Parent(id) => SessionViewer::Parent(id),
        Acting::Trainer(id) => SessionViewer::Trainer(id),
        Acting::Admin => SessionViewer::Admin,
    })
}

fn place(slot: SlotRow, child_ids: Vec<Uuid>) -> Result<(Place, LocalTimes), Status> {
    let time = Interval::new(slot.starts_at, slot.ends_at)
        .ok_or_else(|| not_found("slot", &slot.id.to_string()))?;
    let place = Place {
        schedule_id: slot.schedule_id,
        slot_id: slot.id,
        trainer_id: slot.trainer_id,
        location_id: slot.location_id,
        child_ids,
        time,
    };
    let local = LocalTimes {
        time_zone: slot.time_zone,
        date: slot.date,
        start: slot.start,
        end: slot.end,
    };
    Ok((place, local))
}

fn booked(session_id: &str, session: &Session) -> Vec<u8> {
    let held = session.held();
    BookSessionResponse {
        session_id: session_id.to_owned(),
        state: convert::state_of(session).into(),
        price: held.map(|held| convert::money(held.price())),
        hold_expires_at: held
            .filter(|held| held.state() == SessionState::Pending)
            .map(|held| wire::timestamp(held.hold_expires_at())),
        cancellation_notice_hours: held
            .and_then(|held| held.policy().notice_hours.try_into().ok())
            .unwrap_or_default(),
        position: None,
    }
    .encode_to_vec()
}

fn canceled(session: &Session) -> Vec<u8> {
    CancelSessionResponse {
        state: convert::state_of(session).into(),
        refunded: session
            .held()
            .is_some_and(crate::domain::session::Held::refunded),
        position: None,
    }
    .encode_to_vec()
}

fn completed(session: &Session) -> Vec<u8> {
    CompleteSessionResponse {
        state: convert::state_of(session).into(),
        position: None,
    }
    .encode_to_vec()
}

fn expired(session: &Session) -> Vec<u8> {
    ExpireSessionHoldResponse {
        state: convert::state_of(session).into(),
        position: None,
    }
    .encode_to_vec()
}

fn settled(payment_id: Uuid, session: &Session) -> Vec<u8> {
    SettleSessionResponse {
        state: convert::state_of(session).into(),
        accepted: session
            .held()
            .is_some_and(|held| held.payment_id() == Some(payment_id)),
        position: None,
    }
    .encode_to_vec()
}

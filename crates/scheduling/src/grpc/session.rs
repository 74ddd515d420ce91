mod parse;
mod reply;

use chrono::TimeDelta;
use contracts::scheduling::v1::session_service_server::SessionService;
use contracts::scheduling::v1::{
    BookSessionRequest, BookSessionResponse, CancelSessionRequest, CancelSessionResponse,
    CompleteSessionRequest, CompleteSessionResponse, ExpireSessionHoldRequest,
    ExpireSessionHoldResponse, GetSessionRequest, GetSessionResponse, ListSessionsRequest,
    ListSessionsResponse, SettleSessionRequest, SettleSessionResponse,
};
use service::{Call, Reads, Runtime, Writes, new_id, not_found, now};
use tonic::{Request, Response, Status};

use self::parse::{
    BookSession, CancelSession, CompleteSession, ExpireSessionHold, GetSession, ListSessions,
    SettleSession,
};
use super::acting;
use crate::SchedulingSettings;
use crate::domain::session::{CancellationPolicy, Hold, Session, SessionCommand};
use crate::projector::Sessions;
use crate::query::{self, StartCursor};
use crate::reference::References;

/// Books, gives up and lists sessions.
pub struct SessionRpcs {
    sessions: Writes<Session>,
    list: Reads<Sessions>,
    references: References,
    hold_for: TimeDelta,
    policy: CancellationPolicy,
}

impl SessionRpcs {
    pub fn on(runtime: &Runtime, references: &References) -> Self {
        let settings: SchedulingSettings = runtime.settings.own();
        Self {
            sessions: Writes::on(runtime),
            list: Reads::on(runtime),
            references: references.clone(),
            hold_for: settings.hold(),
            policy: CancellationPolicy {
                notice_hours: settings.cancellation_notice_hours,
            },
        }
    }
}

#[tonic::async_trait]
impl SessionService for SessionRpcs {
    async fn book_session(
        &self,
        request: Request<BookSessionRequest>,
    ) -> Result<Response<BookSessionResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let BookSession { slot_id, child_ids } = BookSession::try_from(message)?;
        let parent_id = call.parent("only parents book sessions")?;
        let references = &self.references;
        let booking = references.booking(parent_id, slot_id, child_ids).await?;
        let session_id = new_id();
        let hold = SessionCommand::Hold(Box::new(Hold {
            session_id,
            place: booking.place,
            local: booking.local,
            parent_id,
            trainer_bookable: booking.trainer_bookable,
            archived_child: booking.archived_child,
            price_per_hour: booking.price_per_hour,
            group_price: booking.group_price,
            policy: self.policy,
            hold_for: self.hold_for,
            now: now(),
        }));
        let reply = |session: &Session, _: &[_]| reply::booked(session_id, session);
        self.sessions
            .create(&call, message, session_id, hold, reply)
            .await
    }

    async fn cancel_session(
        &self,
        request: Request<CancelSessionRequest>,
    ) -> Result<Response<CancelSessionResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let CancelSession { session_id } = CancelSession::try_from(message)?;
        let cancel = SessionCommand::Cancel {
            acting: acting(&call)?,
            now: now(),
        };
        self.sessions
            .execute(&call, message, session_id, cancel, reply::canceled)
            .await
    }

    async fn complete_session(
        &self,
        request: Request<CompleteSessionRequest>,
    ) -> Result<Response<CompleteSessionResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let CompleteSession { session_id } = CompleteSession::try_from(message)?;
        let complete = SessionCommand::Complete {
            acting: acting(&call)?,
            now: now(),
        };
        self.sessions
            .execute(&call, message, session_id, complete, reply::completed)
            .await
    }

    async fn get_session(
        &self,
        request: Request<GetSessionRequest>,
    ) -> Result<Response<GetSessionResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let GetSession { session_id } = GetSession::try_from(message)?;
        let acting = acting(&call)?;
        let look = |pool| query::session(pool, acting, session_id);
        let row = self.list.read(&call, message, look).await?;
        let row = row.ok_or_else(|| not_found("session", &session_id.to_string()))?;
        Ok(Response::new(GetSessionResponse {
            session: Some(row.into()),
        }))
    }

    async fn list_sessions(
        &self,
        request: Request<ListSessionsRequest>,
    ) -> Result<Response<ListSessionsResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let ListSessions { filter, page } = ListSessions::of(message, &call)?;
        let acting = acting(&call)?;
        let look = |pool| query::sessions(pool, acting, &filter, &page);
        let rows = self.list.read(&call, message, look).await?;
        let (sessions, next_page_token) = page.cut(rows, StartCursor::of_session);
        Ok(Response::new(ListSessionsResponse {
            sessions,
            next_page_token,
        }))
    }

    async fn expire_session_hold(
        &self,
        request: Request<ExpireSessionHoldRequest>,
    ) -> Result<Response<ExpireSessionHoldResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let ExpireSessionHold { session_id } = ExpireSessionHold::try_from(message)?;
        let expire = SessionCommand::ExpireHold { now: now() };
        self.sessions
            .execute(&call, message, session_id, expire, reply::expired)
            .await
    }

    /// A payment whose place somebody else has by now goes back.
    async fn settle_session(
        &self,
        request: Request<SettleSessionRequest>,
    ) -> Result<Response<SettleSessionResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let SettleSession {
            session_id,
            payment_id,
        } = SettleSession::try_from(message)?;
        let now = now();
        let settle = SessionCommand::Settle { payment_id, now };
        let reject = SessionCommand::RejectPayment { payment_id, now };
        let reply = |session: &Session, _: &[_]| reply::settled(payment_id, session);
        self.sessions
            .execute_or(&call, message, session_id, (settle, reject), reply)
            .await
    }
}

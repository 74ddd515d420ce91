mod parse;
mod reply;

use contracts::identity::v1::email_service_server::EmailService;
use contracts::identity::v1::{
    Email, ListEmailsRequest, ListEmailsResponse, QueueEmailRequest, QueueEmailResponse,
    ResendEmailRequest, ResendEmailResponse,
};
use eventsourcing::personal::{Keyring, PersonalError};
use serde_json::json;
use service::{Call, Reads, internal, not_found};
use tonic::{Request, Response, Status};

use self::parse::{ListEmails, QueueEmail, ResendEmail};
use super::refusals::{not_resendable, personal_status, request_reused};
use super::{caller, own_or_admin};
use crate::domain::values::UserId;
use crate::mail::{EmailCursor, EmailFilter, EmailRow, MailError, NewMail, Outbox, Resent};
use crate::projector::users::{UserRow, Users};
use crate::query;
use crate::resources::Resources;

/// Lists, queues and resends messages to users.
pub struct EmailRpcs {
    outbox: Outbox,
    keyring: Keyring,
    users: Reads<Users>,
    /// Whether this deployment can send mail.
    sends: bool,
}

impl EmailRpcs {
    pub fn on(resources: &Resources) -> Self {
        let mail = &resources.settings.mail;
        Self {
            outbox: resources.outbox.clone(),
            keyring: resources.keyring.clone(),
            users: resources.reads(),
            sends: mail.smtp_url.is_some() || mail.directory.is_some(),
        }
    }

    async fn opened(&self, rows: Vec<EmailRow>) -> Result<Vec<Email>, Status> {
        let subjects = rows.iter().flat_map(EmailRow::subjects);
        let emails = self.keyring.opener(subjects).await.and_then(|opener| {
            let rows = rows.into_iter();
            rows.map(|row| reply::email(row, &opener, self.sends))
                .collect()
        });
        emails.map_err(personal_status)
    }

    /// Queues a notice to a user, and returns whether a mail was queued: not when they were erased.
    async fn tell(&self, user: &UserRow, notice: QueueEmail) -> Result<bool, Status> {
        let Some(to) = notice.to.or_else(|| user.email.personal().cloned()) else {
            return Ok(false);
        };
        let opener = self.keyring.opener([user.id.uuid()]).await;
        let first_name = opener.and_then(|opener| user.first_name.open(&opener));
        let values = json!({
            "first_name": first_name.map_err(personal_status)?,
            "occurred_at": notice.occurred_at.to_rfc3339(),
        });
        let values = match self.keyring.sealer(user.id.uuid()).await {
            Ok(sealer) => sealer.seal(&values).map_err(personal_status)?,
            Err(PersonalError::Erased(_)) => return Ok(false),
            Err(error) => return Err(personal_status(error)),
        };
        let mail = NewMail {
            cause: notice.cause,
            template: notice.template,
            user_id: user.id,
            to,
            values,
        };
        match self.outbox.queue(mail).await {
            Err(MailError::Erased) => Ok(false),
            queued => Ok(queued?),
        }
    }
}

/// Whose messages are listed: the caller's own, or an admin's choice.
fn whose(call: &Call, named: Option<UserId>) -> Result<Option<UserId>, Status> {
    match named {
        None if call.is_admin() => Ok(None),
        None => caller(call).map(Some),
        Some(user_id) => own_or_admin(call, user_id, "user").map(|()| named),
    }
}

#[tonic::async_trait]
impl EmailService for EmailRpcs {
    async fn list_emails(
        &self,
        request: Request<ListEmailsRequest>,
    ) -> Result<Response<ListEmailsResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let ListEmails {
            user_id,
            status,
            page,
        } = ListEmails::of(message, &call)?;
        let user_id = whose(&call, user_id)?;
        let filter = EmailFilter { user_id, status };
        let rows = self.outbox.emails(&filter, &page).await;
        let (rows, next_page_token) = page.cut(rows.map_err(internal)?, EmailCursor::of);
        Ok(Response::new(ListEmailsResponse {
            emails: self.opened(rows).await?,
            next_page_token,
        }))
    }

    async fn resend_email(
        &self,
        request: Request<ResendEmailRequest>,
    ) -> Result<Response<ResendEmailResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let ResendEmail {
            request_id,
            email_id,
        } = ResendEmail::try_from(message)?;
        let admin = caller(&call)?;
        let resent = self.outbox.resend(request_id, email_id, admin).await?;
        let row = self.outbox.email(email_id).await;
        let row = row.map_err(internal)?;
        let row = row.ok_or_else(|| not_found("email", &email_id.to_string()))?;
        match resent {
            Resent::Queued => {}
            Resent::NotPossible => return Err(not_resendable()),
            Resent::RequestReused => return Err(request_reused()),
        }
        Ok(Response::new(ResendEmailResponse {
            email: self.opened(vec![row]).await?.pop(),
        }))
    }

    async fn queue_email(
        &self,
        request: Request<QueueEmailRequest>,
    ) -> Result<Response<QueueEmailResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let notice = QueueEmail::try_from(message)?;
        let user_id = notice.user_id;
        let look = |pool| query::user(pool, user_id);
        let user = self.users.read(&call, message, look).await?;
        let user = user.ok_or_else(|| not_found("user", &user_id.to_string()))?;
        let queued = self.tell(&user, notice).await?;
        Ok(Response::new(QueueEmailResponse { queued }))
    }
}

use contracts::{
    common::v1::ErrorReason,
    identity::v1::{
        Email, EmailStatus, EmailTemplate, ListEmailsRequest, ListEmailsResponse,
        QueueEmailRequest, QueueEmailResponse, ResendEmailRequest, ResendEmailResponse,
        email_service_server::EmailService,
    },
    wire::timestamp,
};
use eventsourcing::{
    Checkpoints, Projection,
    personal::{Keyring, Opener, PersonalError},
};
use serde_json::json;
use service::{Call, internal, not_found, reached, refused};
use sqlx::PgPool;
use tonic::{Code, Request, Response, Status};
use uuid::Uuid;

use super::{
    parse::{self, emails::Notice},
    refusals::personal_status,
};
use crate::{
    mail::{MailError, NewMail, Outbox, Resent},
    projector::users::Users,
    query::{self, emails::EmailRow},
    resources::Resources,
};

pub struct EmailRpcs {
    outbox: Outbox,
    keyring: Keyring,
    pool: PgPool,
    checkpoints: Checkpoints,
    /// Whether this deployment can send mail.
    sends: bool,
}

impl EmailRpcs {
    pub(super) fn new(resources: &Resources) -> Self {
        let mail = &resources.settings.mail;
        Self {
            outbox: resources.outbox.clone(),
            keyring: resources.keyring.clone(),
            pool: resources.pool.clone(),
            checkpoints: Checkpoints::new(resources.pool.clone()),
            sends: mail.smtp_url.is_some() || mail.directory.is_some(),
        }
    }

    async fn opened(&self, rows: Vec<EmailRow>) -> Result<Vec<Email>, Status> {
        let subjects = rows.iter().flat_map(EmailRow::subjects);
        let opener = self
            .keyring
            .opener(subjects)
            .await
            .map_err(personal_status)?;
        let rows = rows.into_iter();
        rows.map(|row| email(row, &opener, self.sends))
            .collect::<Result<_, _>>()
            .map_err(personal_status)
    }

    /// Queues a notice, and returns whether a mail was queued: not when the user was erased.
    async fn tell(&self, notice: Notice) -> Result<bool, Status> {
        let Notice {
            cause,
            template,
            user_id,
            to,
            occurred_at,
            min_position: _,
        } = notice;
        let user = query::users::by_id(&self.pool, user_id)
            .await
            .map_err(internal)?
            .ok_or_else(|| not_found("user", &user_id.to_string()))?;
        let Some(to) = to.or_else(|| user.email.personal().cloned()) else {
            return Ok(false);
        };
        let opener = self.keyring.opener([user_id]).await;
        let first_name = opener.and_then(|opener| user.first_name.open(&opener));
        let values = json!({
            "first_name": first_name.map_err(personal_status)?,
            "occurred_at": occurred_at.to_rfc3339(),
        });
        let values = match self.keyring.sealer(user_id).await {
            Ok(sealer) => sealer.seal(&values).map_err(personal_status)?,
            Err(PersonalError::Erased(_)) => return Ok(false),
            Err(error) => return Err(personal_status(error)),
        };
        let mail = NewMail {
            cause,
            template,
            user_id,
            to,
            values,
        };
        match self.outbox.queue(mail).await {
            Err(MailError::Erased) => Ok(false),
            queued => Ok(queued?),
        }
    }
}

#[tonic::async_trait]
impl EmailService for EmailRpcs {
    async fn list_emails(
        &self,
        request: Request<ListEmailsRequest>,
    ) -> Result<Response<ListEmailsResponse>, Status> {
        let call = Call::of(&request);
        let (filter, page) = parse::emails::list_emails(&call, request.into_inner())?;
        let rows = query::emails::page(&self.pool, &filter, &page).await;
        let mut rows = rows.map_err(internal)?;
        let next_page_token = page.next_token(&mut rows, |row| row.into());
        Ok(Response::new(ListEmailsResponse {
            emails: self.opened(rows).await?,
            next_page_token,
        }))
    }

    async fn resend_email(
        &self,
        request: Request<ResendEmailRequest>,
    ) -> Result<Response<ResendEmailResponse>, Status> {
        let admin = Call::of(&request).user_id().unwrap_or(Uuid::nil());
        let (request_id, id) = parse::emails::resend_email(request.into_inner())?;
        let resent = self.outbox.resend(request_id, id, admin).await?;
        let row = query::emails::by_id(&self.pool, id)
            .await
            .map_err(internal)?;
        let row = row.ok_or_else(|| not_found("email", &id.to_string()))?;
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
        let call = Call::of(&request);
        let notice = parse::emails::queue_email(request.into_inner())?;
        let position = notice.min_position.as_slice();
        reached(&self.checkpoints, Users::NAME, position, &call).await?;
        let queued = self.tell(notice).await?;
        Ok(Response::new(QueueEmailResponse { queued }))
    }
}

fn email(row: EmailRow, opener: &Opener, sends: bool) -> Result<Email, PersonalError> {
    let EmailRow {
        id,
        user_id,
        cause,
        template,
        recipient,
        subject,
        body,
        status,
        attempts,
        last_error,
        created_at,
        next_attempt_at,
        sent_at,
    } = row;
    let status = EmailStatus::from_str_name(&format!("EMAIL_STATUS_{status}")).unwrap_or_default();
    let template = EmailTemplate::from_str_name(&format!("EMAIL_TEMPLATE_{template}"));
    let waits = matches!(
        status,
        EmailStatus::Queued | EmailStatus::Sending | EmailStatus::Retrying
    );
    let failure = if waits && !sends {
        "no mail server and no directory is set".to_owned()
    } else {
        last_error
    };
    Ok(Email {
        email_id: id.to_string(),
        user_id: user_id.to_string(),
        cause_id: cause.to_string(),
        template: template.unwrap_or_default().into(),
        recipient: recipient.open(opener)?.unwrap_or_default(),
        subject: subject.open(opener)?.unwrap_or_default(),
        body: body.open(opener)?.unwrap_or_default(),
        status: status.into(),
        attempts,
        failure,
        created_at: Some(timestamp(created_at)),
        next_attempt_at: waits.then(|| timestamp(next_attempt_at)),
        sent_at: sent_at.map(timestamp),
    })
}

fn not_resendable() -> Status {
    refused(
        Code::FailedPrecondition,
        ErrorReason::EmailState,
        "only mail that was sent or given up, and carried no code, is sent again",
    )
}

fn request_reused() -> Status {
    refused(
        Code::InvalidArgument,
        ErrorReason::RequestIdReused,
        "this request_id was used for another message",
    )
}

use chrono::Utc;
use contracts::identity::v1::{
    EmailTemplate, ListEmailsRequest, QueueEmailRequest, ResendEmailRequest,
};
use contracts::wire::timestamp;
use e2e::people::id;
use prost::Message as _;

use super::rows::{Row, guarded};

const HERE: &[&str] = &["identity"];

#[rustfmt::skip]
pub const ROWS: &[Row] = &[
    guarded(HERE, "/divinetime.identity.v1.EmailService/ListEmails", b"ANNNNAR", |w| {
        ListEmailsRequest { user_id: w.owner.user.id.clone(), ..Default::default() }.encode_to_vec()
    }),
    guarded(HERE, "/divinetime.identity.v1.EmailService/ResendEmail", b"RRRRRAR", |w| {
        ResendEmailRequest { request_id: id(), email_id: w.email_id.clone() }.encode_to_vec()
    }),
    guarded(HERE, "/divinetime.identity.v1.EmailService/QueueEmail", b"RRRRRRA", |w| {
        QueueEmailRequest {
            request_id: id(),
            cause_event_id: id(),
            template: EmailTemplate::Welcome.into(),
            user_id: w.owner.user.id.clone(),
            occurred_at: Some(timestamp(Utc::now())),
            ..Default::default()
        }.encode_to_vec()
    }),
];

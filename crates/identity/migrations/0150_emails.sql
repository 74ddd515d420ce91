-- Mail and text messages: those that wait to be sent, and those that were. Not a read table:
-- the log does not hold what codes were sent, so it cannot rebuild this one.
create table emails (
    -- Made of cause, template and user.
    id uuid primary key,
    -- Whose key seals recipient, subject, body and parameters; of ACCOUNT_ERASED the row's own
    -- key, because the user's is gone when it is sent.
    user_id uuid not null,
    -- The event or verification that the message is about.
    cause uuid not null,
    -- Name of the template; TEXT_MESSAGE for a text message.
    template text not null,
    -- Sealed, or '' once nobody needs it: after an erasure, and of a message with a code
    -- everything but recipient and subject as soon as it is sent or given up.
    recipient text not null,
    subject text not null,
    body text not null,
    parameters text not null,
    status text not null default 'QUEUED'
        check (status in ('QUEUED', 'SENDING', 'RETRYING', 'SENT', 'FAILED', 'ERASED')),
    -- Since it was queued, or queued again.
    attempts integer not null default 0,
    -- How often it was queued again after it had been sent or given up.
    resends integer not null default 0,
    -- Without personal data: what kind of failure, and the server's codes.
    last_error text not null default '',
    message_id text not null default '',
    created_at timestamptz not null default now(),
    queued_at timestamptz not null default now(),
    -- While it is being sent: when another sender may take it over.
    next_attempt_at timestamptz not null default now(),
    -- Who is sending it.
    lease uuid,
    sent_at timestamptz,
    unique (cause, template, user_id)
);

create index emails_due on emails (next_attempt_at) where status in ('QUEUED', 'SENDING', 'RETRYING');
-- The orders of ListEmails.
create index emails_of_user on emails (user_id, created_at desc, id desc);
create index emails_by_time on emails (created_at desc, id desc);

-- Requests to send a message again, so that each is carried out once.
create table email_resends (
    request_id uuid primary key,
    email_id uuid not null,
    requested_by uuid not null,
    requested_at timestamptz not null default now()
);

-- Logins that can be continued by a refresh token: one row for each, however often its token was
-- exchanged. Not a read table: no event carries a token, so the log cannot rebuild this one.
create table logins (
    login_id uuid primary key,
    user_id uuid not null,
    -- Keyed hashes of the token that is good now and of the one before it.
    current_tag bytea not null,
    previous_tag bytea,
    -- How often the token was exchanged.
    generation bigint not null default 0,
    -- The one before it came a second time and was answered: it is not a third time.
    grace_used boolean not null default false,
    created_at timestamptz not null,
    rotated_at timestamptz not null,
    expires_at timestamptz not null,
    ended_at timestamptz,
    -- LOGGED_OUT, LOGGED_OUT_EVERYWHERE, PASSWORD_RESET, PASSWORD_CHANGED, REUSED or CLOSED.
    end_reason text,
    -- When the log was told of a reuse.
    told_at timestamptz,
    -- Where the login came from, sealed with the user's key.
    client_address text,
    check ((ended_at is null) = (end_reason is null))
);

create index logins_live on logins (user_id) where ended_at is null;
create index logins_expired on logins (expires_at);

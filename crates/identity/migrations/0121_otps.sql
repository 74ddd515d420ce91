-- One-time codes and reset tokens: the last one of each user, purpose and channel. Not a read
-- table: no event carries a code, so the log cannot rebuild this one.
create table otps (
    id uuid primary key,
    user_id uuid not null,
    -- VERIFICATION, EMAIL_CHANGE or PASSWORD_RESET.
    purpose text not null,
    -- EMAIL or PHONE.
    channel text not null,
    -- Keyed hash of the code; the code itself is stored nowhere.
    otp bytea not null,
    -- Where it was sent, sealed with the user's key.
    target text not null,
    -- Keyed fingerprint of the address it was sent to, where that is to become the login address.
    target_key text,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    -- Wrong ones that were tried.
    attempts integer not null default 0,
    -- LIVE, USED or LOCKED.
    state text not null default 'LIVE',
    -- The request that used it, so that it may be repeated.
    used_by uuid,
    unique (user_id, purpose, channel)
);

create index otps_expired on otps (expires_at);

-- The codes that verify an address or a number, as the old table of this name had them.
create view verifications as
    select id, user_id, otp, expires_at, channel, state, created_at from otps
    where purpose = 'VERIFICATION';

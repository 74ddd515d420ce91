-- Accounts, folded from the log. Personal columns are sealed; they are empty, and the telephone
-- number null, once the user was erased.
create table users (
    id uuid primary key,
    email text not null,
    -- Keyed fingerprint of the folded address: what it is found by. Uniqueness is a claim in the log.
    email_key text not null,
    first_name text not null,
    last_name text not null,
    phone_number text,
    -- ADMIN, TRAINER or PARENT.
    role text not null,
    active boolean not null,
    erased boolean not null,
    email_verified boolean not null,
    phone_verified boolean not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    last_login_at timestamptz
);

create index users_by_email_key on users (email_key) where email_key <> '';
-- The orders of ListUsers.
create index users_by_creation on users (created_at, id);
create index users_by_last_login on users
    (coalesce(last_login_at, timestamptz '1970-01-01 00:00:00+00'), id);

-- Accounts, folded from the log.
create table users (
    id uuid primary key,
    -- As it was written. Uniqueness is a claim in the log, on the folded form.
    email text not null,
    first_name text not null,
    last_name text not null,
    phone_number text,
    -- ADMIN, TRAINER or PARENT.
    role text not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    last_login_at timestamptz
);

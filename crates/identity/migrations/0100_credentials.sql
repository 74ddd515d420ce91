-- Password hashes. Not a read table: no event carries a password, so the log cannot rebuild
-- this one, and backups must include it.
create table credentials (
    user_id uuid primary key,
    -- Argon2id in PHC string form: parameters, salt and hash.
    password_hash text not null,
    -- Written before the registration is logged. A row whose user does not come to be is the
    -- trace of a registration that was interrupted, and means nothing.
    created_at timestamptz not null default now()
);

-- The keys that personal data is sealed with: one for each subject, itself sealed by the master
-- key. Not derived from the log: back it up apart from everything else and keep those backups
-- short, for with an old copy of this table and the master key an erased subject can be read.
create table subject_keys (
    subject_id uuid primary key,
    -- The master key that sealed it.
    master_key_id text not null,
    -- Null once the subject was erased.
    wrapped bytea,
    created_at timestamptz not null default now(),
    destroyed_at timestamptz,
    -- SHA-256 of the wrapped key as it was destroyed.
    fingerprint bytea,
    check ((wrapped is null) = (destroyed_at is not null))
);
create index subject_keys_by_master_key on subject_keys (master_key_id) where wrapped is not null;

-- The key of lookups, sealed like a personal value.
create table lookup_key (
    singleton boolean primary key default true check (singleton),
    sealed text not null
);

-- Keys that sign access tokens. Not a read table: backups must include it, and it is useless
-- without the master key.
create table signing_keys (
    -- `kid` of the tokens.
    key_id text primary key,
    public_key bytea not null,
    -- The private part, sealed; gone once the key signs no more.
    sealed text,
    created_at timestamptz not null,
    -- It is listed before it signs, so that nobody meets a token by an unknown key.
    signs_from timestamptz not null unique
);

-- Keys that sign access tokens and certificates of erasure. Not a read table: backups must
-- include it, and it is useless without the master key.
create table signing_keys (
    -- `kid` of the tokens.
    key_id text primary key,
    public_key bytea not null,
    -- The private part, sealed; gone once the key signs no more.
    sealed text,
    created_at timestamptz not null,
    -- It is listed before it signs, so that nobody meets a token by an unknown key.
    signs_from timestamptz not null unique,
    -- When the last token by it had expired. The public half stays for what else it signed.
    retired_at timestamptz
);

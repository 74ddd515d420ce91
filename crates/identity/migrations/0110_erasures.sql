-- Certificates of erasures that are at their end. Not a read table: they are signed once, and
-- handed out again to whoever asks again.
create table erasures (
    -- A user or a child.
    subject_id uuid primary key,
    -- The protobuf encoding of divinetime.identity.v1.ErasureCertificate.
    certificate bytea not null,
    issued_at timestamptz not null default now()
);

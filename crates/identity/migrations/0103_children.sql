-- Children, folded from the log.
create table children (
    id uuid primary key,
    -- Full name, for readers of the old schema.
    name text not null,
    first_name text not null,
    last_name text not null,
    -- The guardian: a user.
    parent_id uuid not null,
    birthdate date not null,
    -- BEGINNER, INTERMEDIATE or ADVANCED.
    skill_level text not null,
    team text not null,
    specify text not null,
    created_at timestamptz not null
);

-- The order of ListChildren.
create index children_of_parent on children (parent_id, created_at, id);

-- The read tables of the statistics projection, and the relations that read them.
--
-- The fold keeps what can be added up in any order: what each event counted (facts), the sums
-- of each local day (days), who was counted in each distinct count (members), and how many
-- those are (distincts). Months, years and totals to date are sums over days, made when read,
-- so that a late fact changes its own day's row and nothing else.

-- What the fold was made with. Other settings need another fold: the service starts one.
create table statistics_basis (
    singleton boolean primary key default true check (singleton),
    business_zone text not null,
    counts_sandbox boolean not null
);

-- Every counted thing, one row each: what explains a figure. An amount is in minor units of
-- its currency, negative for a refund; a fact without money has 0 and ''.
create table statistic_facts (
    source text not null,
    position bigint not null,
    ordinal integer not null,
    event_id uuid not null,
    metric text not null,
    product text not null,
    day date not null,
    subject uuid not null,
    currency text not null,
    amount bigint not null,
    happened_at timestamptz not null,
    recorded_at timestamptz not null,
    primary key (source, position, ordinal)
);
create index statistic_facts_by_day on statistic_facts (metric, day, happened_at, source, position, ordinal);

-- The sums of a local day.
create table statistic_days (
    day date not null,
    metric text not null,
    product text not null,
    currency text not null,
    count bigint not null,
    amount bigint not null,
    primary key (day, metric, product, currency)
);

-- Who counts in a distinct count of a day, month or year, with the earliest event that made
-- it so. `period` is the first day of it.
create table statistic_members (
    metric text not null,
    grain text not null,
    period date not null,
    subject uuid not null,
    source text not null,
    position bigint not null,
    event_id uuid not null,
    day date not null,
    happened_at timestamptz not null,
    recorded_at timestamptz not null,
    primary key (metric, grain, period, subject)
);

-- How many members a distinct count has.
create table statistic_distincts (
    metric text not null,
    grain text not null,
    period date not null,
    members bigint not null,
    primary key (metric, grain, period)
);

-- Facts that were recorded after the local day, month or year they count in was over.
create table statistic_corrections (
    grain text not null,
    period date not null,
    facts bigint not null,
    corrected_at timestamptz not null,
    primary key (grain, period)
);

-- Who is an active trainer: an open account of role TRAINER with a profile. `counted` is whether
-- the trainer is in the total now.
create table statistic_accounts (
    user_id uuid primary key,
    active boolean not null,
    is_trainer boolean not null,
    has_profile boolean not null,
    counted boolean not null
);

-- Whether a payment moved real money.
create table statistic_payments (
    payment_id uuid primary key,
    live boolean not null
);

-- Events of ticketing. They end by themselves, so whether they count depends on the time of
-- asking. Position, event id and recording time are those of the drafting.
create table statistic_events (
    event_id uuid primary key,
    ends_at timestamptz not null,
    end_day date not null,
    published_at timestamptz,
    position bigint not null,
    log_event_id uuid not null,
    recorded_at timestamptz not null
);
create index statistic_events_by_end on statistic_events (end_day);

-- Their days, with the trainers who coach them.
create table statistic_event_days (
    event_id uuid not null,
    number integer not null,
    day date not null,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    trainer_ids uuid[] not null,
    primary key (event_id, number)
);
create index statistic_event_days_by_day on statistic_event_days (day);

-- The figures of each period of a grain ('day', 'month' or 'year') that begins in
-- [p_from, p_to). p_from has to be the first day of a period. What completes by itself has
-- done so when it ended at p_as_of or before. Money is an object of minor units by currency.
create function statistics_of(p_grain text, p_from date, p_to date, p_as_of timestamptz)
returns table (
    period date,
    revenue jsonb,
    event_revenue jsonb,
    session_revenue jsonb,
    revenue_to_date jsonb,
    new_users bigint,
    total_users bigint,
    active_users bigint,
    new_trainers bigint,
    total_trainers bigint,
    active_trainers bigint,
    total_events bigint,
    completed_events bigint,
    total_sessions bigint,
    completed_sessions bigint,
    successful_payments bigint,
    failed_payments bigint,
    late_facts bigint,
    corrected_at timestamptz
) language sql stable set search_path from current as $$
    with periods as (
        select p::date as period, (p + ('1 ' || p_grain)::interval)::date as ends
        from generate_series(p_from::timestamp, p_to::timestamp - interval '1 day', ('1 ' || p_grain)::interval) as p
    ), flows as (
        select p.period, s.metric, s.product, s.currency, sum(s.count) as count, sum(s.amount) as amount
        from periods p join statistic_days s on s.day >= p.period and s.day < p.ends
        group by p.period, s.metric, s.product, s.currency
    ), counts as (
        select f.period,
            sum(f.count) filter (where f.metric = 'signup') as signups,
            sum(f.count) filter (where f.metric = 'new_trainer') as trainers,
            coalesce(sum(f.count) filter (where f.metric in ('signup', 'user_returned')), 0)
                - coalesce(sum(f.count) filter (where f.metric = 'user_left'), 0) as more_users,
            coalesce(sum(f.count) filter (where f.metric in ('new_trainer', 'trainer_returned')), 0)
                - coalesce(sum(f.count) filter (where f.metric = 'trainer_left'), 0) as more_trainers,
            sum(f.count) filter (where f.metric = 'created_event') as events,
            sum(f.count) filter (where f.metric = 'booked_session') as booked,
            sum(f.count) filter (where f.metric = 'completed_session') as completed,
            sum(f.count) filter (where f.metric = 'succeeded_payment') as succeeded,
            sum(f.count) filter (where f.metric = 'failed_payment') as failed
        from flows f group by f.period
    ), before as (
        select coalesce(sum(s.count) filter (where s.metric in ('signup', 'user_returned')), 0)
                - coalesce(sum(s.count) filter (where s.metric = 'user_left'), 0) as users,
            coalesce(sum(s.count) filter (where s.metric in ('new_trainer', 'trainer_returned')), 0)
                - coalesce(sum(s.count) filter (where s.metric = 'trainer_left'), 0) as trainers
        from statistic_days s
        where s.day < p_from and s.metric in
            ('signup', 'user_left', 'user_returned', 'new_trainer', 'trainer_left', 'trainer_returned')
    ), money as (
        select f.period, f.product, f.currency, sum(f.amount)::bigint as amount
        from flows f where f.currency <> '' group by f.period, f.product, f.currency
    ), by_product as (
        select m.period,
            jsonb_object_agg(m.currency, m.amount) filter (where m.product = 'event') as events,
            jsonb_object_agg(m.currency, m.amount) filter (where m.product = 'session') as sessions
        from money m group by m.period
    ), by_currency as (
        select t.period, jsonb_object_agg(t.currency, t.amount) as amounts
        from (select m.period, m.currency, sum(m.amount)::bigint as amount from money m group by m.period, m.currency) t
        group by t.period
    ), currencies as (
        select s.currency, min(s.day) as since, coalesce(sum(s.amount) filter (where s.day < p_from), 0) as amount
        from statistic_days s where s.currency <> '' and s.day < p_to group by s.currency
    ), running as (
        select p.period, p.ends, c.currency, c.since,
            (c.amount + sum(coalesce(m.amount, 0)) over (partition by c.currency order by p.period))::bigint as amount
        from periods p
        cross join currencies c
        left join (select m.period, m.currency, sum(m.amount) as amount from money m group by m.period, m.currency) m
            on m.period = p.period and m.currency = c.currency
    ), to_date as (
        select r.period, jsonb_object_agg(r.currency, r.amount) as amounts
        from running r where r.since < r.ends group by r.period
    ), ended as (
        select p.period, count(*) as events
        from periods p join statistic_events e on e.end_day >= p.period and e.end_day < p.ends
        where e.published_at is not null and e.ends_at <= p_as_of
        group by p.period
    ), coaches as (
        select t.period, count(distinct t.trainer) as trainers
        from (
            select m.period, m.subject as trainer
            from statistic_members m
            where m.metric = 'active_trainer' and m.grain = p_grain and m.period >= p_from and m.period < p_to
            union all
            select p.period, unnest(d.trainer_ids)
            from periods p
            join statistic_event_days d on d.day >= p.period and d.day < p.ends
            join statistic_events e on e.event_id = d.event_id
            where e.published_at is not null and d.ends_at <= p_as_of
        ) t
        group by t.period
    )
    select p.period,
        coalesce(by_currency.amounts, '{}'),
        coalesce(by_product.events, '{}'),
        coalesce(by_product.sessions, '{}'),
        coalesce(to_date.amounts, '{}'),
        coalesce(counts.signups, 0)::bigint,
        (before.users + coalesce(sum(counts.more_users) over (order by p.period), 0))::bigint,
        coalesce(users.members, 0),
        coalesce(counts.trainers, 0)::bigint,
        (before.trainers + coalesce(sum(counts.more_trainers) over (order by p.period), 0))::bigint,
        coalesce(coaches.trainers, 0),
        coalesce(counts.events, 0)::bigint,
        coalesce(ended.events, 0),
        coalesce(counts.booked, 0)::bigint,
        coalesce(counts.completed, 0)::bigint,
        coalesce(counts.succeeded, 0)::bigint,
        coalesce(counts.failed, 0)::bigint,
        coalesce(corrections.facts, 0),
        corrections.corrected_at
    from periods p
    cross join before
    left join counts on counts.period = p.period
    left join by_currency on by_currency.period = p.period
    left join by_product on by_product.period = p.period
    left join to_date on to_date.period = p.period
    left join ended on ended.period = p.period
    left join coaches on coaches.period = p.period
    left join statistic_distincts users
        on users.metric = 'active_user' and users.grain = p_grain and users.period = p.period
    left join statistic_corrections corrections on corrections.grain = p_grain and corrections.period = p.period
    order by p.period
$$;

-- The days from the first that has a figure to the last that has one or p_today, whichever is
-- later. p_today is the business zone's local day of p_as_of; who does not know it passes null: a
-- zone is resolved by the service and nowhere else. No row while nothing has happened.
create function statistics_span(p_as_of timestamptz, p_today date)
returns table (first_day date, last_day date)
language sql stable set search_path from current as $$
    select span.first_day, greatest(span.last_day, p_today)
    from statistics_basis
    cross join (
        select min(t.first_day) as first_day, max(t.last_day) as last_day
        from (
            select min(day) as first_day, max(day) as last_day from statistic_days
            union all
            select min(period), max(period) from statistic_distincts where grain = 'day'
            union all
            select min(day), max(day) from statistic_event_days where ends_at <= p_as_of
            union all
            select min(end_day), max(end_day) from statistic_events where ends_at <= p_as_of
        ) t
    ) span
    where span.first_day is not null
$$;

-- A stable id of a period.
create function statistics_id(p_grain text, p_period date) returns text
language sql immutable as $$
    select md5('divinetime statistics ' || p_grain || ' ' || to_char(p_period, 'YYYY-MM-DD'))::uuid::text
$$;

-- Production's three tables, as of now, up to the last day that has a figure. What no event of the
-- system feeds is 0.
create view daily_statistics as
select statistics_id('day', s.period) as id,
    s.period as date,
    s.revenue as daily_revenue,
    s.active_users as daily_users,
    s.new_users as daily_signups,
    s.completed_sessions as daily_sessions,
    s.successful_payments + s.failed_payments as daily_payments,
    s.total_users,
    s.total_trainers,
    s.revenue_to_date as total_revenue,
    s.late_facts,
    s.corrected_at
from statistics_span(now(), null) span
cross join lateral statistics_of('day', span.first_day, span.last_day + 1, now()) s;

create view monthly_statistics as
select statistics_id('month', s.period) as id,
    extract(year from s.period)::integer as year,
    extract(month from s.period)::integer as month,
    s.revenue as total_revenue,
    s.event_revenue,
    s.session_revenue,
    '{}'::jsonb as subscription_revenue,
    s.new_users,
    s.total_users,
    s.active_users,
    s.new_trainers,
    s.total_trainers,
    s.active_trainers,
    0::bigint as new_subscriptions,
    0::bigint as total_subscriptions,
    0::bigint as active_subscriptions,
    0::bigint as canceled_subscriptions,
    s.total_events,
    s.completed_events,
    0::bigint as canceled_events,
    s.total_sessions,
    s.completed_sessions,
    s.successful_payments + s.failed_payments as total_payments,
    s.successful_payments,
    s.failed_payments,
    s.late_facts,
    s.corrected_at
from statistics_span(now(), null) span
cross join lateral statistics_of('month', date_trunc('month', span.first_day::timestamp)::date, span.last_day + 1, now()) s;

create view yearly_statistics as
select statistics_id('year', s.period) as id,
    extract(year from s.period)::integer as year,
    s.revenue as total_revenue,
    s.event_revenue,
    s.session_revenue,
    '{}'::jsonb as subscription_revenue,
    s.new_users,
    s.total_users,
    s.active_users,
    s.new_trainers,
    s.total_trainers,
    s.active_trainers,
    0::bigint as new_subscriptions,
    0::bigint as total_subscriptions,
    0::bigint as active_subscriptions,
    0::bigint as canceled_subscriptions,
    s.total_events,
    s.completed_events,
    0::bigint as canceled_events,
    s.total_sessions,
    s.completed_sessions,
    s.successful_payments + s.failed_payments as total_payments,
    s.successful_payments,
    s.failed_payments,
    s.late_facts,
    s.corrected_at
from statistics_span(now(), null) span
cross join lateral statistics_of('year', date_trunc('year', span.first_day::timestamp)::date, span.last_day + 1, now()) s;

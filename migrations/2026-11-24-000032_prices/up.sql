-- Prices that stand above the built-in ones, with their history: a row is never changed but to end
-- it. Rates are pico-dollars per token (a dollar per million tokens is 1000000).
create table prices (
    id uuid primary key,
    model text not null check (model <> ''),
    reach text not null check (reach in ('global', 'geo', 'us-gov')),
    source text not null check (source in ('price_list', 'override')),
    input bigint not null check (input >= 0),
    output bigint not null check (output >= 0),
    cache_read bigint not null check (cache_read >= 0),
    cache_write_5m bigint not null check (cache_write_5m >= 0),
    cache_write_1h bigint not null check (cache_write_1h >= 0),
    long_above bigint check (long_above > 0),
    long_input bigint check (long_input >= 0),
    long_output bigint check (long_output >= 0),
    long_cache_read bigint check (long_cache_read >= 0),
    long_cache_write_5m bigint check (long_cache_write_5m >= 0),
    long_cache_write_1h bigint check (long_cache_write_1h >= 0),
    reason text,
    changed_by text,
    valid_from timestamptz not null default now(),
    valid_until timestamptz,
    check (source <> 'override' or reason is not null),
    check (num_nulls(long_above, long_input, long_output, long_cache_read, long_cache_write_5m,
        long_cache_write_1h) in (0, 6))
);
create unique index prices_current on prices (model, reach, source) where valid_until is null;
create index prices_valid_from on prices (valid_from, id);

-- What the company's contract says about all prices, with its history; the latest row counts.
create table price_terms (
    id uuid primary key,
    multiplier_ppm bigint not null check (multiplier_ppm between 0 and 100000000),
    web_search_nanos bigint not null check (web_search_nanos >= 0),
    reason text not null,
    changed_by text,
    valid_from timestamptz not null default now()
);
create index price_terms_valid_from on price_terms (valid_from, id);

-- When the AWS Price List was last read, so that one instance reads it for all.
create table price_refreshes (
    source text primary key,
    started_at timestamptz not null,
    ended_at timestamptz,
    changed integer,
    error text
);

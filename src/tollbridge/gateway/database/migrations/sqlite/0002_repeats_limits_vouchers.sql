-- repeats -----------------------------------------------------------------------------------------

-- Neither the page's key nor its prompt can be told from these: both are HMACs.
alter table calls add column key_hash blob;
alter table calls add column fingerprint blob;
-- The credit was given back for something that the caller did.
alter table calls add column blamed integer not null default 0 check (blamed in (0, 1));

create unique index calls_by_key on calls (key_hash, attempt) where key_hash is not null;
create index calls_blamed on calls (user_id, ended_at) where blamed = 1;
create index calls_open on calls (epoch_id) where ended_at is null;

drop trigger calls_move_forward;
create trigger calls_move_forward before update on calls
when old.call_id is not new.call_id or old.attempt is not new.attempt
  or old.paywall_id is not new.paywall_id or old.user_id is not new.user_id
  or old.provider_id is not new.provider_id or old.query_type is not new.query_type
  or old.amount is not new.amount or old.grant_id is not new.grant_id
  or old.held_at is not new.held_at or old.epoch_id is not new.epoch_id
  or old.key_hash is not new.key_hash or old.fingerprint is not new.fingerprint
  or (old.state is not new.state and not (
    (old.state = 'held' and new.state in ('settled', 'voided'))
    or (old.state = 'settled' and new.state = 'reversed')))
begin select raise(abort, 'a call only moves forward'); end;

-- providers ---------------------------------------------------------------------------------------

alter table providers add column max_output_tokens integer;
alter table providers add column cost_for text not null default '[]';  -- JSON list: 'GET v1/x/*=0'

-- limits ------------------------------------------------------------------------------------------

-- What happened and is counted against a limit, committed with what the limit guards.
create table counted (
  limit_name text not null,
  subject text not null,                     -- a user, a paywall, or the HMAC of an address
  at integer not null,
  amount integer not null check (amount > 0)
) strict;
create index counted_by_subject on counted (limit_name, subject, at);
create index counted_by_age on counted (at);

-- vouchers ----------------------------------------------------------------------------------------

create table vouchers (
  voucher_id text primary key,
  paywall_id text not null references paywalls,
  code_hash blob not null unique,            -- SHA-256; a code has 100 random bits
  query_type text not null,
  amount integer not null check (amount > 0),
  uses_max integer not null check (uses_max > 0),
  uses integer not null default 0 check (uses between 0 and uses_max),
  created_at integer not null,
  expires_at integer
) strict, without rowid;

create table voucher_uses (
  voucher_id text not null references vouchers,
  user_id text not null references users,
  at integer not null,
  primary key (voucher_id, user_id)
) strict, without rowid;

-- the request log ---------------------------------------------------------------------------------

-- One row for each request, kept for some days. No prompt, no answer, no secret, no address.
create table requests (
  at integer not null,
  request_id text not null,
  method text not null,
  route text not null,                       -- the path's shape, never what a page filled in
  status integer not null,                   -- 0: the page had left before there was one
  error text,                                -- a listed code
  duration_ms integer not null,
  paywall_id text,
  user_id text,
  provider_id text,
  call_id text,
  outcome text,
  credits integer,
  bytes_in integer,
  bytes_out integer,
  primary key (at, request_id)
) strict, without rowid;

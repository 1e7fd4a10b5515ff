-- Everything that the SQLite store's first two migrations make, for PostgreSQL 15 and newer.
-- Times are milliseconds since 1970, truth is 0 or 1, lists are JSON text. Money is whole credits.
-- What is sorted by is compared byte by byte, in every database and as SQLite does it.

create table meta (
  name text primary key,
  value text not null
);

-- paywalls ----------------------------------------------------------------------------------------

create table paywalls (
  paywall_id text collate "C" primary key,
  name text not null,
  origins text not null,                     -- JSON list; empty: any origin
  tokenization bigint not null check (tokenization in (0, 1)),
  created_at bigint not null
);

create table query_types (
  paywall_id text collate "C" not null references paywalls,
  query_type text collate "C" not null,
  trial_credits bigint not null check (trial_credits >= 0),
  primary key (paywall_id, query_type)
);

-- providers ---------------------------------------------------------------------------------------

create table providers (
  provider_id text collate "C" primary key,
  paywall_id text collate "C" not null references paywalls,
  preset text not null,
  base_url text not null,
  query_type text not null,
  cost bigint not null check (cost >= 0),
  models text not null,                      -- JSON list
  allow text not null,                       -- JSON list of 'POST v1/things/*'
  charge_on text not null,
  max_body_bytes bigint not null,
  first_byte_timeout_s bigint,
  idle_timeout_s bigint,
  key_header text not null,
  key_sealed bytea,                          -- AES-GCM under the master key
  allow_private bigint not null check (allow_private in (0, 1)),
  anonymous_allowed bigint not null check (anonymous_allowed in (0, 1)),
  enabled bigint not null check (enabled in (0, 1)),
  created_at bigint not null,
  max_output_tokens bigint,
  cost_for text not null default '[]'        -- JSON list: 'GET v1/x/*=0'
);
create index providers_of_paywall on providers (paywall_id);

-- owner -------------------------------------------------------------------------------------------

create table owner_keys (
  key_id text collate "C" primary key,
  paywall_id text collate "C" not null references paywalls,
  key_hash bytea not null unique,            -- SHA-256; the key itself has 256 random bits
  created_at bigint not null,
  revoked_at bigint
);

-- The first answer to an owner's keyed change, to be given again.
create table owner_answers (
  paywall_id text collate "C" not null,
  idempotency_key text collate "C" not null,
  fingerprint text not null,
  answer text not null,
  created_at bigint not null,
  primary key (paywall_id, idempotency_key)
);

-- identity ----------------------------------------------------------------------------------------

create table users (
  user_id text collate "C" primary key,
  paywall_id text collate "C" not null references paywalls,
  email text collate "C",
  anonymous bigint not null check (anonymous in (0, 1)),
  created_at bigint not null
);
create unique index users_by_email on users (paywall_id, email) where email is not null;

create table sessions (
  session_id text collate "C" primary key,
  user_id text collate "C" not null references users,
  generation bigint not null,                -- of the newest refresh token
  created_at bigint not null,
  used_at bigint not null,
  expires_at bigint not null,                -- rotation never moves it
  revoked_at bigint
);
create index sessions_of_user on sessions (user_id);

create table refresh_tokens (
  token_hash bytea primary key,              -- SHA-256
  session_id text collate "C" not null references sessions,
  generation bigint not null,
  used_at bigint                             -- when its successor was made
);
create unique index refresh_tokens_of_session on refresh_tokens (session_id, generation);

create table signing_keys (
  key_id text collate "C" primary key,
  private_sealed bytea not null,             -- AES-GCM under the master key
  public_jwk text not null,
  created_at bigint not null
);

-- ledger ------------------------------------------------------------------------------------------

create table epochs (
  epoch_id text collate "C" primary key,
  started_at bigint not null,
  beat_at bigint not null,
  ended_at bigint
);

create table grants (
  grant_id text collate "C" primary key,
  user_id text collate "C" not null references users,
  query_type text collate "C" not null,
  amount bigint not null check (amount > 0),
  remaining bigint not null check (remaining between 0 and amount),
  category text not null check (category in ('promotional', 'paid')),
  priority bigint not null,
  expires_at bigint,
  source_key text collate "C" not null unique,
  created_at bigint not null,
  ended_at bigint                            -- when it expired or was clawed back
);
create index grants_live on grants (user_id, query_type) where ended_at is null or remaining > 0;

-- The gate. The seated grant's remaining credits stand here and not in its own row, so that the
-- usual hold is an update of this row alone; no index holds a column that it changes, and pages
-- have room, so that the new version of the row stays beside the old one.
create table balances (
  user_id text collate "C" not null references users,
  query_type text collate "C" not null,
  available bigint not null check (available >= 0),
  granted bigint not null check (granted >= 0),
  debt bigint not null check (debt >= 0),
  version bigint not null,
  seated_grant text collate "C",
  seated_left bigint not null check (seated_left between 0 and available),
  expires_at bigint,                         -- the soonest expiry among live grants
  primary key (user_id, query_type),
  check (seated_grant is not null or seated_left = 0),
  check (debt = 0 or available = 0)
) with (fillfactor = 50);

-- A call is the journal entry of its hold; a new attempt is a new row. No index looks at its state
-- or outcome: a settle then touches none.
create table calls (
  call_id text collate "C" not null,
  attempt bigint not null,
  paywall_id text collate "C" not null,
  user_id text collate "C" not null,
  provider_id text collate "C" not null,
  query_type text collate "C" not null,
  epoch_id text collate "C" not null,
  amount bigint not null check (amount >= 0),
  grant_id text collate "C",                 -- null: nothing held, or see call_takes
  held_at bigint not null,
  state text not null check (state in ('held', 'settled', 'voided', 'reversed', 'refused')),
  outcome text not null,                     -- what a receipt calls the state
  provider_status bigint,
  ended_at bigint,
  -- Neither the page's key nor its prompt can be told from these: both are HMACs.
  key_hash bytea,
  fingerprint bytea,
  -- The credit was given back for something that the caller did.
  blamed bigint not null default 0 check (blamed in (0, 1)),
  primary key (call_id, attempt),
  check (state <> 'held' or ended_at is null),
  check (state <> 'refused' or amount = 0)
) with (fillfactor = 70);
create index calls_running on calls (user_id, query_type) where ended_at is null;
create index calls_open on calls (epoch_id) where ended_at is null;
create unique index calls_by_key on calls (key_hash, attempt) where key_hash is not null;
create index calls_blamed on calls (user_id, ended_at) where blamed = 1;

-- What a hold took, where it spans grants.
create table call_takes (
  call_id text collate "C" not null,
  attempt bigint not null,
  grant_id text collate "C" not null,
  amount bigint not null check (amount > 0),
  primary key (call_id, attempt, grant_id)
);

-- Every change of credits but a hold. `amount` is the change of the grant, `debt` that of the debt.
create table journal (
  entry_key text collate "C" primary key,
  kind text not null check (kind in
    ('grant', 'debit', 'expire', 'void', 'reversal', 'claw_back', 'debt', 'repay')),
  user_id text collate "C" not null,
  query_type text collate "C" not null,
  grant_id text collate "C",
  amount bigint not null,
  debt bigint not null,
  call_id text collate "C",
  attempt bigint,
  at bigint not null,
  check ((kind = 'debt') = (grant_id is null)),
  check ((kind in ('void', 'reversal')) = (call_id is not null and attempt is not null)),
  check (case
    when kind = 'debt' then amount = 0 and debt > 0
    when kind = 'repay' then amount < 0 and debt = amount
    when kind in ('debit', 'expire', 'claw_back') then amount < 0 and debt = 0
    else amount > 0 and debt = 0 end)
);
create index journal_of_user on journal (user_id, query_type, at);
create index journal_of_call on journal (call_id) where call_id is not null;

create function refuse() returns trigger language plpgsql as
$$ begin raise exception '%', tg_argv[0]; end $$;

create trigger journal_is_append_only before update or delete on journal
for each row execute function refuse('the journal is append-only');
create trigger journal_is_kept before truncate on journal
for each statement execute function refuse('the journal is append-only');
create trigger calls_are_kept before delete on calls
for each row execute function refuse('calls are kept');
create trigger all_calls_are_kept before truncate on calls
for each statement execute function refuse('calls are kept');
create trigger takes_are_kept before update or delete on call_takes
for each row execute function refuse('what a call took does not change');
create trigger all_takes_are_kept before truncate on call_takes
for each statement execute function refuse('what a call took does not change');

create trigger calls_move_forward before update on calls for each row
when (old.call_id is distinct from new.call_id or old.attempt is distinct from new.attempt
  or old.paywall_id is distinct from new.paywall_id or old.user_id is distinct from new.user_id
  or old.provider_id is distinct from new.provider_id
  or old.query_type is distinct from new.query_type
  or old.amount is distinct from new.amount or old.grant_id is distinct from new.grant_id
  or old.held_at is distinct from new.held_at or old.epoch_id is distinct from new.epoch_id
  or old.key_hash is distinct from new.key_hash
  or old.fingerprint is distinct from new.fingerprint
  or (old.state <> new.state and not (
    (old.state = 'held' and new.state in ('settled', 'voided'))
    or (old.state = 'settled' and new.state = 'reversed'))))
execute function refuse('a call only moves forward');

-- limits ------------------------------------------------------------------------------------------

-- What happened and is counted against a limit, committed with what the limit guards.
create table counted (
  limit_name text collate "C" not null,
  subject text collate "C" not null,         -- a user, a paywall, or the HMAC of an address
  at bigint not null,
  amount bigint not null check (amount > 0)
);
create index counted_by_subject on counted (limit_name, subject, at);
create index counted_by_age on counted (at);

-- vouchers ----------------------------------------------------------------------------------------

create table vouchers (
  voucher_id text collate "C" primary key,
  paywall_id text collate "C" not null references paywalls,
  code_hash bytea not null unique,           -- SHA-256; a code has 100 random bits
  query_type text collate "C" not null,
  amount bigint not null check (amount > 0),
  uses_max bigint not null check (uses_max > 0),
  uses bigint not null default 0 check (uses between 0 and uses_max),
  created_at bigint not null,
  expires_at bigint
);

create table voucher_uses (
  voucher_id text collate "C" not null references vouchers,
  user_id text collate "C" not null references users,
  at bigint not null,
  primary key (voucher_id, user_id)
);

-- the request log ---------------------------------------------------------------------------------

-- One row for each request, kept for some days. No prompt, no answer, no secret, no address.
create table requests (
  at bigint not null,
  request_id text collate "C" not null,
  method text not null,
  route text not null,                       -- the path's shape, never what a page filled in
  status bigint not null,                    -- 0: the page had left before there was one
  error text,                                -- a listed code
  duration_ms bigint not null,
  paywall_id text,
  user_id text,
  provider_id text,
  call_id text,
  outcome text,
  credits bigint,
  bytes_in bigint,
  bytes_out bigint,
  primary key (at, request_id)
);

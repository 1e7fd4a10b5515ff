-- Times are milliseconds since 1970, truth is 0 or 1, lists are JSON text. Money is whole credits.

create table meta (
  name text primary key,
  value text not null
) strict, without rowid;

-- paywalls ----------------------------------------------------------------------------------------

create table paywalls (
  paywall_id text primary key,
  name text not null,
  origins text not null,                     -- JSON list; empty: any origin
  tokenization integer not null check (tokenization in (0, 1)),
  created_at integer not null
) strict, without rowid;

create table query_types (
  paywall_id text not null references paywalls,
  query_type text not null,
  trial_credits integer not null check (trial_credits >= 0),
  primary key (paywall_id, query_type)
) strict, without rowid;

-- providers ---------------------------------------------------------------------------------------

create table providers (
  provider_id text primary key,
  paywall_id text not null references paywalls,
  preset text not null,
  base_url text not null,
  query_type text not null,
  cost integer not null check (cost >= 0),
  models text not null,                      -- JSON list
  allow text not null,                       -- JSON list of 'POST v1/things/*'
  charge_on text not null,
  max_body_bytes integer not null,
  first_byte_timeout_s integer,
  idle_timeout_s integer,
  key_header text not null,
  key_sealed blob,                           -- AES-GCM under the master key
  allow_private integer not null check (allow_private in (0, 1)),
  anonymous_allowed integer not null check (anonymous_allowed in (0, 1)),
  enabled integer not null check (enabled in (0, 1)),
  created_at integer not null
) strict, without rowid;
create index providers_of_paywall on providers (paywall_id);

-- owner -------------------------------------------------------------------------------------------

create table owner_keys (
  key_id text primary key,
  paywall_id text not null references paywalls,
  key_hash blob not null unique,             -- SHA-256; the key itself has 256 random bits
  created_at integer not null,
  revoked_at integer
) strict, without rowid;

-- The first answer to an owner's keyed change, to be given again.
create table owner_answers (
  paywall_id text not null,
  idempotency_key text not null,
  fingerprint text not null,
  answer text not null,
  created_at integer not null,
  primary key (paywall_id, idempotency_key)
) strict, without rowid;

-- identity ----------------------------------------------------------------------------------------

create table users (
  user_id text primary key,
  paywall_id text not null references paywalls,
  email text,
  anonymous integer not null check (anonymous in (0, 1)),
  created_at integer not null
) strict, without rowid;
create unique index users_by_email on users (paywall_id, email) where email is not null;

create table sessions (
  session_id text primary key,
  user_id text not null references users,
  generation integer not null,               -- of the newest refresh token
  created_at integer not null,
  used_at integer not null,
  expires_at integer not null,               -- rotation never moves it
  revoked_at integer
) strict, without rowid;
create index sessions_of_user on sessions (user_id);

create table refresh_tokens (
  token_hash blob primary key,               -- SHA-256
  session_id text not null references sessions,
  generation integer not null,
  used_at integer                            -- when its successor was made
) strict, without rowid;
create unique index refresh_tokens_of_session on refresh_tokens (session_id, generation);

create table signing_keys (
  key_id text primary key,
  private_sealed blob not null,              -- AES-GCM under the master key
  public_jwk text not null,
  created_at integer not null
) strict, without rowid;

-- ledger ------------------------------------------------------------------------------------------

create table epochs (
  epoch_id text primary key,
  started_at integer not null,
  beat_at integer not null,
  ended_at integer
) strict, without rowid;

create table grants (
  grant_id text primary key,
  user_id text not null references users,
  query_type text not null,
  amount integer not null check (amount > 0),
  remaining integer not null check (remaining between 0 and amount),
  category text not null check (category in ('promotional', 'paid')),
  priority integer not null,
  expires_at integer,
  source_key text not null unique,
  created_at integer not null,
  ended_at integer                           -- when it expired or was clawed back
) strict, without rowid;
create index grants_live on grants (user_id, query_type) where ended_at is null or remaining > 0;

-- The gate. The seated grant's remaining credits stand here and not in its own row, so that the
-- usual hold is an update of this row alone.
create table balances (
  user_id text not null references users,
  query_type text not null,
  available integer not null check (available >= 0),
  granted integer not null check (granted >= 0),
  debt integer not null check (debt >= 0),
  version integer not null,
  seated_grant text,
  seated_left integer not null check (seated_left between 0 and available),
  expires_at integer,                        -- the soonest expiry among live grants
  primary key (user_id, query_type),
  check (seated_grant is not null or seated_left = 0),
  check (debt = 0 or available = 0)
) strict, without rowid;

-- A call is the journal entry of its hold; a new attempt is a new row.
create table calls (
  call_id text not null,
  attempt integer not null,
  paywall_id text not null,
  user_id text not null,
  provider_id text not null,
  query_type text not null,
  epoch_id text not null,
  amount integer not null check (amount >= 0),
  grant_id text,                             -- null: nothing held, or see call_takes
  held_at integer not null,
  state text not null check (state in ('held', 'settled', 'voided', 'reversed', 'refused')),
  outcome text not null,                     -- what a receipt calls the state
  provider_status integer,
  ended_at integer,
  primary key (call_id, attempt),
  check (state <> 'held' or ended_at is null),
  check (state <> 'refused' or amount = 0)
) strict, without rowid;
create index calls_running on calls (user_id, query_type) where ended_at is null;
create index calls_left_early on calls (user_id, ended_at)
  where state = 'voided' and outcome = 'aborted';

-- What a hold took, where it spans grants.
create table call_takes (
  call_id text not null,
  attempt integer not null,
  grant_id text not null,
  amount integer not null check (amount > 0),
  primary key (call_id, attempt, grant_id)
) strict, without rowid;

-- Every change of credits but a hold. `amount` is the change of the grant, `debt` that of the debt.
create table journal (
  entry_key text primary key,
  kind text not null check (kind in
    ('grant', 'debit', 'expire', 'void', 'reversal', 'claw_back', 'debt', 'repay')),
  user_id text not null,
  query_type text not null,
  grant_id text,
  amount integer not null,
  debt integer not null,
  call_id text,
  attempt integer,
  at integer not null,
  check ((kind = 'debt') = (grant_id is null)),
  check ((kind in ('void', 'reversal')) = (call_id is not null and attempt is not null)),
  check (case
    when kind = 'debt' then amount = 0 and debt > 0
    when kind = 'repay' then amount < 0 and debt = amount
    when kind in ('debit', 'expire', 'claw_back') then amount < 0 and debt = 0
    else amount > 0 and debt = 0 end)
) strict, without rowid;
create index journal_of_user on journal (user_id, query_type, at);
create index journal_of_call on journal (call_id) where call_id is not null;

create trigger journal_is_append_only before update on journal
begin select raise(abort, 'the journal is append-only'); end;
create trigger journal_is_kept before delete on journal
begin select raise(abort, 'the journal is append-only'); end;
create trigger calls_are_kept before delete on calls
begin select raise(abort, 'calls are kept'); end;
create trigger takes_are_kept before delete on call_takes
begin select raise(abort, 'calls are kept'); end;
create trigger takes_do_not_change before update on call_takes
begin select raise(abort, 'what a call took does not change'); end;

create trigger calls_move_forward before update on calls
when old.call_id is not new.call_id or old.attempt is not new.attempt
  or old.paywall_id is not new.paywall_id or old.user_id is not new.user_id
  or old.provider_id is not new.provider_id or old.query_type is not new.query_type
  or old.amount is not new.amount or old.grant_id is not new.grant_id
  or old.held_at is not new.held_at or old.epoch_id is not new.epoch_id
  or (old.state is not new.state and not (
    (old.state = 'held' and new.state in ('settled', 'voided'))
    or (old.state = 'settled' and new.state = 'reversed')))
begin select raise(abort, 'a call only moves forward'); end;

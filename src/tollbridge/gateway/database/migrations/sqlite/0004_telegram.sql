-- telegram ----------------------------------------------------------------------------------------

-- The bot whose Mini App signs a paywall's users in.
create table telegram_bots (
  paywall_id text primary key references paywalls,
  bot_id integer not null check (bot_id > 0),
  token_sealed blob,                         -- AES-GCM under the master key; null: the id is enough
  test_environment integer not null check (test_environment in (0, 1)),
  created_at integer not null
) strict, without rowid;

-- Telegram's test accounts have ids of their own: the same number is somebody else there.
create table telegram_users (
  paywall_id text not null references paywalls,
  test_environment integer not null check (test_environment in (0, 1)),
  telegram_id integer not null check (telegram_id > 0),
  user_id text not null unique references users,
  trial_given integer not null check (trial_given in (0, 1)),
  primary key (paywall_id, test_environment, telegram_id)
) strict, without rowid;

-- Launches that were exchanged for a session, kept while they are fresh.
create table telegram_launches (
  paywall_id text not null references paywalls,
  fingerprint blob not null,                 -- SHA-256 of what was signed
  session_id text not null references sessions,
  reload_hash blob,                          -- SHA-256 of what a reload must know; null: nobody does
  expires_at integer not null,
  primary key (paywall_id, fingerprint)
) strict, without rowid;
create index telegram_launches_by_end on telegram_launches (expires_at);

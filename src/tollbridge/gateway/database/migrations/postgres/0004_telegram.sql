-- telegram ----------------------------------------------------------------------------------------

-- The bot whose Mini App signs a paywall's users in.
create table telegram_bots (
  paywall_id text collate "C" primary key references paywalls,
  bot_id bigint not null check (bot_id > 0),
  token_sealed bytea,                        -- AES-GCM under the master key; null: the id is enough
  test_environment bigint not null check (test_environment in (0, 1)),
  created_at bigint not null
);

-- Telegram's test accounts have ids of their own: the same number is somebody else there.
create table telegram_users (
  paywall_id text collate "C" not null references paywalls,
  test_environment bigint not null check (test_environment in (0, 1)),
  telegram_id bigint not null check (telegram_id > 0),
  user_id text collate "C" not null unique references users,
  trial_given bigint not null check (trial_given in (0, 1)),
  primary key (paywall_id, test_environment, telegram_id)
);

-- Launches that were exchanged for a session, kept while they are fresh.
create table telegram_launches (
  paywall_id text collate "C" not null references paywalls,
  fingerprint bytea not null,                -- SHA-256 of what was signed
  session_id text collate "C" not null references sessions,
  reload_hash bytea,                         -- SHA-256 of what a reload must know; null: nobody does
  expires_at bigint not null,
  primary key (paywall_id, fingerprint)
);
create index telegram_launches_by_end on telegram_launches (expires_at);

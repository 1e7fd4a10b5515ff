-- What each process counts against the limits of calls, for the others to read; see
-- calls/shared_limits.py. Unlogged: it costs no log to write, nothing in it is worth anything a
-- minute later, and after a crash of the server each process writes its own anew within a second.

create unlogged table counting_processes (
  process_id text collate "C" primary key,
  beat_at bigint not null                    -- by this server's clock, as all times here
) with (fillfactor = 50);

create unlogged table counted_calls (
  process_id text collate "C" not null,
  subject text collate "C" not null,         -- a user, or the HMAC of an address
  at bigint not null,                        -- when this was true
  running bigint not null check (running >= 0),
  -- The calls of the last minute, as JSON lists of [age in seconds, how many].
  calls text not null,
  free_calls text not null,
  primary key (subject, process_id)
) with (fillfactor = 50);
create index counted_calls_of_process on counted_calls (process_id);

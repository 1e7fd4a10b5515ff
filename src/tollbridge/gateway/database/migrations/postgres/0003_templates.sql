-- templates ---------------------------------------------------------------------------------------

-- What a page may have asked without saying it: the body goes to the provider with the page's texts
-- in its places, and never to a page.
create table templates (
  template_id text collate "C" primary key,
  paywall_id text collate "C" not null references paywalls,
  provider_id text collate "C" not null references providers,
  path text not null,
  body text not null,                        -- JSON object
  variables text not null,                   -- JSON object: characters at most, by name
  created_at bigint not null
);
create index templates_of_paywall on templates (paywall_id);

-- Such a provider is called through templates alone.
alter table providers
  add column only_templates bigint not null default 0 check (only_templates in (0, 1));

-- limits ------------------------------------------------------------------------------------------

-- Trial credits that the pages of one origin give away in a day; null: the gateway's own limit.
alter table paywalls add column origin_trial_credits bigint check (origin_trial_credits > 0);

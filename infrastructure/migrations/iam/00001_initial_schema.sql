-- iam: who people are, whom they work for, and what they may do.
-- Accounts, sign-in, partner organisations, roles, sessions and API keys.
-- Secrets are stored as hashes (tokens: SHA-256) or encrypted by the service, never in the clear.

-- migrate:up
CREATE FUNCTION set_updated_at() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, public
AS $$
BEGIN
  NEW.updated_at := now();
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION set_updated_at() IS 'Row trigger: stamps updated_at when a row really changes';

-- ---------------------------------------------------------------- accounts

CREATE TABLE users (
  id                uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
  email             text        NOT NULL,
  display_name      text        NOT NULL,
  phone             text,
  locale            text        NOT NULL DEFAULT 'en',
  time_zone         text        NOT NULL DEFAULT 'UTC',
  status            text        NOT NULL DEFAULT 'pending',
  email_verified_at timestamptz,
  last_login_at     timestamptz,
  created_at        timestamptz NOT NULL DEFAULT now(),
  updated_at        timestamptz NOT NULL DEFAULT now(),
  deleted_at        timestamptz,
  CONSTRAINT users_email_shape CHECK (
    length(email) <= 254 AND email ~ '^[^@[:space:]]+@[^@[:space:]]+\.[^@[:space:]]+$'
  ),
  CONSTRAINT users_display_name_length CHECK (length(btrim(display_name)) BETWEEN 1 AND 200),
  CONSTRAINT users_phone_e164 CHECK (phone ~ '^\+[1-9][0-9]{6,14}$'),
  CONSTRAINT users_locale_shape CHECK (locale ~ '^[a-z]{2,3}(-[A-Z]{2})?$'),
  CONSTRAINT users_status_known CHECK (status IN ('pending', 'active', 'suspended', 'deleted')),
  CONSTRAINT users_deleted_together CHECK ((status = 'deleted') = (deleted_at IS NOT NULL))
);
COMMENT ON TABLE users IS 'A person with an account: traveller, partner staff or platform staff';
COMMENT ON COLUMN users.deleted_at IS 'Soft deletion; the address is free for a new account from then on';

CREATE UNIQUE INDEX users_email_live_key ON users (lower(email)) WHERE deleted_at IS NULL;
CREATE INDEX users_created_at_idx ON users (created_at);

CREATE TABLE user_credentials (
  user_id              uuid        PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
  password_hash        text        NOT NULL,
  failed_attempts      bigint      NOT NULL DEFAULT 0,
  locked_until         timestamptz,
  must_change          boolean     NOT NULL DEFAULT false,
  password_changed_at  timestamptz NOT NULL DEFAULT now(),
  created_at           timestamptz NOT NULL DEFAULT now(),
  updated_at           timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT user_credentials_hash_phc CHECK (password_hash ~ '^\$(argon2id|2[aby])\$'),
  CONSTRAINT user_credentials_failed_attempts_positive CHECK (failed_attempts >= 0)
);
COMMENT ON TABLE user_credentials IS 'Password sign-in; a user who only signs in through an identity provider has no row';

CREATE TABLE user_identities (
  id               uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
  user_id          uuid        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  provider         text        NOT NULL,
  subject          text        NOT NULL,
  provider_email   text,
  profile          jsonb       NOT NULL DEFAULT '{}',
  last_used_at     timestamptz,
  created_at       timestamptz NOT NULL DEFAULT now(),
  updated_at       timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT user_identities_provider_known CHECK (provider IN ('google', 'apple', 'facebook', 'microsoft')),
  CONSTRAINT user_identities_subject_present CHECK (subject <> ''),
  CONSTRAINT user_identities_profile_object CHECK (jsonb_typeof(profile) = 'object'),
  CONSTRAINT user_identities_provider_subject_key UNIQUE (provider, subject),
  CONSTRAINT user_identities_user_provider_key UNIQUE (user_id, provider)
);
COMMENT ON TABLE user_identities IS 'Accounts at OAuth / OpenID Connect providers linked to a user';
COMMENT ON COLUMN user_identities.subject IS 'The provider''s stable user id (claim sub), never the e-mail address';

CREATE TABLE user_mfa_factors (
  id               uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
  user_id          uuid        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  kind             text        NOT NULL,
  label            text        NOT NULL,
  secret_encrypted bytea       NOT NULL,
  credential_id    bytea,
  sign_count       bigint      NOT NULL DEFAULT 0,
  confirmed_at     timestamptz,
  last_used_at     timestamptz,
  created_at       timestamptz NOT NULL DEFAULT now(),
  updated_at       timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT user_mfa_factors_kind_known CHECK (kind IN ('totp', 'webauthn', 'recovery_codes')),
  CONSTRAINT user_mfa_factors_webauthn_credential CHECK ((kind = 'webauthn') = (credential_id IS NOT NULL)),
  CONSTRAINT user_mfa_factors_sign_count_positive CHECK (sign_count >= 0),
  CONSTRAINT user_mfa_factors_credential_key UNIQUE (credential_id)
);
COMMENT ON TABLE user_mfa_factors IS 'Second factors; one counts only once it is confirmed';

CREATE INDEX user_mfa_factors_user_idx ON user_mfa_factors (user_id);

CREATE TABLE user_consents (
  user_id      uuid        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  document     text        NOT NULL,
  version      text        NOT NULL,
  accepted_at  timestamptz NOT NULL DEFAULT now(),
  withdrawn_at timestamptz,
  PRIMARY KEY (user_id, document, version),
  CONSTRAINT user_consents_document_known CHECK (
    document IN ('terms', 'privacy', 'marketing_email', 'partner_terms')
  ),
  CONSTRAINT user_consents_order CHECK (withdrawn_at >= accepted_at)
);
COMMENT ON TABLE user_consents IS 'Which version of which legal text a user accepted, and when';

-- ----------------------------------------------------------- organisations

CREATE TABLE organisations (
  id             uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
  kind           text        NOT NULL,
  slug           text        NOT NULL,
  display_name   text        NOT NULL,
  legal_name     text,
  vat_number     text,
  country_code   text        NOT NULL,
  time_zone      text        NOT NULL,
  currency       text        NOT NULL DEFAULT 'EUR',
  contact_email  text        NOT NULL,
  contact_phone  text,
  website        text,
  status         text        NOT NULL DEFAULT 'draft',
  activated_at   timestamptz,
  created_by     uuid        REFERENCES users (id) ON DELETE SET NULL,
  created_at     timestamptz NOT NULL DEFAULT now(),
  updated_at     timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT organisations_kind_known CHECK (
    kind IN ('hotel', 'guide', 'tour_operator', 'activity_provider', 'restaurant', 'transport', 'destination')
  ),
  CONSTRAINT organisations_slug_shape CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND length(slug) <= 80),
  CONSTRAINT organisations_display_name_length CHECK (length(btrim(display_name)) BETWEEN 1 AND 200),
  CONSTRAINT organisations_country_iso CHECK (country_code ~ '^[A-Z]{2}$'),
  CONSTRAINT organisations_currency_iso CHECK (currency ~ '^[A-Z]{3}$'),
  CONSTRAINT organisations_contact_email_shape CHECK (
    length(contact_email) <= 254 AND contact_email ~ '^[^@[:space:]]+@[^@[:space:]]+\.[^@[:space:]]+$'
  ),
  CONSTRAINT organisations_contact_phone_e164 CHECK (contact_phone ~ '^\+[1-9][0-9]{6,14}$'),
  CONSTRAINT organisations_website_https CHECK (website ~ '^https?://'),
  CONSTRAINT organisations_status_known CHECK (status IN ('draft', 'in_review', 'active', 'suspended', 'closed')),
  CONSTRAINT organisations_active_needs_legal_name CHECK (
    status <> 'active' OR (legal_name IS NOT NULL AND activated_at IS NOT NULL)
  ),
  CONSTRAINT organisations_slug_key UNIQUE (slug)
);
COMMENT ON TABLE organisations IS 'A partner of the marketplace: hotel, guide, tour operator and so on';
COMMENT ON COLUMN organisations.status IS 'Closed organisations keep their row: bookings and invoices elsewhere point at it';

CREATE UNIQUE INDEX organisations_vat_key ON organisations (country_code, upper(vat_number))
  WHERE vat_number IS NOT NULL AND status <> 'closed';
CREATE INDEX organisations_review_queue_idx ON organisations (created_at) WHERE status = 'in_review';
CREATE INDEX organisations_created_by_idx ON organisations (created_by);

-- --------------------------------------------------- roles and permissions

CREATE TABLE permissions (
  key         text        PRIMARY KEY,
  scope       text        NOT NULL,
  description text        NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT permissions_key_shape CHECK (key ~ '^[a-z][a-z_]*(\.[a-z][a-z_]*)+$'),
  CONSTRAINT permissions_scope_known CHECK (scope IN ('platform', 'organisation')),
  CONSTRAINT permissions_key_scope_key UNIQUE (key, scope)
);
COMMENT ON TABLE permissions IS 'What can be allowed; the services know the keys';
COMMENT ON COLUMN permissions.scope IS 'platform: everywhere; organisation: inside one organisation, through a membership or an API key';

CREATE TABLE roles (
  key         text        PRIMARY KEY,
  scope       text        NOT NULL,
  name        text        NOT NULL,
  description text        NOT NULL,
  is_built_in boolean     NOT NULL DEFAULT false,
  created_at  timestamptz NOT NULL DEFAULT now(),
  updated_at  timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT roles_key_shape CHECK (key ~ '^[a-z][a-z_]*$'),
  CONSTRAINT roles_scope_known CHECK (scope IN ('platform', 'organisation')),
  CONSTRAINT roles_key_scope_key UNIQUE (key, scope)
);
COMMENT ON TABLE roles IS 'Named sets of permissions; built-in ones belong to the migrations';

CREATE TABLE role_permissions (
  role_key       text NOT NULL,
  permission_key text NOT NULL,
  scope          text NOT NULL,
  PRIMARY KEY (role_key, permission_key),
  FOREIGN KEY (role_key, scope) REFERENCES roles (key, scope) ON UPDATE CASCADE ON DELETE CASCADE,
  FOREIGN KEY (permission_key, scope) REFERENCES permissions (key, scope) ON UPDATE CASCADE ON DELETE CASCADE
);
COMMENT ON TABLE role_permissions IS 'A role holds permissions of its own scope only: the foreign keys share the scope column';

CREATE INDEX role_permissions_permission_idx ON role_permissions (permission_key);

CREATE TABLE user_roles (
  user_id    uuid        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  role_key   text        NOT NULL,
  role_scope text        NOT NULL DEFAULT 'platform',
  granted_by uuid        REFERENCES users (id) ON DELETE SET NULL,
  granted_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz,
  PRIMARY KEY (user_id, role_key),
  FOREIGN KEY (role_key, role_scope) REFERENCES roles (key, scope) ON UPDATE CASCADE ON DELETE RESTRICT,
  CONSTRAINT user_roles_platform_only CHECK (role_scope = 'platform'),
  CONSTRAINT user_roles_order CHECK (expires_at > granted_at)
);
COMMENT ON TABLE user_roles IS 'Platform roles of a user; roles inside an organisation are memberships';

CREATE INDEX user_roles_role_idx ON user_roles (role_key);
CREATE INDEX user_roles_granted_by_idx ON user_roles (granted_by);

CREATE TABLE memberships (
  id              uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
  organisation_id uuid        NOT NULL REFERENCES organisations (id) ON DELETE CASCADE,
  user_id         uuid        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  role_key        text        NOT NULL,
  role_scope      text        NOT NULL DEFAULT 'organisation',
  status          text        NOT NULL DEFAULT 'active',
  job_title       text,
  created_at      timestamptz NOT NULL DEFAULT now(),
  updated_at      timestamptz NOT NULL DEFAULT now(),
  FOREIGN KEY (role_key, role_scope) REFERENCES roles (key, scope) ON UPDATE CASCADE ON DELETE RESTRICT,
  CONSTRAINT memberships_organisation_only CHECK (role_scope = 'organisation'),
  CONSTRAINT memberships_status_known CHECK (status IN ('active', 'suspended')),
  CONSTRAINT memberships_organisation_user_key UNIQUE (organisation_id, user_id)
);
COMMENT ON TABLE memberships IS 'A user works for an organisation, in one role';

CREATE INDEX memberships_user_idx ON memberships (user_id) WHERE status = 'active';
CREATE INDEX memberships_role_idx ON memberships (role_key);

CREATE TABLE invitations (
  id              uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
  organisation_id uuid        NOT NULL REFERENCES organisations (id) ON DELETE CASCADE,
  email           text        NOT NULL,
  role_key        text        NOT NULL,
  role_scope      text        NOT NULL DEFAULT 'organisation',
  token_hash      bytea       NOT NULL,
  invited_by      uuid        REFERENCES users (id) ON DELETE SET NULL,
  accepted_by     uuid        REFERENCES users (id) ON DELETE SET NULL,
  expires_at      timestamptz NOT NULL DEFAULT now() + interval '14 days',
  accepted_at     timestamptz,
  revoked_at      timestamptz,
  created_at      timestamptz NOT NULL DEFAULT now(),
  updated_at      timestamptz NOT NULL DEFAULT now(),
  FOREIGN KEY (role_key, role_scope) REFERENCES roles (key, scope) ON UPDATE CASCADE ON DELETE RESTRICT,
  CONSTRAINT invitations_organisation_only CHECK (role_scope = 'organisation'),
  CONSTRAINT invitations_email_shape CHECK (
    length(email) <= 254 AND email ~ '^[^@[:space:]]+@[^@[:space:]]+\.[^@[:space:]]+$'
  ),
  CONSTRAINT invitations_token_sha256 CHECK (octet_length(token_hash) = 32),
  CONSTRAINT invitations_one_ending CHECK (num_nonnulls(accepted_at, revoked_at) <= 1),
  CONSTRAINT invitations_accepted_by_needs_date CHECK (accepted_by IS NULL OR accepted_at IS NOT NULL),
  CONSTRAINT invitations_order CHECK (expires_at > created_at),
  CONSTRAINT invitations_token_key UNIQUE (token_hash)
);
COMMENT ON TABLE invitations IS 'An organisation asks somebody to join it; one open invitation per address';

CREATE UNIQUE INDEX invitations_open_key ON invitations (organisation_id, lower(email))
  WHERE accepted_at IS NULL AND revoked_at IS NULL;
CREATE INDEX invitations_email_open_idx ON invitations (lower(email))
  WHERE accepted_at IS NULL AND revoked_at IS NULL;
CREATE INDEX invitations_role_idx ON invitations (role_key);
CREATE INDEX invitations_invited_by_idx ON invitations (invited_by);
CREATE INDEX invitations_accepted_by_idx ON invitations (accepted_by);

-- ------------------------------------------------------ sessions and tokens

CREATE TABLE sessions (
  id              uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
  user_id         uuid        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  organisation_id uuid        REFERENCES organisations (id) ON DELETE SET NULL,
  sign_in_method  text        NOT NULL,
  ip_address      inet,
  user_agent      text,
  created_at      timestamptz NOT NULL DEFAULT now(),
  last_seen_at    timestamptz NOT NULL DEFAULT now(),
  expires_at      timestamptz NOT NULL,
  revoked_at      timestamptz,
  revoked_reason  text,
  CONSTRAINT sessions_method_known CHECK (sign_in_method IN ('password', 'oauth', 'magic_link', 'impersonation')),
  CONSTRAINT sessions_order CHECK (expires_at > created_at),
  CONSTRAINT sessions_revoked_reason_known CHECK (
    revoked_reason IN ('signed_out', 'password_changed', 'token_reuse', 'administrator', 'account_closed')
  ),
  CONSTRAINT sessions_revoked_together CHECK ((revoked_at IS NULL) = (revoked_reason IS NULL))
);
COMMENT ON TABLE sessions IS 'One sign-in on one device';
COMMENT ON COLUMN sessions.organisation_id IS 'The organisation the user acts for at the moment, if any';

CREATE INDEX sessions_user_idx ON sessions (user_id, last_seen_at DESC);
CREATE INDEX sessions_organisation_idx ON sessions (organisation_id) WHERE organisation_id IS NOT NULL;
CREATE INDEX sessions_expiry_idx ON sessions (expires_at) WHERE revoked_at IS NULL;

CREATE TABLE refresh_tokens (
  id         uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
  session_id uuid        NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
  parent_id  uuid        REFERENCES refresh_tokens (id) ON DELETE SET NULL,
  token_hash bytea       NOT NULL,
  issued_at  timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  used_at    timestamptz,
  revoked_at timestamptz,
  CONSTRAINT refresh_tokens_sha256 CHECK (octet_length(token_hash) = 32),
  CONSTRAINT refresh_tokens_order CHECK (expires_at > issued_at),
  CONSTRAINT refresh_tokens_not_own_parent CHECK (parent_id <> id),
  CONSTRAINT refresh_tokens_token_key UNIQUE (token_hash),
  CONSTRAINT refresh_tokens_parent_key UNIQUE (parent_id)
);
COMMENT ON TABLE refresh_tokens IS 'Rotating refresh tokens: each use issues a successor, and a second use of one revokes the session';

CREATE UNIQUE INDEX refresh_tokens_live_key ON refresh_tokens (session_id)
  WHERE used_at IS NULL AND revoked_at IS NULL;
CREATE INDEX refresh_tokens_session_idx ON refresh_tokens (session_id);
CREATE INDEX refresh_tokens_expiry_idx ON refresh_tokens (expires_at);

CREATE TABLE user_tokens (
  id         uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
  user_id    uuid        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  purpose    text        NOT NULL,
  token_hash bytea       NOT NULL,
  new_email  text,
  issued_at  timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  used_at    timestamptz,
  CONSTRAINT user_tokens_purpose_known CHECK (
    purpose IN ('email_verification', 'email_change', 'password_reset', 'magic_link')
  ),
  CONSTRAINT user_tokens_new_email CHECK ((purpose = 'email_change') = (new_email IS NOT NULL)),
  CONSTRAINT user_tokens_sha256 CHECK (octet_length(token_hash) = 32),
  CONSTRAINT user_tokens_order CHECK (expires_at > issued_at),
  CONSTRAINT user_tokens_token_key UNIQUE (token_hash)
);
COMMENT ON TABLE user_tokens IS 'Single-use links sent by e-mail: verification, change of address, password reset, magic link';

CREATE UNIQUE INDEX user_tokens_live_key ON user_tokens (user_id, purpose) WHERE used_at IS NULL;
CREATE INDEX user_tokens_expiry_idx ON user_tokens (expires_at);

CREATE TABLE login_events (
  id             bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_id        uuid        REFERENCES users (id) ON DELETE SET NULL,
  session_id     uuid        REFERENCES sessions (id) ON DELETE SET NULL,
  email          text        NOT NULL,
  method         text        NOT NULL,
  outcome        text        NOT NULL,
  failure_reason text,
  ip_address     inet,
  user_agent     text,
  occurred_at    timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT login_events_method_known CHECK (method IN ('password', 'oauth', 'magic_link', 'refresh', 'api_key')),
  CONSTRAINT login_events_outcome_known CHECK (outcome IN ('succeeded', 'failed', 'mfa_required')),
  CONSTRAINT login_events_failure_has_reason CHECK ((outcome = 'failed') = (failure_reason IS NOT NULL))
);
COMMENT ON TABLE login_events IS 'Audit of every attempt to sign in, also for addresses nobody has';
COMMENT ON COLUMN login_events.email IS 'As typed, in lower case';

CREATE INDEX login_events_user_idx ON login_events (user_id, occurred_at DESC);
CREATE INDEX login_events_session_idx ON login_events (session_id);
CREATE INDEX login_events_failed_ip_idx ON login_events (ip_address, occurred_at) WHERE outcome = 'failed';
CREATE INDEX login_events_failed_email_idx ON login_events (lower(email), occurred_at) WHERE outcome = 'failed';
CREATE INDEX login_events_occurred_at_brin ON login_events USING brin (occurred_at);

CREATE TABLE api_keys (
  id              uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
  organisation_id uuid        NOT NULL REFERENCES organisations (id) ON DELETE CASCADE,
  name            text        NOT NULL,
  prefix          text        NOT NULL,
  key_hash        bytea       NOT NULL,
  allowed_ips     cidr[]      NOT NULL DEFAULT '{}',
  created_by      uuid        REFERENCES users (id) ON DELETE SET NULL,
  last_used_at    timestamptz,
  expires_at      timestamptz,
  revoked_at      timestamptz,
  created_at      timestamptz NOT NULL DEFAULT now(),
  updated_at      timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT api_keys_name_length CHECK (length(btrim(name)) BETWEEN 1 AND 100),
  CONSTRAINT api_keys_prefix_shape CHECK (prefix ~ '^po_[a-z0-9]{8}$'),
  CONSTRAINT api_keys_sha256 CHECK (octet_length(key_hash) = 32),
  CONSTRAINT api_keys_order CHECK (expires_at > created_at),
  CONSTRAINT api_keys_prefix_key UNIQUE (prefix),
  CONSTRAINT api_keys_hash_key UNIQUE (key_hash)
);
COMMENT ON TABLE api_keys IS 'Keys for a partner''s own systems; only the prefix can be shown again';

CREATE UNIQUE INDEX api_keys_live_name_key ON api_keys (organisation_id, lower(name)) WHERE revoked_at IS NULL;
CREATE INDEX api_keys_created_by_idx ON api_keys (created_by);

CREATE TABLE api_key_permissions (
  api_key_id     uuid NOT NULL REFERENCES api_keys (id) ON DELETE CASCADE,
  permission_key text NOT NULL,
  scope          text NOT NULL DEFAULT 'organisation',
  PRIMARY KEY (api_key_id, permission_key),
  FOREIGN KEY (permission_key, scope) REFERENCES permissions (key, scope) ON UPDATE CASCADE ON DELETE CASCADE,
  CONSTRAINT api_key_permissions_organisation_only CHECK (scope = 'organisation')
);
COMMENT ON TABLE api_key_permissions IS 'What a key may do, inside its organisation';

CREATE INDEX api_key_permissions_permission_idx ON api_key_permissions (permission_key);

-- ---------------------------------------------------------------- triggers

CREATE TRIGGER users_set_updated_at BEFORE UPDATE ON users
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION set_updated_at();
CREATE TRIGGER user_credentials_set_updated_at BEFORE UPDATE ON user_credentials
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION set_updated_at();
CREATE TRIGGER user_identities_set_updated_at BEFORE UPDATE ON user_identities
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION set_updated_at();
CREATE TRIGGER user_mfa_factors_set_updated_at BEFORE UPDATE ON user_mfa_factors
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION set_updated_at();
CREATE TRIGGER organisations_set_updated_at BEFORE UPDATE ON organisations
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION set_updated_at();
CREATE TRIGGER roles_set_updated_at BEFORE UPDATE ON roles
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION set_updated_at();
CREATE TRIGGER memberships_set_updated_at BEFORE UPDATE ON memberships
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION set_updated_at();
CREATE TRIGGER invitations_set_updated_at BEFORE UPDATE ON invitations
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION set_updated_at();
CREATE TRIGGER api_keys_set_updated_at BEFORE UPDATE ON api_keys
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION set_updated_at();

-- --------------------------------------------- built-in roles, permissions

INSERT INTO permissions (key, scope, description) VALUES
  ('platform.users.read',              'platform',     'See every account'),
  ('platform.users.manage',            'platform',     'Suspend, restore and delete accounts'),
  ('platform.users.impersonate',       'platform',     'Act as another user, on record'),
  ('platform.roles.manage',            'platform',     'Grant and withdraw platform roles'),
  ('platform.organisations.read',      'platform',     'See every organisation'),
  ('platform.organisations.review',    'platform',     'Approve, reject and suspend organisations'),
  ('platform.content.edit',            'platform',     'Edit destinations, guides and other editorial content'),
  ('platform.bookings.read',           'platform',     'See every booking'),
  ('platform.bookings.refund',         'platform',     'Refund any booking'),
  ('platform.audit.read',              'platform',     'Read audit logs'),
  ('organisation.profile.read',        'organisation', 'See the organisation''s profile'),
  ('organisation.profile.edit',        'organisation', 'Edit the organisation''s profile'),
  ('organisation.close',               'organisation', 'Close the organisation'),
  ('organisation.members.read',        'organisation', 'See the members'),
  ('organisation.members.manage',      'organisation', 'Invite, change and remove members'),
  ('organisation.api_keys.manage',     'organisation', 'Create and revoke API keys'),
  ('organisation.experiences.read',    'organisation', 'See experiences, drafts included'),
  ('organisation.experiences.edit',    'organisation', 'Create and edit experiences'),
  ('organisation.experiences.publish', 'organisation', 'Publish and withdraw experiences'),
  ('organisation.calendar.read',       'organisation', 'See calendars and availability'),
  ('organisation.calendar.edit',       'organisation', 'Edit calendars, templates and exceptions'),
  ('organisation.calendar.connect',    'organisation', 'Connect outside calendars'),
  ('organisation.bookings.read',       'organisation', 'See the organisation''s bookings'),
  ('organisation.bookings.manage',     'organisation', 'Confirm, move and cancel bookings'),
  ('organisation.bookings.refund',     'organisation', 'Refund the organisation''s bookings'),
  ('organisation.finance.read',        'organisation', 'See payouts and invoices'),
  ('organisation.finance.manage',      'organisation', 'Change payout accounts and billing details');

INSERT INTO roles (key, scope, name, description, is_built_in) VALUES
  ('platform_admin',      'platform',     'Platform administrator', 'Runs the marketplace',                                  true),
  ('platform_support',    'platform',     'Support agent',          'Helps travellers and partners',                         true),
  ('platform_editor',     'platform',     'Content editor',         'Looks after editorial content',                         true),
  ('organisation_owner',  'organisation', 'Owner',                  'Everything inside the organisation, closing included', true),
  ('organisation_manager','organisation', 'Manager',                'Runs the daily business and the team',                  true),
  ('organisation_staff',  'organisation', 'Staff',                  'Looks after calendars and bookings',                    true),
  ('organisation_finance','organisation', 'Finance',                'Sees bookings, handles money',                          true),
  ('organisation_viewer', 'organisation', 'Viewer',                 'Sees, changes nothing',                                 true);

-- The two roles at the top hold every permission of their scope.
INSERT INTO role_permissions (role_key, permission_key, scope)
SELECT r.key, p.key, r.scope
FROM roles AS r
JOIN permissions AS p ON p.scope = r.scope
WHERE r.key IN ('platform_admin', 'organisation_owner');

INSERT INTO role_permissions (role_key, permission_key, scope) VALUES
  ('platform_support',     'platform.users.read',              'platform'),
  ('platform_support',     'platform.users.impersonate',       'platform'),
  ('platform_support',     'platform.organisations.read',      'platform'),
  ('platform_support',     'platform.bookings.read',           'platform'),
  ('platform_support',     'platform.bookings.refund',         'platform'),
  ('platform_editor',      'platform.organisations.read',      'platform'),
  ('platform_editor',      'platform.content.edit',            'platform'),
  ('organisation_manager', 'organisation.profile.read',        'organisation'),
  ('organisation_manager', 'organisation.profile.edit',        'organisation'),
  ('organisation_manager', 'organisation.members.read',        'organisation'),
  ('organisation_manager', 'organisation.members.manage',      'organisation'),
  ('organisation_manager', 'organisation.experiences.read',    'organisation'),
  ('organisation_manager', 'organisation.experiences.edit',    'organisation'),
  ('organisation_manager', 'organisation.experiences.publish', 'organisation'),
  ('organisation_manager', 'organisation.calendar.read',       'organisation'),
  ('organisation_manager', 'organisation.calendar.edit',       'organisation'),
  ('organisation_manager', 'organisation.calendar.connect',    'organisation'),
  ('organisation_manager', 'organisation.bookings.read',       'organisation'),
  ('organisation_manager', 'organisation.bookings.manage',     'organisation'),
  ('organisation_manager', 'organisation.bookings.refund',     'organisation'),
  ('organisation_manager', 'organisation.finance.read',        'organisation'),
  ('organisation_staff',   'organisation.profile.read',        'organisation'),
  ('organisation_staff',   'organisation.members.read',        'organisation'),
  ('organisation_staff',   'organisation.experiences.read',    'organisation'),
  ('organisation_staff',   'organisation.calendar.read',       'organisation'),
  ('organisation_staff',   'organisation.calendar.edit',       'organisation'),
  ('organisation_staff',   'organisation.bookings.read',       'organisation'),
  ('organisation_staff',   'organisation.bookings.manage',     'organisation'),
  ('organisation_finance', 'organisation.profile.read',        'organisation'),
  ('organisation_finance', 'organisation.bookings.read',       'organisation'),
  ('organisation_finance', 'organisation.bookings.refund',     'organisation'),
  ('organisation_finance', 'organisation.finance.read',        'organisation'),
  ('organisation_finance', 'organisation.finance.manage',      'organisation'),
  ('organisation_viewer',  'organisation.profile.read',        'organisation'),
  ('organisation_viewer',  'organisation.members.read',        'organisation'),
  ('organisation_viewer',  'organisation.experiences.read',    'organisation'),
  ('organisation_viewer',  'organisation.calendar.read',       'organisation'),
  ('organisation_viewer',  'organisation.bookings.read',       'organisation');

-- migrate:down
DROP TABLE api_key_permissions;
DROP TABLE api_keys;
DROP TABLE login_events;
DROP TABLE user_tokens;
DROP TABLE refresh_tokens;
DROP TABLE sessions;
DROP TABLE invitations;
DROP TABLE memberships;
DROP TABLE user_roles;
DROP TABLE role_permissions;
DROP TABLE roles;
DROP TABLE permissions;
DROP TABLE organisations;
DROP TABLE user_consents;
DROP TABLE user_mfa_factors;
DROP TABLE user_identities;
DROP TABLE user_credentials;
DROP TABLE users;
DROP FUNCTION set_updated_at();

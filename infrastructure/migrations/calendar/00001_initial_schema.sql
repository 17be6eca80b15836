-- calendar: when a service can be booked. Rolls up the historical migrations 001-007.
-- Ids of organisations, services, bookings and users belong to other databases: no foreign keys on them.
-- Instants are timestamptz; opening hours are local times of the calendar's time zone.

-- migrate:up
CREATE EXTENSION IF NOT EXISTS btree_gist;

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

-- --------------------------------------------------- calendars, templates

CREATE TABLE service_calendars (
  id               uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
  organisation_id  uuid        NOT NULL,
  service_id       uuid        NOT NULL,
  name             text        NOT NULL,
  time_zone        text        NOT NULL,
  status           text        NOT NULL DEFAULT 'draft',
  default_capacity bigint      NOT NULL DEFAULT 1,
  exclusive_slots  boolean     NOT NULL DEFAULT false,
  booking_notice   interval    NOT NULL DEFAULT interval '0',
  booking_horizon  interval    NOT NULL DEFAULT interval '1 year',
  hold_duration    interval    NOT NULL DEFAULT interval '15 minutes',
  created_at       timestamptz NOT NULL DEFAULT now(),
  updated_at       timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT service_calendars_name_length CHECK (length(btrim(name)) BETWEEN 1 AND 200),
  CONSTRAINT service_calendars_time_zone_shape CHECK (time_zone ~ '^[A-Za-z][A-Za-z0-9_+/-]*$'),
  CONSTRAINT service_calendars_status_known CHECK (status IN ('draft', 'active', 'paused', 'archived')),
  CONSTRAINT service_calendars_capacity_positive CHECK (default_capacity > 0),
  CONSTRAINT service_calendars_booking_window CHECK (
    booking_notice >= interval '0' AND booking_horizon > booking_notice
  ),
  CONSTRAINT service_calendars_hold_duration CHECK (
    hold_duration BETWEEN interval '1 minute' AND interval '7 days'
  ),
  CONSTRAINT service_calendars_id_organisation_key UNIQUE (id, organisation_id)
);
COMMENT ON TABLE service_calendars IS 'The bookable calendar of one service (an experience, a room, a guide)';
COMMENT ON COLUMN service_calendars.time_zone IS 'IANA name, for example Europe/Lisbon';
COMMENT ON COLUMN service_calendars.exclusive_slots IS 'Slots may not overlap: one guide, one boat';
COMMENT ON COLUMN service_calendars.booking_notice IS 'How long before its start a slot closes for booking';
COMMENT ON COLUMN service_calendars.booking_horizon IS 'How far ahead slots are offered';

CREATE UNIQUE INDEX service_calendars_service_live_key ON service_calendars (service_id) WHERE status <> 'archived';
CREATE INDEX service_calendars_organisation_idx ON service_calendars (organisation_id);

CREATE TABLE calendar_templates (
  id              uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
  organisation_id uuid        NOT NULL,
  name            text        NOT NULL,
  description     text,
  is_archived     boolean     NOT NULL DEFAULT false,
  created_at      timestamptz NOT NULL DEFAULT now(),
  updated_at      timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT calendar_templates_name_length CHECK (length(btrim(name)) BETWEEN 1 AND 200),
  CONSTRAINT calendar_templates_id_organisation_key UNIQUE (id, organisation_id)
);
COMMENT ON TABLE calendar_templates IS 'A week that a partner uses again: "summer", "winter weekends"';

CREATE UNIQUE INDEX calendar_templates_name_live_key ON calendar_templates (organisation_id, lower(name))
  WHERE NOT is_archived;

CREATE TABLE calendar_periods (
  id              uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
  calendar_id     uuid        NOT NULL,
  organisation_id uuid        NOT NULL,
  template_id     uuid,
  name            text        NOT NULL,
  valid_during    daterange   NOT NULL,
  is_active       boolean     NOT NULL DEFAULT true,
  created_at      timestamptz NOT NULL DEFAULT now(),
  updated_at      timestamptz NOT NULL DEFAULT now(),
  FOREIGN KEY (calendar_id, organisation_id)
    REFERENCES service_calendars (id, organisation_id) ON DELETE CASCADE,
  FOREIGN KEY (template_id, organisation_id)
    REFERENCES calendar_templates (id, organisation_id) ON DELETE SET NULL (template_id),
  CONSTRAINT calendar_periods_range CHECK (NOT isempty(valid_during) AND NOT lower_inf(valid_during)),
  CONSTRAINT calendar_periods_no_overlap EXCLUDE USING gist (calendar_id WITH =, valid_during WITH &&)
    WHERE (is_active)
);
COMMENT ON TABLE calendar_periods IS 'A season of a calendar; active ones never overlap';
COMMENT ON COLUMN calendar_periods.template_id IS 'Where its slot patterns were copied from; the period lives on without it';

CREATE INDEX calendar_periods_calendar_idx ON calendar_periods (calendar_id);
CREATE INDEX calendar_periods_template_idx ON calendar_periods (template_id);

CREATE TABLE slot_patterns (
  id          uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
  template_id uuid        REFERENCES calendar_templates (id) ON DELETE CASCADE,
  period_id   uuid        REFERENCES calendar_periods (id) ON DELETE CASCADE,
  iso_weekday bigint      NOT NULL,
  starts_at   time        NOT NULL,
  duration    interval    NOT NULL,
  capacity    bigint,
  created_at  timestamptz NOT NULL DEFAULT now(),
  updated_at  timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT slot_patterns_one_owner CHECK (num_nonnulls(template_id, period_id) = 1),
  CONSTRAINT slot_patterns_weekday CHECK (iso_weekday BETWEEN 1 AND 7),
  CONSTRAINT slot_patterns_duration CHECK (duration > interval '0' AND duration <= interval '31 days'),
  CONSTRAINT slot_patterns_capacity_positive CHECK (capacity > 0),
  CONSTRAINT slot_patterns_template_start_key UNIQUE (template_id, iso_weekday, starts_at),
  CONSTRAINT slot_patterns_period_start_key UNIQUE (period_id, iso_weekday, starts_at)
);
COMMENT ON TABLE slot_patterns IS 'A slot that repeats every week, of a template or of a period';
COMMENT ON COLUMN slot_patterns.iso_weekday IS '1 = Monday … 7 = Sunday';
COMMENT ON COLUMN slot_patterns.capacity IS 'Null: the calendar''s default capacity';

-- ------------------------------------------------------------ availability

CREATE TABLE availability_rules (
  id            uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
  calendar_id   uuid        NOT NULL REFERENCES service_calendars (id) ON DELETE CASCADE,
  name          text        NOT NULL,
  effect        text        NOT NULL,
  priority      bigint      NOT NULL DEFAULT 0,
  applies_during daterange,
  iso_weekdays  bigint[]    NOT NULL DEFAULT '{1,2,3,4,5,6,7}',
  from_time     time,
  until_time    time,
  capacity      bigint,
  min_party     bigint,
  max_party     bigint,
  is_active     boolean     NOT NULL DEFAULT true,
  created_at    timestamptz NOT NULL DEFAULT now(),
  updated_at    timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT availability_rules_effect_known CHECK (effect IN ('open', 'close', 'limit')),
  CONSTRAINT availability_rules_range CHECK (NOT isempty(applies_during)),
  CONSTRAINT availability_rules_weekdays CHECK (
    cardinality(iso_weekdays) > 0 AND cardinality(iso_weekdays) <= 7 AND iso_weekdays <@ '{1,2,3,4,5,6,7}'::bigint[]
  ),
  CONSTRAINT availability_rules_times_together CHECK (num_nonnulls(from_time, until_time) IN (0, 2)),
  CONSTRAINT availability_rules_times_order CHECK (until_time > from_time),
  CONSTRAINT availability_rules_limit_has_limit CHECK (
    (effect = 'limit') = (num_nonnulls(capacity, min_party, max_party) > 0)
  ),
  CONSTRAINT availability_rules_capacity CHECK (capacity >= 0),
  CONSTRAINT availability_rules_party CHECK (min_party > 0 AND max_party > 0 AND max_party >= min_party)
);
COMMENT ON TABLE availability_rules IS 'Opens, closes or limits what the patterns offer; the highest priority wins';
COMMENT ON COLUMN availability_rules.until_time IS 'Exclusive; hours past midnight need a second rule';

CREATE INDEX availability_rules_calendar_idx ON availability_rules (calendar_id, priority DESC) WHERE is_active;

CREATE TABLE unavailable_days (
  calendar_id uuid        NOT NULL REFERENCES service_calendars (id) ON DELETE CASCADE,
  day         date        NOT NULL,
  reason      text,
  source      text        NOT NULL DEFAULT 'manual',
  created_by  uuid,
  created_at  timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (calendar_id, day),
  CONSTRAINT unavailable_days_source_known CHECK (source IN ('manual', 'public_holiday', 'import'))
);
COMMENT ON TABLE unavailable_days IS 'Whole local days on which a calendar offers nothing';

-- ------------------------------------------------------- outside calendars

CREATE TABLE calendar_connections (
  id                    uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
  calendar_id           uuid        NOT NULL,
  organisation_id       uuid        NOT NULL,
  provider              text        NOT NULL,
  direction             text        NOT NULL DEFAULT 'import',
  label                 text        NOT NULL,
  external_calendar_id  text,
  feed_url              text,
  export_token_hash     bytea,
  credentials_encrypted bytea,
  status                text        NOT NULL DEFAULT 'active',
  sync_cursor           text,
  sync_interval         interval    NOT NULL DEFAULT interval '15 minutes',
  next_sync_at          timestamptz NOT NULL DEFAULT now(),
  last_synced_at        timestamptz,
  consecutive_failures  bigint      NOT NULL DEFAULT 0,
  last_error            text,
  created_at            timestamptz NOT NULL DEFAULT now(),
  updated_at            timestamptz NOT NULL DEFAULT now(),
  FOREIGN KEY (calendar_id, organisation_id)
    REFERENCES service_calendars (id, organisation_id) ON DELETE CASCADE,
  CONSTRAINT calendar_connections_provider_known CHECK (provider IN ('ical', 'google', 'outlook')),
  CONSTRAINT calendar_connections_direction_known CHECK (direction IN ('import', 'export', 'both')),
  CONSTRAINT calendar_connections_status_known CHECK (status IN ('active', 'paused', 'failing', 'revoked')),
  CONSTRAINT calendar_connections_ical CHECK (
    provider <> 'ical' OR (
      external_calendar_id IS NULL AND credentials_encrypted IS NULL
      AND (direction = 'export' OR feed_url IS NOT NULL)
      AND (direction = 'import' OR export_token_hash IS NOT NULL)
    )
  ),
  CONSTRAINT calendar_connections_api CHECK (
    provider = 'ical' OR (external_calendar_id IS NOT NULL AND feed_url IS NULL AND export_token_hash IS NULL)
  ),
  CONSTRAINT calendar_connections_credentials CHECK (
    provider = 'ical' OR status = 'revoked' OR credentials_encrypted IS NOT NULL
  ),
  CONSTRAINT calendar_connections_feed_url CHECK (feed_url ~ '^(https?|webcal)://'),
  CONSTRAINT calendar_connections_export_token_sha256 CHECK (octet_length(export_token_hash) = 32),
  CONSTRAINT calendar_connections_sync_interval CHECK (sync_interval >= interval '1 minute'),
  CONSTRAINT calendar_connections_failures_positive CHECK (consecutive_failures >= 0),
  CONSTRAINT calendar_connections_export_token_key UNIQUE (export_token_hash),
  CONSTRAINT calendar_connections_id_organisation_key UNIQUE (id, organisation_id)
);
COMMENT ON TABLE calendar_connections IS 'A calendar outside the platform that is kept in step: iCal feed, Google, Outlook';
COMMENT ON COLUMN calendar_connections.credentials_encrypted IS 'OAuth tokens, encrypted by the service';
COMMENT ON COLUMN calendar_connections.sync_cursor IS 'ETag, syncToken or deltaLink of the last sync';

CREATE UNIQUE INDEX calendar_connections_external_key
  ON calendar_connections (calendar_id, provider, coalesce(external_calendar_id, feed_url));
CREATE INDEX calendar_connections_due_idx ON calendar_connections (next_sync_at)
  WHERE status IN ('active', 'failing');

CREATE TABLE calendar_exceptions (
  id                uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
  calendar_id       uuid        NOT NULL REFERENCES service_calendars (id) ON DELETE CASCADE,
  connection_id     uuid        REFERENCES calendar_connections (id) ON DELETE CASCADE,
  external_event_id text,
  kind              text        NOT NULL,
  during            tstzrange   NOT NULL,
  capacity          bigint,
  title             text,
  created_by        uuid,
  created_at        timestamptz NOT NULL DEFAULT now(),
  updated_at        timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT calendar_exceptions_kind_known CHECK (kind IN ('closed', 'opened', 'capacity')),
  CONSTRAINT calendar_exceptions_range CHECK (
    NOT isempty(during) AND NOT lower_inf(during) AND NOT upper_inf(during)
    AND lower_inc(during) AND NOT upper_inc(during)
  ),
  CONSTRAINT calendar_exceptions_capacity CHECK (capacity >= 0),
  CONSTRAINT calendar_exceptions_capacity_needed CHECK (
    CASE kind WHEN 'capacity' THEN capacity IS NOT NULL WHEN 'closed' THEN capacity IS NULL ELSE true END
  ),
  CONSTRAINT calendar_exceptions_import_together CHECK (num_nonnulls(connection_id, external_event_id) IN (0, 2)),
  CONSTRAINT calendar_exceptions_external_key UNIQUE (connection_id, external_event_id),
  CONSTRAINT calendar_exceptions_manual_no_overlap EXCLUDE USING gist (calendar_id WITH =, during WITH &&)
    WHERE (connection_id IS NULL)
);
COMMENT ON TABLE calendar_exceptions IS 'One-off departures from the pattern, made by hand or imported; imported ones may overlap';

CREATE INDEX calendar_exceptions_during_idx ON calendar_exceptions USING gist (calendar_id, during);

-- --------------------------------------------------------- slots, bookings

CREATE TABLE slots (
  id           uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
  calendar_id  uuid        NOT NULL REFERENCES service_calendars (id) ON DELETE RESTRICT,
  pattern_id   uuid        REFERENCES slot_patterns (id) ON DELETE SET NULL,
  during       tstzrange   NOT NULL,
  capacity     bigint      NOT NULL,
  is_exclusive boolean     NOT NULL DEFAULT false,
  status       text        NOT NULL DEFAULT 'open',
  created_at   timestamptz NOT NULL DEFAULT now(),
  updated_at   timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT slots_range CHECK (
    NOT isempty(during) AND NOT lower_inf(during) AND NOT upper_inf(during)
    AND lower_inc(during) AND NOT upper_inc(during)
  ),
  CONSTRAINT slots_capacity CHECK (capacity >= 0),
  CONSTRAINT slots_status_known CHECK (status IN ('open', 'closed', 'cancelled')),
  CONSTRAINT slots_exclusive_no_overlap EXCLUDE USING gist (calendar_id WITH =, during WITH &&)
    WHERE (is_exclusive AND status <> 'cancelled')
);
COMMENT ON TABLE slots IS 'A concrete occasion that can be booked; a calendar with slots is archived, not deleted';
COMMENT ON COLUMN slots.is_exclusive IS 'The calendar''s exclusive_slots at the time the slot was made';

CREATE UNIQUE INDEX slots_pattern_start_key ON slots (pattern_id, lower(during)) WHERE pattern_id IS NOT NULL;
CREATE INDEX slots_calendar_during_idx ON slots USING gist (calendar_id, during);

CREATE TABLE slot_bookings (
  id              uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
  slot_id         uuid        NOT NULL REFERENCES slots (id) ON DELETE RESTRICT,
  booking_id      uuid        NOT NULL,
  party_size      bigint      NOT NULL,
  status          text        NOT NULL DEFAULT 'held',
  hold_expires_at timestamptz,
  cancelled_at    timestamptz,
  created_at      timestamptz NOT NULL DEFAULT now(),
  updated_at      timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT slot_bookings_party_positive CHECK (party_size > 0),
  CONSTRAINT slot_bookings_status_known CHECK (status IN ('held', 'confirmed', 'cancelled', 'expired')),
  CONSTRAINT slot_bookings_hold_expiry CHECK (status <> 'held' OR hold_expires_at IS NOT NULL),
  CONSTRAINT slot_bookings_cancelled_together CHECK ((status = 'cancelled') = (cancelled_at IS NOT NULL))
);
COMMENT ON TABLE slot_bookings IS 'Places taken in a slot; price and traveller live in the booking service';
COMMENT ON COLUMN slot_bookings.hold_expires_at IS 'A held place counts until then; kept afterwards for the record';

CREATE UNIQUE INDEX slot_bookings_live_key ON slot_bookings (booking_id, slot_id)
  WHERE status IN ('held', 'confirmed');
CREATE INDEX slot_bookings_slot_idx ON slot_bookings (slot_id);
CREATE INDEX slot_bookings_hold_expiry_idx ON slot_bookings (hold_expires_at) WHERE status = 'held';

-- The row lock on the slot makes concurrent bookings of one slot take turns;
-- it is exact under READ COMMITTED, the level the services use.
CREATE FUNCTION enforce_slot_capacity() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, public
AS $$
DECLARE
  slot  slots%ROWTYPE;
  taken bigint;
BEGIN
  IF NEW.status NOT IN ('held', 'confirmed') THEN
    RETURN NEW;
  END IF;

  SELECT * INTO slot FROM slots WHERE id = NEW.slot_id FOR UPDATE;
  IF NOT FOUND THEN
    RETURN NEW; -- the foreign key reports it
  END IF;
  IF TG_OP = 'INSERT' AND slot.status <> 'open' THEN
    RAISE EXCEPTION 'slot % is %', slot.id, slot.status
      USING ERRCODE = 'check_violation', CONSTRAINT = 'slot_bookings_slot_open', TABLE = TG_TABLE_NAME;
  END IF;

  SELECT coalesce(sum(party_size), 0) INTO taken
  FROM slot_bookings
  WHERE slot_id = NEW.slot_id
    AND id <> NEW.id
    AND (status = 'confirmed' OR (status = 'held' AND hold_expires_at > now()));
  IF taken + NEW.party_size > slot.capacity THEN
    RAISE EXCEPTION 'slot % has % of % places left, % wanted',
      slot.id, greatest(slot.capacity - taken, 0), slot.capacity, NEW.party_size
      USING ERRCODE = 'check_violation', CONSTRAINT = 'slot_bookings_capacity', TABLE = TG_TABLE_NAME;
  END IF;
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION enforce_slot_capacity() IS 'Row trigger: a slot never takes more people than its capacity';

CREATE TRIGGER slot_bookings_capacity
  BEFORE INSERT OR UPDATE OF slot_id, party_size, status ON slot_bookings
  FOR EACH ROW EXECUTE FUNCTION enforce_slot_capacity();

-- ---------------------------------------------------------------- triggers

CREATE TRIGGER service_calendars_set_updated_at BEFORE UPDATE ON service_calendars
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION set_updated_at();
CREATE TRIGGER calendar_templates_set_updated_at BEFORE UPDATE ON calendar_templates
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION set_updated_at();
CREATE TRIGGER calendar_periods_set_updated_at BEFORE UPDATE ON calendar_periods
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION set_updated_at();
CREATE TRIGGER slot_patterns_set_updated_at BEFORE UPDATE ON slot_patterns
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION set_updated_at();
CREATE TRIGGER availability_rules_set_updated_at BEFORE UPDATE ON availability_rules
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION set_updated_at();
CREATE TRIGGER calendar_connections_set_updated_at BEFORE UPDATE ON calendar_connections
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION set_updated_at();
CREATE TRIGGER calendar_exceptions_set_updated_at BEFORE UPDATE ON calendar_exceptions
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION set_updated_at();
CREATE TRIGGER slots_set_updated_at BEFORE UPDATE ON slots
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION set_updated_at();
CREATE TRIGGER slot_bookings_set_updated_at BEFORE UPDATE ON slot_bookings
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION set_updated_at();

-- migrate:down
DROP TABLE slot_bookings;
DROP FUNCTION enforce_slot_capacity();
DROP TABLE slots;
DROP TABLE calendar_exceptions;
DROP TABLE calendar_connections;
DROP TABLE unavailable_days;
DROP TABLE availability_rules;
DROP TABLE slot_patterns;
DROP TABLE calendar_periods;
DROP TABLE calendar_templates;
DROP TABLE service_calendars;
DROP FUNCTION set_updated_at();
DROP EXTENSION IF EXISTS btree_gist;

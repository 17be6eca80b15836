-- Who changed what in a calendar, for the partner's activity feed and for support.
-- No foreign keys: the log outlives what it describes. Its rows never change.

-- migrate:up
CREATE TABLE activity_log (
  id              bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  occurred_at     timestamptz NOT NULL DEFAULT now(),
  organisation_id uuid        NOT NULL,
  calendar_id     uuid,
  actor_kind      text        NOT NULL,
  actor_id        uuid,
  action          text        NOT NULL,
  entity_kind     text        NOT NULL,
  entity_id       uuid        NOT NULL,
  details         jsonb       NOT NULL DEFAULT '{}',
  request_id      uuid,
  CONSTRAINT activity_log_actor_kind_known CHECK (actor_kind IN ('user', 'api_key', 'connection', 'system')),
  CONSTRAINT activity_log_actor_named CHECK ((actor_kind = 'system') = (actor_id IS NULL)),
  CONSTRAINT activity_log_action_shape CHECK (action ~ '^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$'),
  CONSTRAINT activity_log_entity_kind_known CHECK (
    entity_kind IN ('calendar', 'template', 'period', 'rule', 'unavailable_day', 'connection', 'exception', 'slot', 'slot_booking')
  ),
  CONSTRAINT activity_log_details_object CHECK (jsonb_typeof(details) = 'object')
);
COMMENT ON TABLE activity_log IS 'Append-only record of changes to calendars';
COMMENT ON COLUMN activity_log.calendar_id IS 'Null for changes to templates, which belong to no single calendar';
COMMENT ON COLUMN activity_log.action IS 'Entity and past participle, for example exception.created';
COMMENT ON COLUMN activity_log.details IS 'Old and new values of the fields that changed';

CREATE INDEX activity_log_organisation_idx ON activity_log (organisation_id, occurred_at DESC);
CREATE INDEX activity_log_calendar_idx ON activity_log (calendar_id, occurred_at DESC) WHERE calendar_id IS NOT NULL;
CREATE INDEX activity_log_entity_idx ON activity_log (entity_id, occurred_at DESC);
CREATE INDEX activity_log_occurred_at_brin ON activity_log USING brin (occurred_at);

CREATE FUNCTION refuse_activity_log_update() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, public
AS $$
BEGIN
  RAISE EXCEPTION 'activity_log is append-only'
    USING ERRCODE = 'restrict_violation', TABLE = TG_TABLE_NAME;
END
$$;
COMMENT ON FUNCTION refuse_activity_log_update() IS 'Statement trigger: rows may be added, and deleted by retention, never changed';

CREATE TRIGGER activity_log_append_only BEFORE UPDATE ON activity_log
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_activity_log_update();

-- migrate:down
DROP TABLE activity_log;
DROP FUNCTION refuse_activity_log_update();

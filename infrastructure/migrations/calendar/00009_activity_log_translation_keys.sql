-- The activity feed is shown in the reader's language: each entry gets a translation key and its parameters.
-- Older entries take their key from their action, by a table filled from the actions in use. The log itself
-- is not rewritten: updating it in the transaction that alters it would lock it for as long as that takes.

-- migrate:up
CREATE TABLE activity_translation_keys (
  action          text        PRIMARY KEY,
  translation_key text        NOT NULL,
  created_at      timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT activity_translation_keys_action_shape CHECK (action ~ '^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$'),
  CONSTRAINT activity_translation_keys_key_shape CHECK (translation_key ~ '^[a-z][a-z0-9_]*(\.[a-z0-9_]+)+$')
);
COMMENT ON TABLE activity_translation_keys IS 'The translation key of each action, unless an entry brings its own';

INSERT INTO activity_translation_keys (action, translation_key) VALUES
  ('calendar.created',        'activity.calendar.created'),
  ('calendar.updated',        'activity.calendar.updated'),
  ('calendar.archived',       'activity.calendar.archived'),
  ('template.created',        'activity.template.created'),
  ('template.updated',        'activity.template.updated'),
  ('template.applied',        'activity.template.applied'),
  ('period.created',          'activity.period.created'),
  ('period.updated',          'activity.period.updated'),
  ('period.deleted',          'activity.period.deleted'),
  ('rule.created',            'activity.rule.created'),
  ('rule.updated',            'activity.rule.updated'),
  ('rule.deleted',            'activity.rule.deleted'),
  ('unavailable_day.added',   'activity.unavailable_day.added'),
  ('unavailable_day.removed', 'activity.unavailable_day.removed'),
  ('connection.created',      'activity.connection.created'),
  ('connection.synced',       'activity.connection.synced'),
  ('connection.failed',       'activity.connection.failed'),
  ('connection.revoked',      'activity.connection.revoked'),
  ('exception.created',       'activity.exception.created'),
  ('exception.updated',       'activity.exception.updated'),
  ('exception.deleted',       'activity.exception.deleted'),
  ('slot.closed',             'activity.slot.closed'),
  ('slot.reopened',           'activity.slot.reopened'),
  ('slot.cancelled',          'activity.slot.cancelled'),
  ('slot_booking.held',       'activity.slot_booking.held'),
  ('slot_booking.confirmed',  'activity.slot_booking.confirmed'),
  ('slot_booking.cancelled',  'activity.slot_booking.cancelled'),
  ('slot_booking.expired',    'activity.slot_booking.expired');

-- Before the ALTER, while the log is only read.
INSERT INTO activity_translation_keys (action, translation_key)
SELECT DISTINCT action, 'activity.' || action
FROM activity_log
ON CONFLICT (action) DO NOTHING;

ALTER TABLE activity_log
  ADD COLUMN translation_key text,
  ADD COLUMN translation_params jsonb NOT NULL DEFAULT '{}';
COMMENT ON COLUMN activity_log.translation_key IS 'Null: the key of the action';
COMMENT ON COLUMN activity_log.translation_params IS 'Values for the placeholders of the translated text';

-- NOT VALID spares the scan; nothing is left to validate, because all older rows hold NULL and {}.
ALTER TABLE activity_log
  ADD CONSTRAINT activity_log_translation_key_shape
  CHECK (translation_key ~ '^[a-z][a-z0-9_]*(\.[a-z0-9_]+)+$') NOT VALID;
ALTER TABLE activity_log
  ADD CONSTRAINT activity_log_translation_params_object
  CHECK (jsonb_typeof(translation_params) = 'object') NOT VALID;

CREATE VIEW activity_feed AS
SELECT
  l.id,
  l.occurred_at,
  l.organisation_id,
  l.calendar_id,
  l.actor_kind,
  l.actor_id,
  l.action,
  l.entity_kind,
  l.entity_id,
  coalesce(l.translation_key, k.translation_key, 'activity.' || l.action) AS translation_key,
  l.translation_params
FROM activity_log AS l
LEFT JOIN activity_translation_keys AS k ON k.action = l.action;
COMMENT ON VIEW activity_feed IS 'The log as it is shown: every entry with a translation key';

-- migrate:down
DROP VIEW activity_feed;
ALTER TABLE activity_log
  DROP COLUMN translation_params,
  DROP COLUMN translation_key;
DROP TABLE activity_translation_keys;

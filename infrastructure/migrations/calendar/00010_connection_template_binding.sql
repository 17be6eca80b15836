-- A connection can be bound to templates: an event imported through it then closes only the slots
-- of those templates, not the whole calendar. A connection without bindings works as before.

-- migrate:up
CREATE TABLE connection_template_bindings (
  connection_id   uuid        NOT NULL,
  template_id     uuid        NOT NULL,
  organisation_id uuid        NOT NULL,
  title_contains  text,
  is_enabled      boolean     NOT NULL DEFAULT true,
  created_by      uuid,
  created_at      timestamptz NOT NULL DEFAULT now(),
  updated_at      timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (connection_id, template_id),
  FOREIGN KEY (connection_id, organisation_id)
    REFERENCES calendar_connections (id, organisation_id) ON DELETE CASCADE,
  FOREIGN KEY (template_id, organisation_id)
    REFERENCES calendar_templates (id, organisation_id) ON DELETE CASCADE,
  CONSTRAINT connection_template_bindings_title_present CHECK (btrim(title_contains) <> '')
);
COMMENT ON TABLE connection_template_bindings IS 'Which templates a connection''s events act on; both sides belong to one organisation';
COMMENT ON COLUMN connection_template_bindings.title_contains IS 'Only events whose title contains this; null: all of them';

CREATE INDEX connection_template_bindings_template_idx ON connection_template_bindings (template_id);

CREATE TRIGGER connection_template_bindings_set_updated_at BEFORE UPDATE ON connection_template_bindings
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION set_updated_at();

-- migrate:down
DROP TABLE connection_template_bindings;

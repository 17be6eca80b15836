-- Imported events keep the colour they have in the outside calendar, and exported exceptions carry one.
-- Spelt "color" as in the providers' APIs.

-- migrate:up
ALTER TABLE calendar_exceptions ADD COLUMN sync_color text;
COMMENT ON COLUMN calendar_exceptions.sync_color IS 'Colour in the outside calendar, #rrggbb; null: the provider''s default';

-- NOT VALID spares the scan; nothing is left to validate, because all older rows hold NULL.
ALTER TABLE calendar_exceptions
  ADD CONSTRAINT calendar_exceptions_sync_color_hex CHECK (sync_color ~ '^#[0-9a-f]{6}$') NOT VALID;

-- migrate:down
ALTER TABLE calendar_exceptions DROP COLUMN sync_color;

import { onAlterTable, onUsedTable } from '../../on-alter-table.ts'
import { checksNotNull, hasProof } from '../../proof.ts'
import type { Rule } from '../../rule.ts'

const setNotNull: Rule = {
  id: 'adding-not-nullable-field',
  level: 'warning',
  why: 'SET NOT NULL reads every row under an ACCESS EXCLUSIVE lock, so nobody can read or write the table meanwhile, unless a validated CHECK already proves it.',
  fix: 'File 1: ADD CONSTRAINT … CHECK (column IS NOT NULL) NOT VALID. File 2: VALIDATE CONSTRAINT. File 3: SET NOT NULL, then in a second statement DROP CONSTRAINT; that takes a moment.',
  bad: `-- migrate:up
ALTER TABLE orders ALTER COLUMN note SET NOT NULL; -- ✗

-- migrate:down
ALTER TABLE orders ALTER COLUMN note DROP NOT NULL;
`,
  good: `-- migrate:up
ALTER TABLE orders ALTER COLUMN note SET NOT NULL;
ALTER TABLE orders DROP CONSTRAINT orders_note_present;

-- migrate:down
ALTER TABLE orders ALTER COLUMN note DROP NOT NULL;
`,
  find: onAlterTable(['AT_SetNotNull'], (altered) =>
    hasProof(altered, checksNotNull(altered.command.name))
      ? undefined
      : `${altered.table}.${altered.command.name}: SET NOT NULL reads the whole table under an exclusive lock unless a validated CHECK proves it`,
  ),
}

const dropNotNull: Rule = {
  id: 'ban-drop-not-null',
  level: 'warning',
  why: 'Programs that were built for a value get NULLs as soon as the first one is written, and the way back needs every row filled again.',
  fix: 'Release the programs that expect NULL first, then say so with `-- po-migrate:ignore`; or keep NOT NULL with a default.',
  bad: `-- migrate:up
ALTER TABLE orders ALTER COLUMN note DROP NOT NULL; -- ✗

-- migrate:down
ALTER TABLE orders ALTER COLUMN note SET NOT NULL;
`,
  good: `-- migrate:up
ALTER TABLE orders ALTER COLUMN note SET DEFAULT '';

-- migrate:down
ALTER TABLE orders ALTER COLUMN note DROP DEFAULT;
`,
  find: onUsedTable(
    ['AT_DropNotNull'],
    ({ command, table }) => `${table}.${command.name}: programs that read it may not expect NULL`,
  ),
}

export const notNullRules: readonly Rule[] = [setNotNull, dropNotNull]

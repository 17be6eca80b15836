import type { RuleText } from '../rule.ts'

/** What `parseMigration` finds: faults of a file's frame, on which dbmate stops, or runs and loses. */
export const structuralRules: readonly RuleText[] = [
  {
    id: 'byte-order-mark',
    level: 'error',
    ignorable: false,
    why: 'dbmate looks for "-- migrate:up" at the start of a line and finds the mark instead: the file "has no up section", after earlier files were applied.',
    fix: 'Save the file as UTF-8 without a byte order mark.',
    bad: `\uFEFF-- migrate:up ✗
CREATE TABLE guides (id bigint PRIMARY KEY);

-- migrate:down
DROP TABLE guides;
`,
    good: `-- migrate:up
CREATE TABLE guides (id bigint PRIMARY KEY);

-- migrate:down
DROP TABLE guides;
`,
  },
  {
    id: 'missing-marker',
    level: 'error',
    ignorable: false,
    why: 'dbmate needs both markers, in column 0 and in lower case, and reads a file only when its turn comes: the run stops here, after earlier files were applied.',
    fix: 'Write "-- migrate:up" and "-- migrate:down"; the down section may be empty.',
    bad: `-- Migrate:Up ✗
CREATE TABLE guides (id bigint PRIMARY KEY);

-- Migrate:Down
DROP TABLE guides;
`,
    good: `-- migrate:up
CREATE TABLE guides (id bigint PRIMARY KEY);

-- migrate:down
`,
  },
  {
    id: 'several-sections',
    level: 'error',
    ignorable: false,
    why: 'dbmate records the version once for each up section: the second fails on the primary key, and when tried again the file counts as applied, although part of it never ran.',
    fix: 'One up and one down section a file, in this order; the rest goes into the next file.',
    bad: `-- migrate:up
CREATE TABLE guides (id bigint PRIMARY KEY);

-- migrate:down
DROP TABLE guides;

-- migrate:up ✗
CREATE TABLE seasons (name text PRIMARY KEY);

-- migrate:down
DROP TABLE seasons;
`,
    good: `-- migrate:up
CREATE TABLE guides (id bigint PRIMARY KEY);
CREATE TABLE seasons (name text PRIMARY KEY);

-- migrate:down
DROP TABLE seasons;
DROP TABLE guides;
`,
  },
  {
    id: 'statement-before-up',
    level: 'error',
    ignorable: false,
    why: 'Only comments may stand above the up marker; dbmate stops at the file, after earlier files were applied.',
    fix: 'Move the statement below "-- migrate:up".',
    bad: `SET LOCAL statement_timeout = '1min'; -- ✗
-- migrate:up
CREATE TABLE guides (id bigint PRIMARY KEY);

-- migrate:down
DROP TABLE guides;
`,
    good: `-- Guides lead tours.
-- migrate:up
SET LOCAL statement_timeout = '1min';
CREATE TABLE guides (id bigint PRIMARY KEY);

-- migrate:down
DROP TABLE guides;
`,
  },
  {
    id: 'transaction-option',
    level: 'error',
    ignorable: false,
    why: 'dbmate reads exactly "transaction:false" and ignores everything else without a word: with a space after the colon the section runs in a transaction after all.',
    fix: 'Write "-- migrate:up transaction:false".',
    bad: `-- migrate:up transaction: false ✗
CREATE INDEX CONCURRENTLY slots_start_idx ON slots (starts_at);

-- migrate:down
DROP INDEX slots_start_idx;
`,
    good: `-- migrate:up transaction:false
CREATE INDEX CONCURRENTLY slots_start_idx ON slots (starts_at);

-- migrate:down
DROP INDEX slots_start_idx;
`,
  },
]

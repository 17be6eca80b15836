import type { RuleText } from '../rule.ts'

/** What the names in the store say, and bytes that are no text; the examples are directories. */
export const storeRules: readonly RuleText[] = [
  {
    id: 'duplicate-version',
    level: 'error',
    ignorable: false,
    why: 'dbmate knows a file by its version alone: of two files it applies the first, fails on the second, and when tried again reports both as applied. The second never runs.',
    fix: 'Give the newer file the next free version.',
    bad: `00001_guides.sql
00001_seasons.sql ✗
`,
    good: `00001_guides.sql
00002_seasons.sql
`,
  },
  {
    id: 'version-width',
    level: 'error',
    ignorable: false,
    why: 'dbmate compares versions as text: 10 comes before 9. On a database that has neither, the newer file runs first; where 9 is applied, 10 is out of order.',
    fix: 'Give every version the same number of digits. Timestamps may follow numbers, but numbers cannot follow timestamps: once one is applied, every shorter version is out of order.',
    bad: `10_seasons.sql ✗
9_guides.sql
`,
    good: `00009_guides.sql
00010_seasons.sql
20260101120000_slots.sql
`,
  },
  {
    id: 'skipped-name',
    level: 'error',
    ignorable: false,
    why: 'dbmate takes only names that begin with digits and end in ".sql", and skips every other without a word.',
    fix: 'Rename the file, or move what is no migration out of the store.',
    bad: `00001_guides.sql
v00002_seasons.sql ✗
00003_slots.SQL ✗
`,
    good: `00001_guides.sql
00002_seasons.sql
00003_slots.sql
README.md
`,
  },
  {
    id: 'not-utf8',
    level: 'error',
    ignorable: false,
    why: 'Bytes that are not UTF-8 are changed on their way to the server, or refused by it.',
    fix: 'Save the file as UTF-8, without a byte order mark.',
    bad: `00001_guides.sql ✗ (Windows-1252)
`,
    good: `00001_guides.sql (UTF-8)
`,
  },
  {
    id: 'nul-byte',
    level: 'error',
    ignorable: false,
    why: 'For Postgres, and for every parser, the text ends at a NUL byte: what stands behind it would neither be checked nor run.',
    fix: "Remove the byte; a binary value is written as hex: '\\x00'::bytea.",
    bad: `00001_guides.sql ✗ (a byte 0 in line 2)
`,
    good: `00001_guides.sql (text)
`,
  },
  {
    id: 'too-large',
    level: 'error',
    ignorable: false,
    why: 'dbmate reads a file whole, several times over, in a container of 512 MB, and Postgres parses it in one piece: a file of more than 64 MB ends one of them in the middle of a run.',
    fix: 'Split it into several files; or load the rows by COPY, outside the migrations.',
    bad: `00001_guides.sql
00002_places.sql ✗ (130 MB)
`,
    good: `00001_guides.sql
00002_places.sql (40 MB)
00003_more_places.sql (40 MB)
`,
  },
  {
    id: 'unreadable-file',
    level: 'error',
    ignorable: false,
    why: 'A directory, a pipe, a link to nowhere or a file without permission bears the name of a migration: dbmate skips it without a word, stops there, or waits without end.',
    fix: 'Put the file there, or rename what is no migration.',
    bad: `00001_guides.sql
00002_seasons.sql/ ✗ (a directory)
`,
    good: `00001_guides.sql
00002_seasons.sql
`,
  },
  {
    id: 'stray-migration',
    level: 'warning',
    why: 'A migration outside the store is never applied by po-migrate, and two places to look in are one too many.',
    fix: 'Move it into the store, delete it, or narrow lint: { stray: … } in the config.',
    bad: `infrastructure/migrations/calendar/00001_guides.sql
services/calendar/migrations/00002_seasons.sql ✗
`,
    good: `infrastructure/migrations/calendar/00001_guides.sql
infrastructure/migrations/calendar/00002_seasons.sql
`,
  },
]

import { inSections, type Rule } from '../../rule.ts'
import { findLeaks } from '../../session-settings.ts'

export const leakedSearchPath: Rule = {
  id: 'leaked-search-path',
  level: 'error',
  ignorable: false,
  why: 'A session-level search_path outlives its file: dbmate runs several files over one connection, so the next one fails with "no schema has been selected" or makes its tables elsewhere, and passes when tried again. pg_dump writes such a line into every dump.',
  fix: 'Write SET LOCAL search_path, or set_config(…, true); or qualify the names and remove the line.',
  bad: `-- migrate:up
SELECT pg_catalog.set_config('search_path', '', false); -- ✗
CREATE TABLE public.guides (id bigint PRIMARY KEY);

-- migrate:down
DROP TABLE public.guides;
`,
  good: `-- migrate:up
SELECT pg_catalog.set_config('search_path', '', true);
CREATE TABLE public.guides (id bigint PRIMARY KEY);

-- migrate:down
DROP TABLE public.guides;
`,
  find: inSections((section) =>
    findLeaks(section, ['search_path'], (name) => `${name} stays changed for every file after this one`),
  ),
}

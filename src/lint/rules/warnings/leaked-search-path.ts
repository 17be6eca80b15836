import { inSections, type Rule } from '../../rule.ts'
import { findLeaks } from '../../session-settings.ts'

export const leakedSearchPath: Rule = {
  id: 'leaked-search-path',
  level: 'warning',
  why: 'Plain dbmate runs several files over one connection, and looks for its table of versions by the search_path: there the file itself fails, or the next one does, or makes its tables elsewhere. po-migrate names the table and gives each file a session, so here it runs. pg_dump writes such a line into every dump.',
  fix: 'Qualify the names and remove the line; or put it back: RESET search_path. SET LOCAL is not enough for plain dbmate, which records the version in the same transaction.',
  bad: `-- migrate:up
SELECT pg_catalog.set_config('search_path', '', false); -- ✗
CREATE TABLE public.guides (id bigint PRIMARY KEY);

-- migrate:down
DROP TABLE public.guides;
`,
  good: `-- migrate:up
SELECT pg_catalog.set_config('search_path', '', false);
CREATE TABLE public.guides (id bigint PRIMARY KEY);
RESET search_path;

-- migrate:down
DROP TABLE public.guides;
`,
  find: inSections((section) =>
    findLeaks(section, ['search_path'], (name) => `${name}: stays changed for the rest of the session`),
  ),
}

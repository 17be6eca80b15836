import { inSections, type Rule } from '../rule.ts'

/** The parser has limits of its own: the SQL may be sound, so whoever has looked at it may ignore this. */
export const unchecked: Rule = {
  id: 'unchecked',
  level: 'error',
  why: 'The parser gave up on this section for a reason of its own, such as an expression nested thousands deep or more text than its memory holds, so no rule has looked at it. What was not checked does not pass.',
  fix: 'Split the statement, or the file; or look at it yourself and say so with -- po-migrate:ignore unchecked REASON above the up marker.',
  bad: `-- migrate:up
-- one expression of 20000 terms: SELECT 1 + 1 + 1 + 1 + … ✗

-- migrate:down
`,
  good: `-- migrate:up
INSERT INTO seasons (name, months) VALUES ('summer', 3), ('winter', 4);

-- migrate:down
DELETE FROM seasons;
`,
  find: inSections(({ name, line, unread }) =>
    unread === undefined
      ? []
      : [{ line, column: 1, message: `the ${name} section could not be checked: ${unread}` }],
  ),
}

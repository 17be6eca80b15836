import { nearest } from '../../model/nearest.ts'
import type { Directive } from '../directives.ts'
import type { RuleText } from '../rule.ts'

export const unusedIgnore: RuleText = {
  id: 'unused-ignore',
  level: 'warning',
  why: 'A directive that takes nothing away hides the next real finding from whoever reads it, and one without a reason tells the reviewer nothing.',
  fix: 'Remove it, or correct it: "-- po-migrate:ignore RULE reason" in column 0, above the statement, or above the up marker for the whole file.',
  bad: `-- migrate:up
-- po-migrate:ignore cluster-wide the role is made elsewhere ✗
CREATE TABLE guides (id bigint PRIMARY KEY);

-- migrate:down
DROP TABLE guides;
`,
  good: `-- migrate:up
-- po-migrate:ignore cluster-wide one server for each environment here
CREATE ROLE calendar_reader NOLOGIN;

-- migrate:down
-- po-migrate:ignore cluster-wide one server for each environment here
DROP ROLE calendar_reader;
`,
}

export type Catalogue = ReadonlyMap<string, RuleText>

const form = '"-- po-migrate:ignore RULE reason"'

/** Why a directive counts for nothing, whatever the file says. */
export const findFlaw = (
  { rule, reason, malformed }: Directive,
  catalogue: Catalogue,
): string | undefined => {
  if (malformed) return `is read only as ${form}, in column 0`
  const known = catalogue.get(rule)
  if (!known) {
    const close = nearest(rule, [...catalogue.keys()])
    return rule === ''
      ? `names no rule: ${form}`
      : `there is no rule "${rule}"${close ? `; did you mean ${close}?` : ''}`
  }
  if (known.ignorable === false)
    return `${rule} cannot be ignored: dbmate would fail, lose or corrupt something`
  return reason === '' ? `ignores ${rule} without a reason: ${form}` : undefined
}

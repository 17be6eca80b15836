import { columnType, qualify, stringsOf } from '../../ast.ts'
import { isCreated } from '../../known.ts'
import { onAddedColumn } from '../../on-alter-table.ts'
import { type LintedFile, onStatement, type Rule } from '../../rule.ts'

const alterDomain: Rule = {
  id: 'ban-alter-domain-with-add-constraint',
  level: 'warning',
  why: 'A new constraint of a domain (or its NOT NULL) is checked against every column of that domain, in all tables one after the other; each table keeps a SHARE lock until the file is done, so its writes wait.',
  fix: 'ADD CONSTRAINT … NOT VALID holds for new values at once and reads nothing. Better, put the CHECK on the tables, where it can be validated without blocking writes.',
  bad: `-- migrate:up
ALTER DOMAIN email ADD CONSTRAINT email_has_at CHECK (VALUE LIKE '%@%'); -- ✗

-- migrate:down
ALTER DOMAIN email DROP CONSTRAINT email_has_at;
`,
  good: `-- migrate:up
ALTER DOMAIN email ADD CONSTRAINT email_has_at CHECK (VALUE LIKE '%@%') NOT VALID;

-- migrate:down
ALTER DOMAIN email DROP CONSTRAINT email_has_at;
`,
  find: onStatement('AlterDomainStmt', ({ body, ...at }) => {
    const name = qualify(stringsOf(body.typeName))
    const unchecked =
      body.def !== undefined && 'Constraint' in body.def && body.def.Constraint.skip_validation
    const adds = (body.subtype === 'C' && !unchecked) || body.subtype === 'O' || body.subtype === 'V'
    return adds && !isCreated(at, name, 'type')
      ? `${name}: every table with a column of this domain is read while its writes wait`
      : undefined
  }),
}

/** Domains with a constraint that the file makes itself; of others one file cannot tell what they are. */
const constrainedDomains = (file: LintedFile): string[] =>
  file.up.flatMap(({ node }) =>
    'CreateDomainStmt' in node &&
    (node.CreateDomainStmt.constraints ?? []).some(
      (each) =>
        'Constraint' in each && ['CONSTR_CHECK', 'CONSTR_NOTNULL'].includes(each.Constraint.contype ?? ''),
    )
      ? [qualify(stringsOf(node.CreateDomainStmt.domainname))]
      : [],
  )

const domainField: Rule = {
  id: 'adding-constrained-domain-field',
  level: 'warning',
  why: 'A new column whose type is a domain with a constraint makes Postgres 17 rewrite the table under an ACCESS EXCLUSIVE lock, even without a default: nobody can read or write it meanwhile.',
  fix: 'Add a column of the base type, and the CHECK on the table with NOT VALID; validate it in a later file.',
  bad: `-- migrate:up
CREATE DOMAIN percentage AS int CHECK (VALUE BETWEEN 0 AND 100);
ALTER TABLE orders ADD COLUMN discount percentage; -- ✗

-- migrate:down
ALTER TABLE orders DROP COLUMN discount;
DROP DOMAIN percentage;
`,
  good: `-- migrate:up
ALTER TABLE orders ADD COLUMN discount int;
ALTER TABLE orders ADD CONSTRAINT orders_discount CHECK (discount BETWEEN 0 AND 100) NOT VALID;

-- migrate:down
ALTER TABLE orders DROP COLUMN discount;
`,
  find: onAddedColumn(({ column, name, file }) => {
    const type = columnType(column.typeName).name
    return constrainedDomains(file).includes(type)
      ? `${name}: a column of the constrained domain ${type} rewrites the whole table`
      : undefined
  }),
}

export const domainRules: readonly Rule[] = [alterDomain, domainField]

import type { SchemaObject } from './objects.ts'

/** Their name is that of their table and their own. */
const ofTable = new Set([
  'CONSTRAINT',
  'CHECK CONSTRAINT',
  'FK CONSTRAINT',
  'TRIGGER',
  'RULE',
  'POLICY',
  'DEFAULT',
  'PUBLICATION TABLE',
])
/** Their name is a kind and a name. */
const about: Readonly<Record<string, string>> = {
  COMMENT: 'comment on',
  ACL: 'grants on',
  'SECURITY LABEL': 'security label on',
}
const words: Readonly<Record<string, string>> = {
  'FK CONSTRAINT': 'foreign key',
  'TABLE ATTACH': 'partition',
  'INDEX ATTACH': 'index partition',
  'SEQUENCE OWNED BY': 'owner of sequence',
  'ROW SECURITY': 'row security of',
}
const kindFirst =
  /^((?:ACCESS METHOD|EVENT TRIGGER|FOREIGN DATA WRAPPER|FOREIGN TABLE|LARGE OBJECT|MATERIALIZED VIEW|OPERATOR CLASS|OPERATOR FAMILY|(?:PROCEDURAL )?LANGUAGE|TEXT SEARCH \w+|[A-Z]+)) ([\s\S]*)$/

/** pg_dump says these twice. */
const repeated = /^(?:USER MAPPING|CAST) /

/** Of these a name beside the schema says nothing. */
const qualify = (schema: string | undefined, name: string): string =>
  schema === undefined ? name : `${schema}.${name}`

const nameInTable = (kind: string, { schema, name }: Pick<SchemaObject, 'schema' | 'name'>): string => {
  const at = name.indexOf(' ')
  const [table, own] = [name.slice(0, at), name.slice(at + 1)]
  if (kind === 'PUBLICATION TABLE') return `publication ${table} for ${qualify(schema, own)}`
  return kind === 'DEFAULT'
    ? `default of ${qualify(schema, table)}.${own}`
    : `${words[kind] ?? kind.toLowerCase()} ${own} on ${qualify(schema, table)}`
}

/** A comment, grants or a label, and what they are of. */
const nameAbout = (preposition: string, { schema, name }: Pick<SchemaObject, 'schema' | 'name'>): string => {
  const [, what = '', rest = name] = kindFirst.exec(name) ?? []
  const inSchema = what === 'SCHEMA' || what === 'EXTENSION' ? undefined : schema
  return `${preposition} ${what.toLowerCase()} ${qualify(inSchema, rest)}`
}

/** `constraint orders_total_check on sales.orders`, `grants on table sales.orders`: one object in the words of SQL. */
export const nameObject = ({ kind, schema, name, owner = '' }: SchemaObject): string => {
  const place = { ...(schema !== undefined && { schema }), name }
  if (ofTable.has(kind) && name.includes(' ')) return nameInTable(kind, place)
  const preposition = about[kind]
  if (preposition !== undefined) return nameAbout(preposition, place)
  if (kind === 'DEFAULT ACL') return `${name.toLowerCase()} by ${owner}${schema ? ` in ${schema}` : ''}`
  return `${words[kind] ?? kind.toLowerCase()} ${qualify(schema, name.replace(repeated, ''))}`
}

/** By what two schemas are laid side by side. */
export const keyOf = ({ kind, schema = '', name, owner = '' }: SchemaObject): string =>
  JSON.stringify([kind, schema, name, kind === 'DEFAULT ACL' ? owner : ''])

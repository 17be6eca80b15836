/** Grants as text, sorted, with the defaults spelt out: a dump leaves out what equals the default. */
export const acl = (column: string, kind: string, owner: string): string => `array(
  select item::text from pg_catalog.unnest(coalesce(${column}, pg_catalog.acldefault('${kind}', ${owner}))) as item order by item::text collate "C")`

/** What an extension owns comes with the extension. */
export const notOfExtension = (catalog: string, oid: string): string => `not exists (
  select from pg_catalog.pg_depend x
  where x.classid = 'pg_catalog.${catalog}'::pg_catalog.regclass and x.objid = ${oid} and x.deptype = 'e')`

/** Neither Postgres' own nor temporary. */
export const userSchema = (namespace: string): string =>
  `${namespace}.nspname !~ '^pg_' and ${namespace}.nspname <> 'information_schema'`

/** A role's name. */
export const role = (oid: string): string => `pg_catalog.pg_get_userbyid(${oid})`

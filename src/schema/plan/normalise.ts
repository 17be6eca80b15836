/** Of somebody else than the owner: three lines that belong together. */
const asGrantor = /^(SET SESSION AUTHORIZATION .*;)\n((?:.*\n)*?)RESET SESSION AUTHORIZATION;$/gm
/** `WITH (fillfactor='70', …)`, as they were set; `SET (n_distinct=5, …)` of a column. */
const storage = /\b(WITH|SET) \(((?:[\w.]+=(?:'(?:[^']|'')*'|[^,()']+)(?:, )?)+)\)/g
const item = /[\w.]+=(?:'(?:[^']|'')*'|[^,()']+)/g
const foreign = /OPTIONS \(\n((?: {4}.*(?:,\n|\n))+)\)/g
const functionSetting = /(?:^ {4}SET .*\n)+/gm
const bodyStart = /^ {4}(?:AS |BEGIN ATOMIC|RETURN )/m
const policyRoles = /(?<=^CREATE POLICY [\s\S]*? TO )[^();]+?(?= USING | WITH CHECK |;)/

/** Kinds of block with options of storage, or of a view. */
const stored = new Set(['TABLE', 'FOREIGN TABLE', 'VIEW', 'MATERIALIZED VIEW', 'INDEX', 'CONSTRAINT'])
const routines = new Set(['FUNCTION', 'PROCEDURE'])
const remote = new Set(['SERVER', 'FOREIGN TABLE', 'FOREIGN DATA WRAPPER', 'USER MAPPING'])

const sortGrants = (text: string): string =>
  text
    .replace(asGrantor, (_, first: string, lines: string) => lines.trimEnd().replace(/^/gm, `${first} `))
    .split('\n')
    .filter(Boolean)
    .sort()
    .join('\n')

const sortSettings = (text: string): string => {
  // A body may have such lines too: those of the function stand before it.
  const body = text.search(bodyStart)
  const head = body < 0 ? text : text.slice(0, body)
  const sorted = head.replace(
    functionSetting,
    (lines) => `${lines.trimEnd().split('\n').sort().join('\n')}\n`,
  )
  return sorted + text.slice(head.length)
}

const sortOptions = (text: string): string =>
  text.replace(foreign, (_, lines: string) => {
    const options = lines.trimEnd().split(',\n').sort()
    return `OPTIONS (\n${options.join(',\n')}\n)`
  })

/** One object's text in the order that all equal ones have: what Postgres keeps as it was set, and means no order by. */
export const normalise = (kind: string, text: string): string => {
  if (kind === 'ACL' || kind === 'DEFAULT ACL') return sortGrants(text)
  const withStorage = stored.has(kind)
    ? text.replace(
        storage,
        (_, word: string, items: string) => `${word} (${(items.match(item) ?? []).sort().join(', ')})`,
      )
    : text
  if (routines.has(kind)) return sortSettings(withStorage)
  if (kind === 'POLICY')
    return withStorage.replace(policyRoles, (roles) => roles.split(', ').sort().join(', '))
  return remote.has(kind) ? sortOptions(withStorage) : withStorage
}

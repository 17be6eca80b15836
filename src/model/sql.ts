/** Made by initdb on every server: where locks are held and the whole server is asked, unless `maintenance:` names another. */
export const defaultMaintenance = 'postgres'

/** An SQL identifier, always quoted. */
export const quoteIdentifier = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** An SQL string; `E''` where a backslash would otherwise depend on a setting. */
export const quoteLiteral = (text: string): string => {
  const quoted = `'${text.replaceAll("'", "''").replaceAll('\\', '\\\\')}'`
  return text.includes('\\') ? `E${quoted}` : quoted
}

/** Settings whose value is a list of identifiers (GUC_LIST_QUOTE; pg_dump's variable_is_guc_list_quote). */
const lists = new Set([
  'local_preload_libraries',
  'search_path',
  'session_preload_libraries',
  'shared_preload_libraries',
  'temp_tablespaces',
  'unix_socket_directories',
])
const listItem = /"((?:[^"]|"")*)"|([^\s,"]+)/g

const settingValue = (name: string, value: string): string => {
  if (!lists.has(name)) return quoteLiteral(value)
  const items = [...value.matchAll(listItem)].map(([, quoted, plain]) =>
    quoteLiteral(quoted?.replaceAll('""', '"') ?? plain ?? ''),
  )
  return items.length > 0 ? items.join(', ') : "''"
}

/** Of an entry `name=value`: a value may be a secret. */
export const nameOfSetting = (entry: string): string => entry.slice(0, entry.indexOf('='))

/** `SET name TO value` of one entry of pg_db_role_setting (`name=value`), to follow an ALTER. */
export const setSetting = (entry: string): string => {
  const at = entry.indexOf('=')
  const name = nameOfSetting(entry)
  const quoted = name.split('.').map(quoteIdentifier).join('.')
  return `set ${quoted} to ${settingValue(name, entry.slice(at + 1))}`
}

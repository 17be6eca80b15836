import { findNodes } from './ast.ts'
import type { Kind, Statement } from './parse.ts'
import { bodyOf, type Found, type LintedSection } from './rule.ts'

type Change = { name: string; leaks: boolean } | 'reset-all'

const sets = new Set(['VAR_SET_VALUE', 'VAR_SET_CURRENT', 'VAR_SET_MULTI'])

const changesBySet = (statement: Statement): Change[] => {
  const set = bodyOf(statement, 'VariableSetStmt')
  if (bodyOf(statement, 'DiscardStmt')?.target === 'DISCARD_ALL') return ['reset-all']
  if (!set || set.is_local) return []
  if (set.kind === 'VAR_RESET_ALL') return ['reset-all']
  return [{ name: (set.name ?? '').toLowerCase(), leaks: sets.has(set.kind ?? '') }]
}

/** Statements that call a function when they run; in others it stands in a body or an expression for later. */
const calling = new Set<Kind>([
  'SelectStmt',
  'InsertStmt',
  'UpdateStmt',
  'DeleteStmt',
  'MergeStmt',
  'CreateTableAsStmt',
])

/** `set_config('search_path', '', false)`, as pg_dump writes it: the third argument is "local". */
const changesByFunction = ({ kind, node }: Statement): Change[] =>
  (calling.has(kind) ? findNodes('FuncCall', node) : []).flatMap(({ funcname = [], args = [] }) => {
    const last = funcname.at(-1)
    const [name, , local] = args
    if (!last || !('String' in last) || last.String.sval !== 'set_config') return []
    if (!name || !('A_Const' in name)) return []
    const isLocal = local && 'A_Const' in local && local.A_Const.boolval?.boolval === true
    return isLocal ? [] : [{ name: (name.A_Const.sval?.sval ?? '').toLowerCase(), leaks: true }]
  })

/** Statements after which one of these settings stays changed for the rest of the session, the last of each setting. */
export const findLeaks = (
  { statements }: LintedSection,
  names: readonly string[],
  describe: (name: string) => string,
): Found[] => {
  const leaking = new Map<string, Statement>()
  for (const statement of statements)
    for (const change of [...changesBySet(statement), ...changesByFunction(statement)]) {
      if (change === 'reset-all') leaking.clear()
      else if (!change.leaks) leaking.delete(change.name)
      else if (names.includes(change.name)) leaking.set(change.name, statement)
    }
  return [...leaking].map(([name, { line, column }]) => ({ line, column, message: describe(name) }))
}

import type { Node, VariableSetStmt } from 'libpg-query'
import { blankComments } from '../model/blank.ts'
import { bodyTexts, findNodes, stringConstant } from './ast.ts'
import type { Kind, Statement } from './parse.ts'
import { bodyOf, type Found, type LintedSection } from './rule.ts'
import { splitPath } from './written-path.ts'

type Change = {
  /** `all`: whatever RESET ALL resets. `everything`: the role, too. */
  name: string | 'all' | 'everything'
  /** Whether it stays changed, for the section's own transaction or longer. */
  leaks: boolean
  isLocal: boolean
}

const usualPath = JSON.stringify(['$user', 'public'])

/** What a new session has: to set that is to put it back. Only values of an enumeration may be written in capitals. */
const usual: Readonly<Record<string, (values: readonly string[]) => boolean>> = {
  role: ([value]) => value === 'none',
  search_path: (values) => JSON.stringify(values) === usualPath,
  session_replication_role: ([value]) => value?.toLowerCase() === 'origin',
}
/** RESET ALL leaves these alone (GUC_NO_RESET_ALL). */
const outlivesReset = new Set(['role', 'session_authorization'])

const sets = new Set(['VAR_SET_VALUE', 'VAR_SET_CURRENT', 'VAR_SET_MULTI'])

const isUsual = (name: string, values: readonly string[]): boolean => usual[name]?.(values) ?? false

const leaksBySet = ({ kind, name = '', args = [] }: VariableSetStmt): boolean =>
  sets.has(kind ?? '') &&
  !isUsual(
    name.toLowerCase(),
    args.map((arg) => stringConstant(arg) ?? ''),
  )

const changesBySet = (statement: Statement): Change[] => {
  const set = bodyOf(statement, 'VariableSetStmt')
  const whole = { leaks: false, isLocal: false }
  if (bodyOf(statement, 'DiscardStmt')?.target === 'DISCARD_ALL') return [{ ...whole, name: 'everything' }]
  if (!set) return []
  if (set.kind === 'VAR_RESET_ALL') return [{ ...whole, name: 'all' }]
  return [{ name: (set.name ?? '').toLowerCase(), leaks: leaksBySet(set), isLocal: set.is_local === true }]
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

const isTrue = (node: Node | undefined): boolean =>
  node !== undefined && 'A_Const' in node && node.A_Const.boolval?.boolval === true

/** `set_config('search_path', '', false)`, as pg_dump writes it: the third argument is "local". */
const changesByFunction = ({ kind, node }: Statement): Change[] =>
  (calling.has(kind) ? findNodes('FuncCall', node) : []).flatMap(({ funcname = [], args = [] }) => {
    const last = funcname.at(-1)
    const [nameNode, value, local] = args
    if (!last || !('String' in last) || last.String.sval !== 'set_config') return []
    const name = stringConstant(nameNode)?.toLowerCase()
    if (name === undefined) return []
    const given = stringConstant(value) ?? ''
    const values = name === 'search_path' ? splitPath(given) : [given]
    return [{ name, leaks: !isUsual(name, values), isLocal: isTrue(local) }]
  })

const inBody =
  /(?:^|;|\b(?:begin|then|else|loop)\b|\bexecute\b\s*(?:format\s*\(\s*)?'+)\s*(?:(set)\s+(?:(local|session)\s+(?!authorization))?(role|session\s+authorization)\s+(?:to\s+|=\s*)?("?[^\s;"]*)|(reset)\s+(role|session\s+authorization))|\bset_config\s*\(\s*'+(role|session_authorization)'+\s*,\s*([^,]*),\s*(\w+)/giu
const ofTransaction = new Set(['local', 'true', 't'])
const blanks = /\s+/g
const quotes = /^'+|'+$/g

/** Roles that the text of a DO block takes, in strings for EXECUTE, too. A branch that is not taken counts: nobody can tell. */
const changesByBody = ({ kind, node }: Statement): Change[] => {
  if (kind !== 'DoStmt') return []
  return bodyTexts(node).flatMap((text) =>
    [...blankComments(text).matchAll(inBody)].map((found): Change => {
      const [, set, scope = '', setName, value = '', , resetName, byName, given = '', local = ''] = found
      const name = (setName ?? resetName ?? byName ?? '').toLowerCase().replaceAll(blanks, '_')
      const written = set ? value : given.trim().replaceAll(quotes, '')
      const isBack = resetName !== undefined || isUsual(name, [written.toLowerCase()])
      return {
        name,
        leaks: !isBack,
        isLocal: ofTransaction.has(`${scope}${local}`.toLowerCase()),
      }
    }),
  )
}

type Changed = Map<string, { isLocal: boolean; statement: Statement }>

/** What a change puts back. A local one puts back no session's change: that holds again after the transaction. */
const undoneBy = ({ name, isLocal }: Change, changed: Changed): string[] => {
  const keys = [...changed.keys()]
  if (name === 'everything') return keys
  if (name === 'all') return keys.filter((key) => !outlivesReset.has(key))
  const own = isLocal && changed.get(name)?.isLocal === false ? [] : [name]
  return name === 'session_authorization' ? [...own, 'role'] : own
}

/** Statements after which one of these settings stays changed, the last of each; `isLocal`: until the transaction ends. */
export const findChanged = (
  { statements }: LintedSection,
  names: readonly string[],
): { name: string; isLocal: boolean; statement: Statement }[] => {
  const changed: Changed = new Map()
  const found = statements.flatMap((statement) =>
    [...changesBySet(statement), ...changesByFunction(statement), ...changesByBody(statement)].map(
      (change) => ({ statement, change }),
    ),
  )
  for (const { statement, change } of found) {
    const { name, leaks, isLocal } = change
    for (const key of undoneBy(change, changed)) changed.delete(key)
    if (leaks && names.includes(name) && !changed.has(name)) changed.set(name, { isLocal, statement })
  }
  return [...changed].map(([name, last]) => ({ name, ...last }))
}

/** Those of them that outlive the transaction, and so the file. */
export const findLeaks = (
  section: LintedSection,
  names: readonly string[],
  describe: (name: string) => string,
): Found[] =>
  findChanged(section, names)
    .filter(({ isLocal }) => !isLocal)
    .map(({ name, statement: { line, column } }) => ({ line, column, message: describe(name) }))

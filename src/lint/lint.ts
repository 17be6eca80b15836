import type { MigrationFile, Problem, VersionsTable } from '../model/types.ts'
import { catalogue } from './catalogue.ts'
import { type Directive, parseDirectives } from './directives.ts'
import { withRows } from './known.ts'
import type { Parse } from './parse.ts'
import { parseFile } from './parse-file.ts'
import type { LintedFile, Rule } from './rule.ts'
import { findFlaw, unusedIgnore } from './rules/unused-ignore.ts'
import type { Known } from './things.ts'
import { turned, viewOf, type Which } from './view.ts'

const covers = ({ covers: lines }: Directive, { line = 0 }: Problem): boolean =>
  lines !== null && line >= lines.from && line <= lines.to

const about = (linted: LintedFile, { line }: Directive, message: string): Problem => {
  const { id: rule, level } = unusedIgnore
  return { rule, level, file: linted.migration.file, line, column: 1, message }
}

const findIn = (linted: LintedFile, rules: readonly Rule[]): Problem[] =>
  rules.flatMap(({ id, level, find }) =>
    find(linted).map((place): Problem => ({ rule: id, level, file: linted.migration.file, ...place })),
  )

/** What would be found in either direction on tables that others use and that have rows. */
const findAtWorst = ({ known: _, ...linted }: LintedFile, rules: readonly Rule[]): Problem[] => [
  ...findIn(linted, rules),
  ...findIn(turned(linted), rules),
]

/** A directive is unused when its rule looked and found nothing that it covers; behind a fault nothing was looked at. */
const isUnused = (directive: Directive, linted: LintedFile, found: readonly Problem[]): boolean =>
  linted.sections.every(({ fault, unread }) => !fault && unread === undefined) &&
  !found.some((problem) => problem.rule === directive.rule && covers(directive, problem))

/** Against what a file is held, too: tables with rows, or a database where the earlier files are applied. */
export type Elsewhere = 'with rows' | 'applied before'

export type JudgeOptions = { which: Which; elsewhere: Elsewhere; rules: readonly Rule[] }

type Judged = {
  /** What is wrong here. */
  problems: Problem[]
  /** Warnings that are none here, and would be elsewhere; errors of the section that is not judged. */
  silent: Problem[]
}

const byPlace = (a: Problem, b: Problem): number =>
  (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0)

const keyOf = ({ rule, line, column, message }: Problem): string =>
  JSON.stringify([rule, line, column, message])

const findSilent = (
  view: LintedFile,
  found: readonly Problem[],
  { elsewhere, rules }: JudgeOptions,
): Problem[] => {
  const { known = new Map(), ...unknown } = view
  const isSame = elsewhere === 'with rows' && ![...known.values()].some(({ empty }) => empty)
  if (isSame || known.size === 0) return []
  const worse = elsewhere === 'with rows' ? { ...view, known: withRows(known) } : unknown
  const loud = new Set(found.map(keyOf))
  return findIn(worse, rules).filter((problem) => problem.level === 'warning' && !loud.has(keyOf(problem)))
}

/** What would stop a rollback of what is applied here. */
const findLater = (linted: LintedFile, { which, rules }: JudgeOptions): Problem[] =>
  which === 'up' ? findIn(turned(linted), rules).filter(({ level }) => level === 'error') : []

/** What the rules find in a parsed file, and directives that ignore nothing. */
export const judge = (linted: LintedFile, options: JudgeOptions): Judged => {
  const { rules } = options
  const judged = parseDirectives(linted).map((directive) => ({
    directive,
    flaw: findFlaw(directive, catalogue),
  }))
  const sound = judged.flatMap(({ directive, flaw }) => (flaw === undefined ? [directive] : []))
  const kept = (found: readonly Problem[]): Problem[] =>
    found.filter(
      (problem) => !sound.some((directive) => directive.rule === problem.rule && covers(directive, problem)),
    )
  const view = viewOf(linted, options.which)
  const found = findIn(view, rules)
  const flawed = judged.flatMap(({ directive, flaw }) =>
    flaw === undefined ? [] : [about(linted, directive, flaw)],
  )
  const looked = new Set(rules.map(({ id }) => id))
  const checked = sound.filter(({ rule }) => looked.has(rule))
  const atWorst = checked.length > 0 ? [...found, ...findAtWorst(linted, rules)] : []
  const unused = checked
    .filter((directive) => isUnused(directive, linted, atWorst))
    .map((directive) => about(linted, directive, `ignores ${directive.rule}, which finds nothing here`))
  return {
    problems: [...kept(found), ...flawed, ...unused].sort(byPlace),
    silent: kept([...findSilent(view, found, options), ...findLater(linted, options)]).sort(byPlace),
  }
}

/**
 * Everything that is wrong with a file, in its order: what dbmate's own rules say, what the rules find in its SQL, and
 * directives that ignore nothing. A file whose sections cannot be told apart has only the first.
 */
export const lintMigration = (
  { problems, migration, versions, known }: MigrationFile & { versions?: VersionsTable; known?: Known },
  parse: Parse,
  rules: readonly Rule[],
): Problem[] => {
  if (!migration) return [...problems]
  const linted = { ...parseFile(migration, parse, versions), ...(known && { known }) }
  return [...problems, ...judge(linted, { which: 'both', elsewhere: 'applied before', rules }).problems]
}

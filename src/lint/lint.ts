import type { MigrationFile, Problem, VersionsTable } from '../model/types.ts'
import { catalogue } from './catalogue.ts'
import { type Directive, parseDirectives } from './directives.ts'
import type { Parse } from './parse.ts'
import { parseFile } from './parse-file.ts'
import type { LintedFile, Rule } from './rule.ts'
import { findFlaw, unusedIgnore } from './rules/unused-ignore.ts'

const covers = ({ covers: lines }: Directive, { line = 0 }: Problem): boolean =>
  lines !== null && line >= lines.from && line <= lines.to

const about = (linted: LintedFile, { line }: Directive, message: string): Problem => {
  const { id: rule, level } = unusedIgnore
  return { rule, level, file: linted.migration.file, line, column: 1, message }
}

/** A directive is unused when its rule looked and found nothing that it covers; behind a fault nothing was looked at. */
const isUnused = (directive: Directive, linted: LintedFile, found: readonly Problem[]): boolean =>
  linted.sections.every(({ fault, unread }) => !fault && unread === undefined) &&
  !found.some((problem) => problem.rule === directive.rule && covers(directive, problem))

const applyDirectives = (
  linted: LintedFile,
  found: readonly Problem[],
  rules: readonly Rule[],
): Problem[] => {
  const judged = parseDirectives(linted).map((directive) => ({
    directive,
    flaw: findFlaw(directive, catalogue),
  }))
  const sound = judged.flatMap(({ directive, flaw }) => (flaw === undefined ? [directive] : []))
  const looked = new Set(rules.map(({ id }) => id))
  const kept = found.filter(
    (problem) => !sound.some((directive) => directive.rule === problem.rule && covers(directive, problem)),
  )
  const flawed = judged.flatMap(({ directive, flaw }) =>
    flaw === undefined ? [] : [about(linted, directive, flaw)],
  )
  const unused = sound
    .filter(({ rule }) => looked.has(rule))
    .filter((directive) => isUnused(directive, linted, found))
    .map((directive) => about(linted, directive, `ignores ${directive.rule}, which finds nothing here`))
  return [...kept, ...flawed, ...unused]
}

const byPlace = (a: Problem, b: Problem): number =>
  (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0)

/**
 * Everything that is wrong with a file, in its order: what dbmate's own rules say, what the rules find in its SQL, and
 * directives that ignore nothing. A file whose sections cannot be told apart has only the first.
 */
export const lintMigration = (
  { problems, migration, versions }: MigrationFile & { versions?: VersionsTable },
  parse: Parse,
  rules: readonly Rule[],
): Problem[] => {
  if (!migration) return [...problems]
  const linted = parseFile(migration, parse, versions)
  const found = rules.flatMap(({ id, level, find }) =>
    find(linted).map((place): Problem => ({ rule: id, level, file: migration.file, ...place })),
  )
  return [...problems, ...applyDirectives(linted, found, rules).sort(byPlace)]
}

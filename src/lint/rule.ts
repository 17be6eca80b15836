import type { Direction, Migration, ProblemLevel, Section, VersionsTable } from '../model/types.ts'
import type { Body, Kind, ParsedSection, Place, Statement } from './parse.ts'
import type { Known } from './things.ts'

/** One half of a migration file, parsed. */
export type LintedSection = Section & ParsedSection & { name: Direction }

/** One migration file, parsed, as rules see it. */
export type LintedFile = {
  migration: Migration
  /** Where dbmate records it. */
  versions: VersionsTable
  /** What there is before it; absent: nobody has looked, and only what the file itself says is known. */
  known?: Known
  up: readonly Statement[]
  down: readonly Statement[]
  /** Both halves, for rules that hold for a rollback as well. */
  sections: readonly LintedSection[]
}

/** `level`: where it is not the rule's own. */
export type Found = Place & { message: string; level?: ProblemLevel }

/** What lint looks for, in words; the whole record is its documentation (`lint --explain ID`). */
export type RuleText = {
  /** kebab-case; stands in `-- po-migrate:ignore ID reason`. */
  id: string
  /** Errors stop a run (exit 2); warnings are the environment's policy (exit 4). */
  level: ProblemLevel
  /** False where dbmate would lose or corrupt something: no reason can be good enough. */
  ignorable?: false
  /** What happens on a live database, or to dbmate. */
  why: string
  /** What to write instead. */
  fix: string
  /** A whole migration file that it finds (or names in the store), and one that does the same safely. */
  bad: string
  good: string
}

/** One thing that lint looks for in a parsed file. */
export type Rule = RuleText & { find: (file: LintedFile) => Found[] }

export type Checked<K extends Kind> = { body: Body<K>; statement: Statement; index: number; file: LintedFile }

/** A rule's `find` for every statement of one kind in the up section; the check answers a message for each fault. */
export const onStatement =
  <K extends Kind>(kind: K, check: (checked: Checked<K>) => string | readonly string[] | undefined) =>
  (file: LintedFile): Found[] =>
    file.up.flatMap((statement, index) => {
      if (statement.kind !== kind) return []
      const body = (statement.node as unknown as Record<K, Body<K>>)[kind]
      const { line, column } = statement
      return [check({ body, statement, index, file }) ?? []]
        .flat()
        .map((message) => ({ message, line, column }))
    })

/** A rule's `find` for both sections. */
export const inSections =
  (check: (section: LintedSection, file: LintedFile) => readonly Found[]) =>
  (file: LintedFile): Found[] =>
    file.sections.flatMap((section) => check(section, file))

/** A rule's `find` for every statement of both sections, whatever its kind. */
export const onStatements = (
  check: (statement: Statement, section: LintedSection) => string | undefined,
): Rule['find'] =>
  inSections((section) =>
    section.statements.flatMap((statement) => {
      const message = check(statement, section)
      return message === undefined ? [] : [{ message, line: statement.line, column: statement.column }]
    }),
  )

/** A statement's body when it is of this kind. */
export const bodyOf = <K extends Kind>({ kind: actual, node }: Statement, kind: K): Body<K> | undefined =>
  actual === kind ? (node as unknown as Record<K, Body<K>>)[kind] : undefined

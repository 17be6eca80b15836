import type { Migration, ProblemLevel } from '../model/types.ts'
import type { Body, Kind, Place, Statement } from './parse.ts'

/** One migration file, parsed, as rules see it. */
export type LintedFile = {
  migration: Migration
  up: readonly Statement[]
  down: readonly Statement[]
}

export type Found = Place & { message: string }

/** One thing that lint looks for; the whole record is its documentation (`lint --explain ID`). */
export type Rule = {
  /** kebab-case; stands in `-- po-migrate:ignore ID reason`. */
  id: string
  /** Errors stop a run (exit 2); warnings are the environment's policy (exit 4). */
  level: ProblemLevel
  /** What happens on a live database, or to dbmate. */
  why: string
  /** What to write instead. */
  fix: string
  /** A whole migration file that it finds, and one that does the same safely. */
  bad: string
  good: string
  find: (file: LintedFile) => Found[]
}

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

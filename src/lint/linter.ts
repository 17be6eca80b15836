import type { FoundObjects, RelationName } from '../model/found-objects.ts'
import type { ManagedDatabase, Migration, MigrationFile, Problem } from '../model/types.ts'
import { expectVersions } from '../model/versions-table.ts'
import { knownAfter, knownOnceApplied } from './known.ts'
import type { Elsewhere } from './lint.ts'
import type { LintedFile } from './rule.ts'
import type { Known } from './things.ts'
import { turned, type Which } from './view.ts'

/** Files of one database that run one after the other. */
export type LintedRun = {
  managed: ManagedDatabase
  files: readonly MigrationFile[]
  /** What there is before the first of them; left out: nothing. */
  known?: Known
  which: Which
  elsewhere: Elsewhere
}

/** `silent`: warnings that are none here, and would be elsewhere; errors of the section that is not judged. */
export type Judgement = { file: MigrationFile; problems: readonly Problem[]; silent: readonly Problem[] }

export type Linter = {
  lint: (run: LintedRun) => Judgement[]
  /** What is there once these files were applied, long ago. */
  history: (run: Pick<LintedRun, 'managed' | 'files'>) => Known
  /** What there is in a database, by the names that these files have for it. */
  present: (files: readonly MigrationFile[], ask: AskObjects) => Promise<Known>
}

type AskObjects = (names: readonly RelationName[]) => Promise<FoundObjects>

/** A regular expression has no stack for a literal of megabytes. */
const unlessTooMuch = <T>(read: () => T): T | RangeError => {
  try {
    return read()
  } catch (error) {
    if (error instanceof RangeError) return error
    throw error
  }
}

/**
 * Loads the rules and the parser, late: nothing pending needs neither, and the rules are the largest part of the program.
 * `major`: of the server that will run the files, where one is known.
 */
export const loadLinter = async (major?: number): Promise<Linter> => {
  const { rulebook } = await import('./rulebook.ts')
  const { judge, loadParser, parseFile, rules, unchecked, knownFrom, namesIn } = rulebook
  const parse = await loadParser(major)
  /** Their tables are alike too; the parser keeps memory of each text that it is given. */
  const tables = new Map<string, ReturnType<typeof parse>>()
  const parseTables: typeof parse = (sql, line) => {
    const found = tables.get(sql) ?? parse(sql, line)
    tables.set(sql, found)
    return found
  }
  /** Databases of a fleet have the same files, which are parsed once. */
  const parsed = new WeakMap<Migration, LintedFile>()
  const parseOnce = (migration: Migration): LintedFile => {
    const found = parsed.get(migration) ?? parseFile(migration, parse)
    parsed.set(migration, found)
    return found
  }
  const read = (migration: Migration, managed: ManagedDatabase, known: Known): LintedFile => ({
    ...parseOnce(migration),
    versions: expectVersions(managed),
    known,
  })
  return {
    lint: ({ managed, files, known = new Map(), ...options }) => {
      let before = known
      return files.map((file): Judgement => {
        const { migration, problems } = file
        if (!migration) return { file, problems, silent: [] }
        const judged = unlessTooMuch(() => {
          const linted = read(migration, managed, before)
          before = knownAfter(options.which === 'down' ? turned(linted) : linted)
          return judge(linted, { ...options, rules })
        })
        if (!(judged instanceof RangeError))
          return { file, silent: judged.silent, problems: [...problems, ...judged.problems] }
        const message = `could not be checked: ${judged.message}`
        const unread = { rule: unchecked.id, level: unchecked.level, file: file.file, message }
        return { file, problems: [...problems, unread], silent: [] }
      })
    },
    history: ({ managed, files }) =>
      files.reduce((known: Known, { migration }) => {
        if (!migration) return known
        const later = unlessTooMuch(() => knownOnceApplied(read(migration, managed, known)))
        return later instanceof RangeError ? known : later
      }, new Map()),
    present: async (files, ask) => {
      const trees = files.flatMap(({ migration }) => (migration ? parseOnce(migration) : []))
      return knownFrom(await ask(namesIn(trees.flatMap(({ up, down }) => [...up, ...down]))), parseTables)
    },
  }
}

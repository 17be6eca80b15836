import type { ManagedDatabase, MigrationFile, Problem } from '../model/types.ts'
import { expectVersions } from '../model/versions-table.ts'

/** Everything that is wrong with a file of a database. */
export type Linter = (file: MigrationFile, managed: ManagedDatabase) => Problem[]

/** Loads the rules and the parser, late: nothing pending needs neither, and the rules are the largest part of the program. */
export const loadLinter = async (): Promise<Linter> => {
  const [{ lintMigration }, { loadParser }, { rules }, { unchecked }] = await Promise.all([
    import('./lint.ts'),
    import('./parse.ts'),
    import('./rules.ts'),
    import('./rules/unchecked.ts'),
  ])
  const parse = await loadParser()
  return (file, managed) => {
    try {
      return lintMigration({ ...file, versions: expectVersions(managed) }, parse, rules)
    } catch (error) {
      // A regular expression has no stack for a literal of megabytes.
      if (!(error instanceof RangeError)) throw error
      const message = `could not be checked: ${error.message}`
      return [...file.problems, { rule: unchecked.id, level: unchecked.level, file: file.file, message }]
    }
  }
}

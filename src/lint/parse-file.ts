import { sectionOf } from '../model/migration.ts'
import type { Direction, Migration, VersionsTable } from '../model/types.ts'
import { usualVersions } from '../model/versions-table.ts'
import type { Parse } from './parse.ts'
import type { LintedFile, LintedSection } from './rule.ts'

export const parseFile = (
  migration: Migration,
  parse: Parse,
  versions: VersionsTable = usualVersions,
): LintedFile => {
  const read = (name: Direction): LintedSection => {
    const section = sectionOf(migration, name)
    return { name, ...section, ...parse(section.sql, section.line) }
  }
  const up = read('up')
  const down = read('down')
  return { migration, versions, up: up.statements, down: down.statements, sections: [up, down] }
}

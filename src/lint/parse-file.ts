import { sectionOf } from '../model/migration.ts'
import type { Direction, Migration, VersionsTable } from '../model/types.ts'
import { usualVersions } from '../model/versions-table.ts'
import type { Parse } from './parse.ts'
import type { LintedFile, LintedSection } from './rule.ts'
import { placeNames } from './written-path.ts'

export const parseFile = (
  migration: Migration,
  parse: Parse,
  versions: VersionsTable = usualVersions,
): LintedFile => {
  const read = (name: Direction): LintedSection => {
    const section = sectionOf(migration, name)
    const parsed = parse(section.sql, section.line)
    placeNames(parsed.statements)
    return { name, ...section, ...parsed }
  }
  const up = read('up')
  const down = read('down')
  return { migration, versions, up: up.statements, down: down.statements, sections: [up, down] }
}

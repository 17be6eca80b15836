import { loadParser } from '../../../src/lint/parse.ts'
import { parseFile } from '../../../src/lint/parse-file.ts'
import type { LintedFile, Rule } from '../../../src/lint/rule.ts'
import { parseMigration } from '../../../src/model/migration.ts'

export type Lint = {
  parse: (text: string) => LintedFile
  /** `rule:line` of everything the rules find, in the order of lines. */
  find: (text: string, rules: readonly Rule[]) => string[]
}

/** Parses whole migration files; a file that dbmate or Postgres would not read is a fault of the test. */
export const openLint = async (): Promise<Lint> => {
  const parseSection = await loadParser()
  const parse = (text: string): LintedFile => {
    const { migration, problems } = parseMigration('00001_a.sql', text)
    if (!migration) throw new Error(problems.map(({ message }) => message).join('; '))
    const file = parseFile(migration, parseSection)
    const fault = file.sections.find((section) => section.fault)?.fault
    if (fault) throw new Error(`line ${fault.line}: ${fault.message}`)
    return file
  }
  return {
    parse,
    find: (text, rules) => {
      const file = parse(text)
      return rules
        .flatMap((rule) => rule.find(file).map(({ line }) => ({ line, id: rule.id })))
        .toSorted((one, other) => one.line - other.line || one.id.localeCompare(other.id))
        .map(({ line, id }) => `${id}:${line}`)
    },
  }
}

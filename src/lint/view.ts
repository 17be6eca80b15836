import type { LintedFile } from './rule.ts'

/** Which sections are judged: those that a run executes, or both. */
export type Which = 'up' | 'down' | 'both'

/** The down section as what runs: the rules read it as they read an up section. */
export const turned = (file: LintedFile): LintedFile => {
  const { migration, up, down, sections } = file
  const { transaction, downTransaction } = migration
  return {
    ...file,
    migration: { ...migration, transaction: downTransaction, downTransaction: transaction },
    up: down,
    down: up,
    sections: sections.filter(({ name }) => name === 'down'),
  }
}

/** A file as the rules should see it. */
export const viewOf = (file: LintedFile, which: Which): LintedFile => {
  if (which === 'both') return file
  if (which === 'down') return turned(file)
  return { ...file, sections: file.sections.filter(({ name }) => name === 'up') }
}

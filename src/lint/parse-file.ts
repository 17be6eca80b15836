import type { Migration } from '../model/types.ts'
import type { Parse } from './parse.ts'
import type { LintedFile } from './rule.ts'

/** A migration with both its sections parsed. */
export const parseFile = (migration: Migration, parse: Parse): LintedFile => {
  const { up, upLine, transaction, down, downLine, downTransaction } = migration
  const parsedUp = parse(up, upLine)
  const parsedDown = parse(down, downLine)
  return {
    migration,
    up: parsedUp.statements,
    down: parsedDown.statements,
    sections: [
      { name: 'up', sql: up, line: upLine, transaction, ...parsedUp },
      { name: 'down', sql: down, line: downLine, transaction: downTransaction, ...parsedDown },
    ],
  }
}

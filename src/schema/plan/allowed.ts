import type { Difference } from './compare-schemas.ts'

const kindWords = /^[a-z ]*? (?=\S+$)/
const tableOf =
  /(?:^|\n)(?:ALTER TABLE (?:ONLY )?|CREATE (?:UNIQUE )?INDEX .*? ON (?:ONLY )?|CREATE (?:CONSTRAINT )?TRIGGER .*? ON |CREATE POLICY .*? ON |CREATE RULE .*?\n? *ON \w+ TO |COMMENT ON COLUMN |COMMENT ON TABLE )(\S+)/

const closing = /;$/
const tableWord = /^table /

const withoutKind = (object: string): string => object.replace(kindWords, '')

const parentsOf = ({ object, expected, found }: Difference): string[] => {
  const [, table = ''] = tableOf.exec(`${expected ?? found ?? ''}`) ?? []
  const [, on] = object.split(' on ')
  return [table.replaceAll('"', '').replace(closing, ''), withoutKind(` ${on ?? ''}`).trim()].filter(Boolean)
}

/** Whether somebody named this object, with its kind or without, or the table that it belongs to. */
export const isAllowed = (difference: Difference, allowed: readonly string[]): boolean => {
  const { object } = difference
  const names = new Set([object, withoutKind(object), ...parentsOf(difference)])
  return allowed.some((name) => names.has(name) || names.has(name.replace(tableWord, '')))
}

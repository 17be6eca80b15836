import type { PageTable } from '../document.ts'

/** Wide in East Asian writing, and emoji: two cells. */
const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Extended_Pictographic}/u
/** A little more than the widest common monospaced font has, in pixels at 12 px. */
const cell = 7.3
export const rowHeight = 19
export const headHeight = 28
const padding = 10
/** The marks of keys stand before the names. */
export const indent = 24
const between = 18
const longest = 34
/** Beside a table that points to itself. */
const loop = 30

const textWidth = (text: string): number =>
  [...text].reduce((sum, character) => sum + (wide.test(character) ? 2 : 1), 0) * cell

const shorter: readonly (readonly [RegExp, string])[] = [
  [/^timestamp(\(\d+\))? with time zone/, 'timestamptz$1'],
  [/^timestamp(\(\d+\))? without time zone/, 'timestamp$1'],
  [/^time(\(\d+\))? with time zone/, 'timetz$1'],
  [/^time(\(\d+\))? without time zone/, 'time$1'],
  [/^character varying/, 'varchar'],
  [/^character(?=\(|$)/, 'char'],
  [/^double precision/, 'float8'],
]

/** As people write it, `?` where it may be null. */
export const typeOf = ({ type, nullable }: PageTable['columns'][number]): string => {
  const named = shorter.reduce((text, [long, short]) => text.replace(long, short), type)
  const cut = [...named].length > longest ? `${[...named].slice(0, longest - 1).join('')}…` : named
  return nullable ? `${cut}?` : cut
}

/** The schema is told where it is not the usual one. */
export const titleOf = ({ schema, name }: Pick<PageTable, 'schema' | 'name'>): string =>
  schema === 'public' ? name : `${schema}.${name}`

export const idOf = ({ schema, name }: Pick<PageTable, 'schema' | 'name'>): string =>
  JSON.stringify([schema, name])

/** The target of a foreign key. */
export const targetOf = ({ schema, table }: PageTable['references'][number]): string =>
  idOf({ schema, name: table })

/** The place that a table takes, in pixels: its box, and what a loop needs beside it. */
export const measure = (table: PageTable): { width: number; height: number; box: number } => {
  const rows = table.columns.map(
    (column) => indent + textWidth(column.name) + between + textWidth(typeOf(column)),
  )
  const box = Math.ceil(Math.max(textWidth(titleOf(table)) * 1.08 + padding, ...rows) + padding)
  const loops = table.references.some((reference) => targetOf(reference) === idOf(table))
  return {
    box,
    width: box + (loops ? loop : 0),
    height: headHeight + Math.max(table.columns.length, 0) * rowHeight + 6,
  }
}

import type pg from 'pg'
import { loadParser } from '../../../src/lint/parse.ts'
import { parseMigration } from '../../../src/model/migration.ts'
import { pick, type Random } from '../random.ts'

/** A statement of a store, and what it is about. */
export type Piece = { sql: string; names: ReadonlySet<string>; makes: boolean }

/** Makes one thing that was not there: of two such nobody sees afterwards which came first. */
const making = /^\s*(?:create\s+(?!or\s+replace)|comment\s+on\s)/i
const named =
  /\b(?:table|function|view|type|index|trigger|policy|on|into|update|from|references|join|exists|only)\s+([a-z_][a-z0-9_]*)/gi

/** The statements of a store's files, in the order of the store. */
export const piecesOf = async (files: readonly { file: string; text: string }[]): Promise<Piece[]> => {
  const parse = await loadParser()
  return files.flatMap(({ file, text }) => {
    const { migration } = parseMigration(file, text)
    if (!migration) throw new Error(`${file} cannot be read`)
    return parse(migration.up, 1).statements.map(({ text: sql }) => ({
      sql,
      names: new Set([...sql.matchAll(named)].map(([, name = '']) => name.toLowerCase())),
      makes: making.test(sql),
    }))
  })
}

/** What changes, fills or drops something keeps its place among all that is about the same. */
const mustPrecede = (one: Piece, other: Piece): boolean =>
  !(one.makes && other.makes) && !one.names.isDisjointFrom(other.names)

/** Runs all of them in a random order: one whose foundations are not there yet is tried again later. Answers the order. */
export const buildShuffled = async (
  client: pg.Client,
  pieces: readonly Piece[],
  random: Random,
): Promise<number[]> => {
  const left = new Set(pieces.keys())
  const order: number[] = []
  let waiting = new Set<number>()
  await client.query('begin')
  while (left.size > 0) {
    const ready = [...left].filter(
      (at) =>
        !waiting.has(at) &&
        ![...left].some((before) => before < at && mustPrecede(pieces[before]!, pieces[at]!)),
    )
    if (ready.length === 0) throw new Error(`stuck before: ${pieces[[...left][0]!]?.sql}`)
    const at = pick(random, ready)
    await client.query('savepoint piece')
    try {
      await client.query(pieces[at]!.sql)
      left.delete(at)
      order.push(at)
      waiting = new Set()
    } catch {
      await client.query('rollback to savepoint piece')
      waiting.add(at)
    }
  }
  await client.query('commit')
  return order
}
